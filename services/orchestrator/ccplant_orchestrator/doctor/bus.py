"""NATS: whether it answers, lets this service in, keeps streams, and can be reached by sessions that are elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from nats.errors import Error as NatsError

from ccplant_orchestrator.doctor.finding import Finding, ok, warning, wrong
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_platform.bus.connection import BusUnreachableError, connect, jetstream, shown
from ccplant_platform.bus.credentials import LaunchIssuer
from ccplant_platform.bus.server import MAX_PAYLOAD_BYTES
from ccplant_platform.settings import BusSettings, SettingsError

NAME = "nats"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})


async def check(
    settings: BusSettings, orchestrator: OrchestratorSettings, *, seconds: float
) -> AsyncIterator[Finding]:
    """Look at the bus."""
    url = shown(settings.nats_url)
    try:
        client = await connect(settings, name="orchestrator", timeout=seconds)
    except BusUnreachableError as error:
        yield wrong(NAME, "nats_unreachable", url=url, error=error)
        return
    except SettingsError as error:
        yield wrong(NAME, "nats_settings", error=error)
        return
    try:
        try:
            await jetstream(client, timeout=seconds).account_info()
        except (NatsError, TimeoutError) as error:
            yield wrong(NAME, "nats_no_jetstream", url=url, error=str(error) or type(error).__name__)
            return
        if client.max_payload < MAX_PAYLOAD_BYTES:
            yield wrong(NAME, "nats_payload", url=url, found=client.max_payload, needed=MAX_PAYLOAD_BYTES)
            return
        version = client.connected_server_version
        yield ok(NAME, "nats_ok", url=url, version=f"{version.major}.{version.minor}.{version.patch}")
    finally:
        await client.close()
    try:
        LaunchIssuer.from_settings(settings)
    except SettingsError as error:
        yield wrong(NAME, "nats_signing", error=error)
    finding = reachable_by_sessions(settings, orchestrator)
    if finding is not None:
        yield finding


def reachable_by_sessions(settings: BusSettings, orchestrator: OrchestratorSettings) -> Finding | None:
    """Judge the address that sessions in Pods are given: nobody else's loopback is ours."""
    if orchestrator.runtime != "kubernetes":
        return None
    url = orchestrator.runner_nats_url or settings.nats_url
    hosts = {urlsplit(one.strip()).hostname for one in url.split(",")}
    if hosts & _LOOPBACK:
        return wrong(NAME, "nats_loopback", url=shown(url))
    if not all(host and "." in host for host in hosts):
        # a short name means another Service, or none, in the namespace of the sessions
        return warning(NAME, "nats_short_name", url=shown(url))
    return None
