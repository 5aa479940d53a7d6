"""The servers that the other tests stand on do what these tests claim of them."""

from __future__ import annotations

import asyncio

import pytest
from pymongo import MongoClient

from ccplant_platform.bus.connection import BusUnreachableError, flush, jetstream
from ccplant_platform.bus.topology import ensure_topology, missing
from ccplant_platform.settings import MongoSettings
from tests.support.servers import Connect, MongoServer, NatsServer


async def test_credentials_outlive_the_servers_storage(connect_bus: Connect, nats_server: NatsServer) -> None:
    access = nats_server.access("orchestrator")
    before = await connect_bus(access, name="before")
    await ensure_topology(jetstream(before))

    nats_server.wipe()

    after = await connect_bus(access, name="after")
    assert len(await missing(jetstream(after))) == 6


async def test_streams_survive_a_kill(connect_bus: Connect, nats_server: NatsServer) -> None:
    back = asyncio.Event()

    async def reconnected() -> None:
        back.set()

    client = await connect_bus(
        nats_server.settings("orchestrator"), name="orchestrator", on_reconnect=reconnected
    )
    await ensure_topology(jetstream(client))
    nats_server.restart()
    await asyncio.wait_for(back.wait(), 10)
    assert await missing(jetstream(client)) == []


async def test_a_frozen_server_answers_nobody_until_it_thaws(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="one")
    nats_server.freeze()
    with pytest.raises(TimeoutError):
        await flush(client, timeout=0.3)
    with pytest.raises(BusUnreachableError):
        await connect_bus(nats_server.access(), name="two", timeout=0.5)
    nats_server.thaw()
    await flush(client)


def test_a_test_begins_without_streams(nats_server: NatsServer) -> None:
    assert not any(nats_server.store_dir.glob("jetstream/*/streams/*"))


def test_mongod_has_transactions_and_survives_a_kill(
    mongod: MongoServer, mongo_settings: MongoSettings
) -> None:
    def insert(key: str) -> None:
        with MongoClient[dict[str, str]](mongo_settings.url()) as client, client.start_session() as session:
            things = client[mongo_settings.mongodb_database]["things"]
            with session.start_transaction():
                things.insert_one({"_id": key}, session=session)

    insert("before")
    mongod.restart()
    insert("after")
    with MongoClient[dict[str, str]](mongo_settings.url()) as client:
        found = client[mongo_settings.mongodb_database]["things"].find()
        assert [thing["_id"] for thing in found] == ["before", "after"]
