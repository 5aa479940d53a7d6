"""A store on a database of its own."""

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
