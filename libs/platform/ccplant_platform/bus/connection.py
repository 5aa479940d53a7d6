"""One connection to the bus that tries for ever once it was there, and fails clearly when it never was.

The client library's own defaults are dangerous here: with a limit of attempts its pull loops spin once the limit is
reached, and without one its first connect never returns when nobody is there or the credential is refused. So
attempts are unlimited and the first connect is bounded by us, with an error that names the address but no credential.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.client import (
    Identity,
    SteadyClient,
    client_options,
    flush,
    is_refusal,
    shown,
)
from ccplant_platform.ending import ended
from ccplant_platform.settings import BusSettings

__all__ = [
    "BusUnreachableError",
    "Identity",
    "SteadyClient",
    "access_source",
    "client_options",
    "connect",
    "flush",
    "jetstream",
    "shown",
]

_log = structlog.get_logger(__name__)

Callback = Callable[[], Awaitable[None]]


class BusUnreachableError(Exception):
    """Nobody answers at the address, or the credential is refused."""


def access_source(
    settings: BusSettings | BusAccess, name: str, inbox_prefix: str | None
) -> Callable[[], BusAccess]:
    """Return what gives the access now: a fixed one, or the one in the settings' file."""
    if isinstance(settings, BusAccess):
        fixed = (
            settings if inbox_prefix is None else settings.model_copy(update={"inbox_prefix": inbox_prefix})
        )
        return lambda: fixed
    change = {} if inbox_prefix is None else {"inbox_prefix": inbox_prefix}
    return lambda: settings.access(name).model_copy(update=change)


async def connect(
    settings: BusSettings | BusAccess,
    *,
    name: str,
    inbox_prefix: str | None = None,
    on_reconnect: Callback | None = None,
    on_disconnect: Callback | None = None,
    on_closed: Callback | None = None,
    timeout: float | None = None,
) -> SteadyClient:
    """Connect, as a service (settings) or as a launch (access).

    `on_closed` is called when the client gave up for good (a credential that ended): it never comes back by itself.

    Raises:
        BusUnreachableError: nobody answered within the timeout, or the credential was refused.
        SettingsError: the credentials file cannot be read.
    """
    source = access_source(settings, name, inbox_prefix)
    access = source()
    limit = timeout if timeout is not None else getattr(settings, "nats_connect_timeout_seconds", 10.0)
    client = SteadyClient()
    watch = _Watch(client, name, shown(access.url), on_reconnect, on_disconnect, on_closed)
    identity = Identity(source)
    attempt = asyncio.ensure_future(
        client.connect(
            **client_options(access, name),
            user=access.user,
            password=access.password,
            user_jwt_cb=identity.jwt if access.jwt else None,
            signature_cb=identity.sign if access.jwt else None,
            error_cb=watch.error,
            reconnected_cb=watch.reconnected,
            disconnected_cb=watch.disconnected,
            closed_cb=watch.closed,
        )
    )
    await _first(client, attempt, watch, limit)
    return client


def jetstream(client: Client, *, timeout: float = 5.0) -> JetStreamContext:
    """Return the JetStream calls of a connection, each bounded by the timeout."""
    return client.jetstream(timeout=timeout)


@dataclass
class _Watch:
    """The callbacks of one connection: they log, and remember why the first connect does not come about."""

    client: Client
    name: str
    url: str
    on_reconnect: Callback | None
    on_disconnect: Callback | None
    on_closed: Callback | None
    last: Exception | None = None
    established: bool = False

    def __post_init__(self) -> None:
        self.refused = asyncio.Event()

    async def error(self, error: Exception) -> None:
        self.last = error
        _log.warning(
            "bus_error", connection=self.name, url=self.url, error=str(error) or type(error).__name__
        )
        if is_refusal(error):
            self.refused.set()

    async def disconnected(self) -> None:
        if self.established and not self.client.is_closed:
            _log.warning("bus_disconnected", connection=self.name, url=self.url)
            await _call(self.on_disconnect)

    async def reconnected(self) -> None:
        _log.info("bus_reconnected", connection=self.name, url=self.url)
        await _call(self.on_reconnect)

    async def closed(self) -> None:
        if self.established:
            _log.info("bus_closed", connection=self.name, url=self.url)
            await _call(self.on_closed)


async def _call(callback: Callback | None) -> None:
    if callback is not None:
        await callback()


async def _first(client: Client, attempt: asyncio.Future[None], watch: _Watch, limit: float) -> None:
    """Wait for the first connect, its refusal, or the limit, whichever is first."""
    refusal = asyncio.ensure_future(watch.refused.wait())
    try:
        await asyncio.wait((attempt, refusal), timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if attempt.done():
            await attempt
            watch.established = True
            return
        why = "refused the credential" if refusal.done() else f"did not answer within {limit:g} s"
        detail = f" ({str(watch.last) or type(watch.last).__name__})" if watch.last else ""
        raise BusUnreachableError(f"the bus at {watch.url} {why}{detail}")
    except (NatsError, OSError) as error:
        raise BusUnreachableError(f"the bus at {watch.url} cannot be used: {error}") from error
    finally:
        refusal.cancel()
        if not watch.established:
            await ended([attempt])
            await client.close()
