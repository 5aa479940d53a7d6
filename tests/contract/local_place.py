"""The local runtime's place: a data folder and the processes of this machine, read with psutil."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import psutil

from ccplant_orchestrator.runtimes.local.options import LocalOptions
from ccplant_orchestrator.runtimes.local.runtime import LocalRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef
from tests.contract.runtime_place import no_volumes, owned

STANDIN = Path(__file__).with_name("standin_runner.py")


class LocalPlace:
    """A data folder of its own; remembers each process that it has seen."""

    def __init__(
        self, folder: Path, *, anchor_pid: int | None = None, log_limit_bytes: int = 200_000
    ) -> None:
        self.data = folder
        self.options = LocalOptions(
            data_dir=folder,
            anchor_pid=anchor_pid,
            runner_command=(sys.executable, "-I", "-S", str(STANDIN)),
            end_grace_seconds=0.5,
            log_limit_bytes=log_limit_bytes,
            poll_seconds=0.2,
        )
        self._runtimes: list[LocalRuntime] = []
        self._seen: dict[str, set[psutil.Process]] = {}
        self._starts: dict[str, set[int]] = {}

    def open(self) -> LocalRuntime:
        runtime = LocalRuntime(self.options)
        self._runtimes.append(runtime)
        return runtime

    def folder(self, ref: LaunchRef) -> Path:
        return self.data / "sessions" / ref.session_id / ref.launch_id

    def log(self, ref: LaunchRef) -> list[str]:
        try:
            return (self.folder(ref) / "log.txt").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def starts(self, ref: LaunchRef) -> int:
        return self.log(ref).count("runner started")

    def processes(self, ref: LaunchRef) -> list[int]:
        known = self._seen.setdefault(ref.launch_id, set())
        known.update(self._marked(ref), self._told(ref))
        return sorted(process.pid for process in known if _lives(process))

    def _marked(self, ref: LaunchRef) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CCPLANT_LAUNCH_ID") == ref.launch_id:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _told(self, ref: LaunchRef) -> list[psutil.Process]:
        found = []
        for line in self.log(ref):
            word, _, number = line.partition(" ")
            if word == "pid" and number.isdigit():
                try:
                    found.append(psutil.Process(int(number)))
                except psutil.NoSuchProcess:
                    continue
        own = {process.pid for process in psutil.Process().parents()}
        return [process for process in found if process.pid not in own]

    def pid_of(self, ref: LaunchRef, name: str) -> int:
        """Return the pid of the supervisor or the runner."""
        return int(json.loads((self.folder(ref) / f"{name}.json").read_text())["pid"])

    def kill_runner(self, ref: LaunchRef) -> None:
        psutil.Process(self.pid_of(ref, "runner")).send_signal(signal.SIGKILL)

    def traces(self, ref: LaunchRef) -> list[str]:
        roots = [self.folder(ref), self.data / "volumes" / ref.session_id, *(self.data / "trash").glob("*")]
        return [str(path) for path in roots if path.exists()]

    async def close(self) -> None:
        runtime = self.open()
        for observation in await runtime.list():
            await runtime.destroy(observation.ref, force=True)
        await runtime.sweep(owned(), no_volumes)
        for one in self._runtimes:
            await one.aclose()
        for known in self._seen.values():
            for process in known:
                if _lives(process):
                    process.kill()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
