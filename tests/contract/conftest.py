"""The places that the shared tests of runtimes run at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.local_place import LocalPlace
from tests.contract.runtime_place import Place


@pytest.fixture(params=["local"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A place of each kind, empty at first, and empty again behind the test."""
    assert request.param == "local"
    made = LocalPlace(tmp_path / "data")
    yield made
    await made.close()
