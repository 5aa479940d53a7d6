"""The connection: clear about why it does not come about, stubborn once it did."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from nats.errors import FlushTimeoutError

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.connection import BusUnreachableError, flush, jetstream
from ccplant_platform.bus.credentials import LaunchIssuer, Operator
from ccplant_platform.bus.rights import ORCHESTRATOR
from ccplant_platform.health import bus_probe, check
from ccplant_platform.private_files import write_private
from tests.support.programs import free_port
from tests.support.servers import Connect, NatsServer
from tests.support.waiting import eventually


class Calls:
    """Counts the callbacks of a connection."""

    def __init__(self) -> None:
        self.lost = self.back = self.closed = 0

    async def on_disconnect(self) -> None:
        self.lost += 1

    async def on_reconnect(self) -> None:
        self.back += 1

    async def on_closed(self) -> None:
        self.closed += 1


async def test_a_bus_that_is_not_there_is_named_without_its_credential(
    connect_bus: Connect,
) -> None:
    port = free_port()
    access = BusAccess(url=f"nats://alice:secret@127.0.0.1:{port}", inbox_prefix="_INBOX_x")
    with pytest.raises(BusUnreachableError, match=rf"nats://127\.0\.0\.1:{port} did not answer") as told:
        await connect_bus(access, name="x", timeout=0.3)
    assert "secret" not in str(told.value)


async def test_a_refused_credential_is_said_at_once_and_not_tried_for_ever(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    stranger = Operator.create().issue_launch("l1", url=nats_server.url)
    with pytest.raises(BusUnreachableError, match="refused the credential"):
        await connect_bus(stranger, name="x", timeout=30)


async def test_a_client_comes_back_with_its_subscriptions_however_long_the_bus_was_away(
    connect_bus: Connect,
    nats_server: NatsServer,
) -> None:
    calls = Calls()
    client = await connect_bus(
        nats_server.access(), name="x", on_disconnect=calls.on_disconnect, on_reconnect=calls.on_reconnect
    )
    heard = await client.subscribe("ccplant.watch.x.hint")
    await flush(client)
    nats_server.kill()
    await eventually(lambda: calls.lost == 1)
    nats_server.start()
    await eventually(lambda: calls.back == 1)
    await client.publish("ccplant.watch.x.hint", b"again")
    assert (await heard.next_msg(timeout=20)).data == b"again"
    await client.close()
    assert calls.lost == 1, "an orderly close is no loss"


async def test_a_late_answer_to_a_flush_does_not_deafen_the_connection(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="x")
    nats_server.freeze()
    for _ in range(2):
        with pytest.raises(FlushTimeoutError):
            await client.flush(timeout=0.1)
    nats_server.thaw()
    await client.flush(timeout=20)
    heard = await client.subscribe("ccplant.watch.x.hint")
    await client.publish("ccplant.watch.x.hint", b"heard")
    assert (await heard.next_msg(timeout=20)).data == b"heard"


async def test_a_credential_that_was_rotated_counts_from_the_next_connect_on(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    calls = Calls()
    settings = nats_server.settings("orchestrator")
    file = settings.nats_credentials_file
    assert file is not None
    client = await connect_bus(settings, name="orchestrator", on_reconnect=calls.on_reconnect)
    nats_server.kill()
    nats_server.operator = Operator.create()
    fresh = nats_server.access("orchestrator")
    write_private(file, fresh.model_dump_json(include={"jwt", "seed"}))
    nats_server.start()
    await eventually(lambda: calls.back == 1)
    await flush(client)


async def test_the_inbox_is_the_users_whatever_the_connection_is_called(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.settings("orchestrator"), name="another-name")
    assert (await jetstream(client).account_info()).streams == 0


async def test_an_ended_credential_closes_for_good_and_says_so(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    calls = Calls()
    settings = nats_server.settings("orchestrator")
    access = LaunchIssuer.from_settings(settings, lifetime=timedelta(seconds=2)).work("l1")
    client = await connect_bus(access, name="x", on_closed=calls.on_closed)
    await flush(client)
    await eventually(lambda: calls.closed == 1, timeout=10)
    assert client.is_closed


async def test_a_service_user_has_an_end_only_when_it_is_given_one(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    access = nats_server.operator.issue_user("orchestrator", ORCHESTRATOR, url=nats_server.url)
    client = await connect_bus(access, name="x")
    assert (await jetstream(client).account_info()).limits.max_streams == -1


async def test_a_frozen_bus_is_down_and_not_a_hanging_answer(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="x")
    assert (await check({"nats": bus_probe(client)}))["nats"].status == "ok"
    nats_server.freeze()
    async with asyncio.timeout(20):
        assert (await check({"nats": bus_probe(client)}, timeout=0.2))["nats"].status == "down"
    nats_server.thaw()
    assert (await check({"nats": bus_probe(client)}))["nats"].status == "ok"
