"""`ccplant up` as a process, and a way to see what is left of it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.support.programs import free_port

SCRIPT = Path(__file__).with_name("up_with_stand_ins.py")


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@dataclass
class Up:
    """One run."""

    process: subprocess.Popen[str]
    data_dir: Path
    port: int
    mark: str
    connection: dict[str, object] = field(default_factory=dict)

    def await_ready(self) -> None:
        assert self.process.stdout is not None
        readable = select.select([self.process.stdout], [], [], 40)[0]
        line = self.process.stdout.readline() if readable else ""
        assert line, self.errors()
        self.connection = json.loads(line)

    def errors(self) -> str:
        return (self.data_dir.parent / f"{self.mark}.err").read_text()

    def child(self, name: str) -> int:
        """Pid of a child; 0 while there is none."""
        try:
            found: int = json.loads((self.data_dir / "run" / f"{name}.json").read_text())["pid"]
        except FileNotFoundError:
            return 0
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=40)

    def left(self) -> list[str]:
        """Command lines of all that came from this run and still lives."""
        found = []
        for process in marked(self.mark):
            with suppress(psutil.Error):  # it has ended meanwhile
                found.append(" ".join(process.cmdline()))
        return found


def marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get("UP_TEST_MARK") == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


@contextmanager
def starter(place: Path) -> Iterator[Callable[..., Up]]:
    """Give a function that starts `ccplant up` with stand-ins for the services, and end all that it started."""
    started: list[Up] = []

    def start(*, ready: bool = True, port: int | None = None, data: str = "data", **environment: str) -> Up:
        mark = uuid.uuid4().hex
        chosen = port or free_port()
        data_dir = place / data
        with (place / f"{mark}.err").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(data_dir), str(chosen)],
                env={
                    **os.environ,
                    "LANG": "C",
                    "LC_ALL": "",
                    "UP_TEST_MARK": mark,
                    "WEBHOOK_PORT": str(free_port()),
                    **environment,
                },
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        run = Up(process, data_dir, chosen, mark)
        started.append(run)
        if ready:
            run.await_ready()
        return run

    try:
        yield start
    finally:
        for run in started:
            for process in marked(run.mark):
                process.kill()
            run.process.wait(timeout=30)
            if run.process.stdout is not None:
                run.process.stdout.close()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start instances on a data directory of the test's own."""
    with starter(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Share one instance among the tests that leave it running."""
    with starter(tmp_path_factory.mktemp("running")) as start:
        yield start(ANTHROPIC_API_KEY="sk-ant-of-the-user")
