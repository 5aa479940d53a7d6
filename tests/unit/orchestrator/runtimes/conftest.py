"""A local place per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.local_place import LocalPlace


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[LocalPlace]:
    """An empty data folder, and nothing left behind the test."""
    made = LocalPlace(tmp_path / "data")
    yield made
    await made.close()
