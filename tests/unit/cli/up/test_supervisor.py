"""Waiting for a child can be called off at any moment."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from ccplant_cli.up.data_dir import DataDir
from ccplant_cli.up.supervisor import ChildSpec, Supervisor
from tests.support.waiting import eventually


async def test_a_wait_called_off_while_its_look_fails_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: asyncio.Task[None] | None = None

    async def fails_as_it_is_called_off(_probe: object) -> NoReturn:
        await asyncio.sleep(0)
        assert waiting is not None
        asyncio.get_running_loop().call_soon(waiting.cancel)
        raise ConnectionError("nobody is there")

    monkeypatch.setattr(asyncio, "to_thread", fails_as_it_is_called_off)
    data = DataDir(tmp_path)
    data.create()
    spec = ChildSpec("child", [sys.executable], {}, tmp_path)
    answers = Supervisor(data, lambda *_: None).answers(spec, lambda: None, 60)
    waiting = asyncio.create_task(answers)
    await eventually(waiting.cancelled)
