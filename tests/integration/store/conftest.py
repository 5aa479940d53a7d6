"""An empty store; its indexes are made once per test process, because that takes longer than most tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ccplant_platform.settings import MongoSettings
from ccplant_store import Store
from ccplant_store.indexes import INDEXES
from tests.support.clock import FakeClock
from tests.support.servers import MongoServer

_MADE: dict[int, MongoSettings] = {}


@pytest.fixture
async def store(mongod: MongoServer, clock: FakeClock) -> AsyncIterator[Store]:
    """An empty store with all its indexes, and a clock that the test moves."""
    known = _MADE.get(mongod.port)
    settings = known or mongod.fresh_settings()
    connected = await Store.connect(settings.url(), database=settings.mongodb_database, clock=clock)
    if known is None:
        await connected.ensure_indexes()
        _MADE[mongod.port] = settings
    else:
        await asyncio.gather(*(connected.database.collection(name).delete_many({}) for name in INDEXES))
    yield connected
    connected.close()


@pytest.fixture
async def replicas(store: Store, mongod: MongoServer, clock: FakeClock) -> AsyncIterator[tuple[Store, ...]]:
    """The same store as five processes see it: they share the database and nothing else."""
    settings = _MADE[mongod.port]
    others = [
        await Store.connect(settings.url(), database=settings.mongodb_database, clock=clock) for _ in range(4)
    ]
    yield (store, *others)
    for other in others:
        other.close()
