"""The command line as people run it: as a process of its own, against the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli.standin import StandIn

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def standin() -> Iterator[StandIn]:
    server = StandIn()
    stop = server.start()
    yield server
    stop()
    assert server.failures == []


@pytest.fixture
def environment(standin: StandIn, tmp_path: Path) -> dict[str, str]:
    """Nothing of the machine's own environment that could change what a command does."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {
        "HOME": str(tmp_path), "LANG": "C.UTF-8", "CCPLANT_URL": standin.url, "CCPLANT_TOKEN": "ccp_test", "TZ": "UTC",
    }  # fmt: skip


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run `ccplant` with arguments, to its end."""

    def ccplant(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ccplant_cli", *arguments], input=stdin, capture_output=True, text=True,
            env=environment | more, timeout=40, check=False,
        )  # fmt: skip

    return ccplant
