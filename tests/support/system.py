"""The whole system as its users run it: the real `ccplant up`, with a hand on each of its processes.

Every kill is written into `journal`, which a failing test prints: a run that cannot be retold cannot be mended.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from tests.support.absences import Absences
from tests.support.live_processes import Known, alive, descendants, known, naming
from tests.support.programs import free_port
from tests.support.waiting import wait_until

Part = Literal["api", "orchestrator", "webhook-ingest", "scheduler", "nats", "mongod"]
Member = Literal["supervisor", "runner", "agent"]

_START_SECONDS = 90.0
_END_SECONDS = 60.0
_GONE_SECONDS = 20.0


@dataclass
class System:
    """One data directory, and `ccplant up` on it."""

    data_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    """Further options of `ccplant up`."""
    nats_host: str = "127.0.0.1"
    """Where NATS listens."""
    port: int = field(default_factory=free_port)
    webhook_port: int = field(default_factory=free_port)
    journal: list[str] = field(default_factory=list)
    connection: dict[str, Any] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    absences: Absences = field(default_factory=Absences)
    _frozen_mongod: int | None = None
    _seen: set[Known] = field(default_factory=set)
    _began: float = field(default_factory=time.monotonic)

    def note(self, text: str) -> None:
        """Write down what was done, and when."""
        self.journal.append(f"{time.monotonic() - self._began:8.3f} s  {text}")

    @staticmethod
    def clock() -> float:
        """Seconds that pass as the machine's do: these scenarios are about real time-outs."""
        return time.monotonic()

    # --- the whole ---

    def start(self) -> None:
        """Start `ccplant up` and wait until it says that everything is ready."""
        self.note("ccplant up starts")
        command = [sys.executable, "-m", "ccplant_cli", "up", "--json", "--port", str(self.port)]
        command += ["--webhook-port", str(self.webhook_port), "--nats-host", self.nats_host]
        with self.errors_file.open("a") as errors:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(self.data_dir), *self.arguments],
                env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", **self.environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        line = _first_line(self._process.stdout)
        if not line:
            self.kill()
            raise AssertionError(f"ccplant up did not start:\n{self.errors_file.read_text()[-4_000:]}")
        self.connection = json.loads(line)
        self.absences.end()
        self.note(f"ccplant up is ready (pid {self.up.pid})")

    def stop(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        self.look()
        self.note("ccplant up is told to stop")
        self.absences.begin()
        self.up.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """End `ccplant up` itself by SIGKILL, as a crash does."""
        self.look()
        self.note("kill -9 of ccplant up")
        self.absences.begin()
        self.up.kill()
        self._ended()

    def crash_if_running(self) -> None:
        """Leave nothing behind a test, however it went."""
        if self._process is not None and self._process.poll() is None:
            self.look()
            self._process.kill()
            self._ended()
        for process in self.left():
            process.send(signal.SIGCONT)
            process.send(signal.SIGKILL)

    @property
    def up(self) -> subprocess.Popen[str]:
        """The process of `ccplant up`."""
        assert self._process is not None, "it was never started"
        return self._process

    @property
    def running(self) -> bool:
        """Whether `ccplant up` runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def errors_file(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.err")

    @property
    def url(self) -> str:
        return str(self.connection["url"])

    @property
    def webhook_url(self) -> str:
        """Where deliveries arrive."""
        return str(self.connection["webhook_url"])

    @property
    def token(self) -> str:
        return str(self.connection["token"])

    # --- its parts ---

    def part(self, name: Part) -> Known:
        """Return the process of a part; waits while it is being started again."""
        found: list[Known] = []

        def running() -> bool:
            one = known(_pid_in(self.data_dir / "run" / f"{name}.json"))
            found[:] = [one] if one is not None else []
            return bool(found)

        wait_until(running, 15, f"a process of {name}")
        return found[0]

    def part_port(self, name: Literal["nats", "mongod"]) -> int:
        """Return the port of an inner server."""
        ports = json.loads((self.data_dir / "ports.json").read_text())
        return int(ports[name])

    @property
    def nats_url(self) -> str:
        return f"nats://{self.nats_host}:{self.part_port('nats')}"

    def kill_part(self, name: Part) -> None:
        """End a part by SIGKILL; `ccplant up` starts it again."""
        self.look()
        process = self.part(name)
        self.note(f"kill -9 of {name} (pid {process.pid})")
        if name == "mongod":
            self.absences.begin()
        process.send(signal.SIGKILL)
        wait_until(lambda: not process.alive(), 10, f"the end of {name}")
        if name == "mongod":
            self.absences.end()

    def freeze_part(self, name: Part) -> Known:
        """Stop a part in its tracks; the caller thaws it."""
        process = self.part(name)
        self.note(f"SIGSTOP of {name} (pid {process.pid})")
        if name == "mongod":
            self.absences.begin()
            self._frozen_mongod = process.pid
        process.send(signal.SIGSTOP)
        return process

    def thaw(self, process: Known) -> None:
        """Let a process go on."""
        self.note(f"SIGCONT (pid {process.pid})")
        process.send(signal.SIGCONT)
        if process.pid == self._frozen_mongod:
            self.absences.end()

    def wipe_nats(self) -> None:
        """Have NATS lose everything that it stored: nobody writes while the disk is cleared."""
        process = self.freeze_part("nats")
        shutil.rmtree(self.data_dir / "nats", ignore_errors=True)
        self.note("everything that NATS stored is deleted")
        process.send(signal.SIGKILL)
        wait_until(lambda: not process.alive(), 10, "the end of nats")

    def second_orchestrator(self) -> subprocess.Popen[bytes]:
        """Start another orchestrator beside the first; the caller ends it."""
        first = self.part("orchestrator")
        content = Path(f"/proc/{first.pid}/environ").read_bytes()
        pairs = (item.partition(b"=") for item in content.split(b"\0") if item)
        environment = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
        environment.pop("CCPLANT_PARENT_PID", None)
        with (self.data_dir / "logs" / "orchestrator-2.log").open("wb") as log:
            second = subprocess.Popen(
                [sys.executable, "-m", "ccplant_orchestrator"],
                env=environment, cwd=self.data_dir, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.note(f"a second orchestrator starts (pid {second.pid})")
        return second

    # --- its sessions ---

    def member(self, session_id: str, which: Member) -> Known | None:
        """Return a process of a session's launch; None where it does not run."""
        name = "runner" if which == "agent" else which
        for path in self.data_dir.glob(f"sessions/{session_id}/*/{name}.json"):
            found = known(_pid_in(path))
            if found is None:
                continue
            if which != "agent":
                return found
            agents = [child for child in descendants(found.pid) if "agents/demo" in child.name]
            return agents[0] if agents else None
        return None

    def kill_member(self, session_id: str, which: Member) -> None:
        """End a process of a session by SIGKILL."""
        self.look()
        process = self.member(session_id, which)
        assert process is not None, f"{session_id} has no {which}"
        self.note(f"kill -9 of the {which} of {session_id} (pid {process.pid})")
        process.send(signal.SIGKILL)
        wait_until(lambda: not process.alive(), 10, f"the end of the {which}")

    def of_session(self, session_id: str) -> list[Known]:
        """Return everything that runs for a session."""
        return alive(naming(self.data_dir / "sessions" / session_id))

    # --- what is left ---

    def look(self) -> None:
        """Remember every process that belongs to this system now."""
        if self.running:
            self._seen |= descendants(self.up.pid)
        self._seen |= naming(self.data_dir)

    def left(self) -> list[Known]:
        """Return what still runs of all that ever belonged to it."""
        self.look()
        return alive(self._seen)

    def all_gone(self) -> None:
        """Wait until nothing of it runs.

        Raises:
            AssertionError: says what does.
        """
        try:
            wait_until(lambda: not self.left(), _GONE_SECONDS, "the end of every process")
        except TimeoutError:
            raise AssertionError(f"left behind: {self.left()}") from None

    def log_ends(self) -> dict[str, int]:
        """Return where the services' logs end now."""
        return {path.name: path.stat().st_size for path in (self.data_dir / "logs").glob("*.log")}

    def errors_since(self, ends: Mapping[str, int]) -> list[str]:
        """Return what services logged as an error since then: what they handle, they log as less.

        That MongoDB was away at its start, a service says, ends, and is started again: while it was away.
        """
        errors = []
        for name in (
            "api.log", "orchestrator.log", "orchestrator-2.log", "webhook-ingest.log", "scheduler.log",
        ):  # fmt: skip
            path = self.data_dir / "logs" / name
            if path.exists():
                text = path.read_bytes()[ends.get(name, 0) :].decode(errors="replace")
                errors += [
                    f"{name}: {line[:3_000]}"
                    for line in text.splitlines()
                    if '"level": "error"' in line and not self.absences.explain(line)
                ]
        return errors

    def complaints(self) -> list[str]:
        """Return the last lines above `info` of each log, for whoever has to find out why."""
        lines = []
        for path in sorted((self.data_dir / "logs").glob("*.log")):
            if path.stem in ("mongod", "nats"):
                continue
            loud = [line for line in path.read_text(errors="replace").splitlines() if '"info"' not in line]
            lines += [f"{path.stem}: {line[:2_000]}" for line in loud[-25:]]
        return lines

    def _ended(self) -> int:
        try:
            code = self.up.wait(_END_SECONDS)
        finally:
            if self.up.stdout is not None:
                self.up.stdout.close()
        self.note(f"ccplant up ended with {code}")
        return code


def _first_line(pipe: IO[str] | None) -> str:
    assert pipe is not None
    readable, _, _ = select.select([pipe], [], [], _START_SECONDS)
    return pipe.readline() if readable else ""


def _pid_in(path: Path) -> int:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return 0
    pid = content.get("pid")
    return pid if isinstance(pid, int) else 0
