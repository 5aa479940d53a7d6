"""The file of a living service is young, and of one whose event loop hangs it is not."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from ccplant_platform import alive
from tests.support.waiting import eventually


async def test_a_running_loop_keeps_the_file_young(tmp_path: Path) -> None:
    path = tmp_path / "alive"
    task = asyncio.create_task(alive.show_alive(path, every=0.01))
    await eventually(path.exists)
    os.utime(path, (1, 1))

    await eventually(lambda: alive.is_alive(path))

    task.cancel()


async def test_a_place_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "not there yet" / "alive"
    task = asyncio.create_task(alive.show_alive(path, every=0.01))
    await asyncio.sleep(0.05)
    path.parent.mkdir()

    await eventually(path.exists)

    task.cancel()


def test_an_old_file_and_none_are_not_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alive"
    monkeypatch.setenv("CCPLANT_ALIVE_FILE", str(path))
    assert alive.main() == 1

    path.touch()
    assert alive.main() == 0

    old = time.time() - alive.OLD_AFTER_SECONDS - 1
    os.utime(path, (old, old))
    assert alive.main() == 1


def test_nothing_is_said_of_a_service_that_was_not_told_to_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCPLANT_ALIVE_FILE", raising=False)
    assert alive.main() == 2
