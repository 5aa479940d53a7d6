"""Fixtures that every suite shares: real servers, one of each per test process, and a clock that tests move.

`nats_server` and `mongod` are running and clean at the start of each test. Where a program is neither installed nor
available as an image, the test is skipped with the reason.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.connection import SteadyClient, connect
from ccplant_platform.settings import BusSettings, MongoSettings
from tests.support.clock import FakeClock
from tests.support.programs import NotAvailableError
from tests.support.servers import Connect, MongoServer, NatsServer

S = TypeVar("S", NatsServer, MongoServer)


def pytest_configure() -> None:
    """Show logged failures briefly, not with every variable of every frame."""
    console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, console],
        cache_logger_on_first_use=False,
    )


@pytest.fixture(autouse=True)
def _events_are_as_documented(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No service records a lifecycle event whose data is not what subscribers are promised.

    Tests of the store alone make up their own.
    """
    suite = request.node.path.parent.name
    if (
        suite in ("api", "ingest", "orchestrator", "scheduler")
        and "ccplant_store.events.recorder" in sys.modules
    ):
        from tests.support.event_check import checked_document

        monkeypatch.setattr("ccplant_store.events.recorder.EventDoc", checked_document)


@pytest.fixture(scope="session")
def _nats_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = _available(NatsServer, tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def nats_server(_nats_process: NatsServer) -> NatsServer:
    """A bus server without streams; a test may restart, wipe and freeze it."""
    _nats_process.reset()
    return _nats_process


@pytest.fixture
async def connect_bus() -> AsyncIterator[Connect]:
    """`connect` whose clients are closed behind the test, also when it fails half-way."""
    clients: list[SteadyClient] = []

    async def make(settings: BusSettings | BusAccess, name: str = "test", **options: Any) -> SteadyClient:
        client = await connect(settings, name=name, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


@pytest.fixture(scope="session")
def _mongod_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    server = _available(MongoServer, tmp_path_factory.mktemp("mongod"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def mongod(_mongod_process: MongoServer) -> MongoServer:
    """A replica set of one node; a test may restart and freeze it."""
    _mongod_process.reset()
    return _mongod_process


@pytest.fixture
def mongo_settings(mongod: MongoServer) -> MongoSettings:
    """Settings with an empty database; the tests of a process use the same one after each other."""
    return mongod.emptied_settings()


@pytest.fixture
def new_database(mongod: MongoServer) -> Iterator[MongoSettings]:
    """Settings with a database of this test's own that was never there, removed behind it."""
    settings = mongod.fresh_settings()
    yield settings
    mongod.reset()
    mongod.drop(settings.mongodb_database)


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still until the test moves it."""
    return FakeClock()


def _available(kind: type[S], folder: Path) -> S:
    try:
        return kind(folder)
    except NotAvailableError as reason:
        pytest.skip(str(reason))
