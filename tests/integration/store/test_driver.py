"""The connection says what is wrong with it, and a transaction ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

from ccplant_platform.settings import MongoSettings
from ccplant_store import Store
from ccplant_store.driver import TRANSACTION_TRIES, Database, Transaction
from ccplant_store.errors import (
    DuplicateKeyError,
    StoreMisconfiguredError,
    StoreUnavailableError,
    TransactionContentionError,
)
from tests.support.documents import pending_session, session_document
from tests.support.programs import free_port, program
from tests.support.servers import MongoServer
from tests.support.waiting import wait_until


@pytest.fixture
def standalone(tmp_path: Path, mongod: MongoServer) -> Iterator[int]:
    """A mongod that is no replica set."""
    port = free_port()
    (tmp_path / "db").mkdir()
    arguments = (
        "--port", str(port), "--bind_ip", "127.0.0.1", "--dbpath", str(tmp_path / "db"), "--nounixsocket", "--quiet",
        "--wiredTigerCacheSizeGB", "0.25",
    )  # fmt: skip
    server = program("mongod", "mongo:8", arguments, tmp_path)
    server.start()
    wait_until(lambda: _listens(port), 30, "a standalone mongod")
    yield port
    server.kill()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_a_standalone_server_is_refused_in_one_clear_sentence(standalone: int) -> None:
    with pytest.raises(StoreMisconfiguredError, match=r"standalone server; ccplant needs a replica set"):
        await Store.connect(f"mongodb://127.0.0.1:{standalone}/")


async def test_nobody_there_is_said_in_time_without_the_password() -> None:
    port = free_port()
    with pytest.raises(StoreUnavailableError) as caught:
        await Store.connect(f"mongodb://user:secret@127.0.0.1:{port}/?replicaSet=rs0&directConnection=true")
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(StoreMisconfiguredError):
        await Store.connect("http://127.0.0.1/")


async def test_a_server_that_died_is_unavailable_and_is_used_again_when_it_is_back(
    mongod: MongoServer, mongo_settings: MongoSettings
) -> None:
    store = await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database)
    session = await pending_session(store)
    mongod.kill()
    with pytest.raises(StoreUnavailableError):
        await store.ping()
    with pytest.raises(StoreUnavailableError):
        await store.sessions.create(session_document())
    mongod.start()
    assert await store.sessions.get(session.id) == session  # it was acknowledged, so it is there
    assert await store.sessions.rename(session, "x") is not None
    store.close()


async def test_a_server_that_hangs_is_unavailable_in_bounded_time(
    mongod: MongoServer, mongo_settings: MongoSettings
) -> None:
    store = await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database)
    await store.ping()
    mongod.freeze()
    try:
        with pytest.raises(StoreUnavailableError):
            await asyncio.wait_for(store.sessions.get("session-x-0123456789"), 30)
    finally:
        mongod.thaw()
    store.close()


async def test_a_transaction_that_always_loses_gives_up_with_a_clear_error(store: Store) -> None:
    session = await pending_session(store)
    sessions = store.database.collection("sessions")
    tries = 0

    async def lose(run: Transaction) -> None:
        nonlocal tries
        tries += 1
        await sessions.find_one({"_id": session.id}, transaction=run)
        await sessions.update_one({"_id": session.id}, {"$inc": {"event_seq": 1}})  # outside: somebody else
        await sessions.update_one({"_id": session.id}, {"$inc": {"event_seq": 1}}, transaction=run)

    with pytest.raises(TransactionContentionError):
        await store.transaction(lose)
    assert tries == TRANSACTION_TRIES


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    session = session_document()

    async def fail(run: Transaction) -> None:
        await store.database.collection("sessions").insert_one(session.encode(), transaction=run)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.transaction(fail)
    assert await store.sessions.get(session.id) is None


async def test_a_cancelled_transaction_leaves_nothing_and_holds_nobody_up(store: Store) -> None:
    session = await pending_session(store)
    sessions = store.database.collection("sessions")
    reached = asyncio.Event()

    async def hang(run: Transaction) -> None:
        await sessions.update_one({"_id": session.id}, {"$set": {"name": "half"}}, transaction=run)
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(store.transaction(hang))
    await asyncio.wait_for(reached.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    renamed = await asyncio.wait_for(store.sessions.rename(session, "whole"), 10)
    assert renamed is not None


async def test_every_service_may_make_the_indexes_at_once(new_database: MongoSettings) -> None:
    stores = [
        Store(await Database.connect(new_database.url(), new_database.mongodb_database)) for _ in range(3)
    ]
    await asyncio.gather(*(store.ensure_indexes() for store in stores))
    session = await pending_session(stores[0])
    with pytest.raises(DuplicateKeyError):
        await stores[1].sessions.create(session)
    for store in stores:
        store.close()


@pytest.mark.parametrize(
    "said",
    [
        ConfigurationError("Sessions are not supported by this MongoDB deployment"),
        OperationFailure("No keys found for HMAC", code=211),
    ],
    ids=["no member of its set yet", "no key to sign its time yet"],
)
async def test_a_database_that_comes_back_is_one_that_is_away_and_not_one_that_refuses(
    store: Store, monkeypatch: pytest.MonkeyPatch, said: PyMongoError
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise said

    async def write(_: Transaction) -> None:
        return None

    monkeypatch.setattr(AsyncIOMotorClient, "start_session", refused)
    with pytest.raises(StoreUnavailableError):
        await store.database.transaction(write)
