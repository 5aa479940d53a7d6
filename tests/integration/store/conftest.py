"""An empty store, seen by one process or by several."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ccplant_platform.settings import MongoSettings
from ccplant_store import Store
from tests.support.clock import FakeClock


@pytest.fixture
async def store(mongo_settings: MongoSettings, clock: FakeClock) -> AsyncIterator[Store]:
    """An empty store with all its indexes, and a clock that the test moves."""
    connected = await Store.connect(
        mongo_settings.url(), database=mongo_settings.mongodb_database, clock=clock
    )
    await connected.ensure_indexes()
    yield connected
    connected.close()


@pytest.fixture
async def replicas(
    store: Store, mongo_settings: MongoSettings, clock: FakeClock
) -> AsyncIterator[tuple[Store, ...]]:
    """The same store as five processes see it: they share the database and nothing else."""
    others = [
        await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database, clock=clock)
        for _ in range(4)
    ]
    yield (store, *others)
    for other in others:
        other.close()
