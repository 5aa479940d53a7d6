"""A database of each test's own with its indexes, and an ingester on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ccplant_contracts import subjects
from ccplant_platform.bus.connection import connect
from ccplant_platform.settings import BusSettings, MongoSettings
from ccplant_store import Store
from tests.support.ingest import IngestProcess, Sender, ingester, sender_to
from tests.support.servers import NatsServer


@pytest.fixture
async def database(mongo_settings: MongoSettings) -> MongoSettings:
    """An empty database with its indexes."""
    store = await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database)
    try:
        await store.ensure_indexes()
    finally:
        store.close()
    return mongo_settings


@pytest.fixture
async def store(database: MongoSettings) -> AsyncIterator[Store]:
    """The store as the test sees it."""
    connected = await Store.connect(database.url(), database=database.mongodb_database)
    yield connected
    connected.close()


@pytest.fixture
def bus(nats_server: NatsServer) -> BusSettings:
    """A bus that is there, with no more rights than an ingester has."""
    return nats_server.settings("webhook-ingest")


@pytest.fixture
def gateway_bus(nats_server: NatsServer) -> BusSettings:
    """The same as the gateway may use it."""
    return nats_server.settings("api")


@dataclass
class Stage:
    """What a test acts on."""

    store: Store
    mongo: MongoSettings
    bus: BusSettings
    gateway_bus: BusSettings
    folder: Path
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def ingester(self, **settings: Any) -> Sender:
        """Start an ingester; gives a sender to it."""
        return await self.sender(
            await self.exits.enter_async_context(ingester(self.mongo, self.bus, self.folder, **settings))
        )

    async def hint(self) -> None:
        """Say on the bus that a delivery waits, as the gateway does after a replay."""
        client = await connect(self.gateway_bus, name="test")
        try:
            await client.publish(subjects.WAKE_DELIVERIES)
            await client.flush()
        finally:
            await client.close()

    async def sender(self, url: str) -> Sender:
        """Return a sender."""
        return await self.exits.enter_async_context(sender_to(url))


@pytest.fixture
async def stage(
    store: Store, database: MongoSettings, bus: BusSettings, gateway_bus: BusSettings, tmp_path: Path
) -> AsyncIterator[Stage]:
    """A place to start ingesters in; all are stopped behind the test."""
    made = Stage(store, database, bus, gateway_bus, tmp_path)
    async with made.exits:
        yield made


@pytest.fixture
def process(
    database: MongoSettings, bus: BusSettings, tmp_path: Path
) -> Iterator[Callable[[], IngestProcess]]:
    """Makes ingesters that are processes of their own; all are killed behind the test."""
    made: list[IngestProcess] = []

    def make() -> IngestProcess:
        folder = tmp_path / f"ingest-{len(made)}"
        folder.mkdir()
        made.append(IngestProcess(folder, database, bus))
        return made[-1]

    yield make
    for one in made:
        one.kill()
