"""The command line as people run it, against the stand-in: as a process of its own, or within this one, which is faster."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccplant_cli.main import app
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


@pytest.fixture
def here(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run `ccplant` with arguments within this process: all but its start and the language of its help."""

    def ccplant(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            for name in set(os.environ) - set(environment) - set(more):
                patch.delenv(name)
            for name, value in (environment | more).items():
                patch.setenv(name, value)
            time.tzset()
            result = CliRunner().invoke(app, arguments, input=stdin, prog_name="ccplant")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)

    yield ccplant
    time.tzset()
