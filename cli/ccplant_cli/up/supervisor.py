"""Starts the children, reaps everything, starts again what died, and ends all of it.

`ccplant up` is the subreaper of all that it starts, so it gets the exit of every orphan too; children are in process
groups of their own, so a Ctrl-C of the terminal reaches `ccplant up` alone and the order of the end is its to choose.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccplant_cli.up import exec_child, processes
from ccplant_cli.up.data_dir import DataDir
from ccplant_cli.up.errors import UpError
from ccplant_cli.up.leftovers import forget, record
from ccplant_cli.up.logs import LogFile, last_word, missing_library
from ccplant_cli.up.restart import RestartPolicy, after_exit

STARTING = RestartPolicy(most_failures=3)
"""Before everything was ready once, a child that dies is a broken installation or a lost race for a port."""


@dataclass(frozen=True)
class ChildSpec:
    """A program to run and what to know about ending it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    death_signal: int = signal.SIGKILL
    """Sent by the kernel when `ccplant up` is gone."""
    stop_seconds: float = 5.0
    """Between SIGTERM and SIGKILL."""
    help_option: str = ""
    """The option that makes this child unnecessary."""


@dataclass
class Child:
    """One run of a program."""

    spec: ChildSpec
    process: subprocess.Popen[bytes]
    started: float
    exited: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def how(self) -> str:
        """How it ended, for people."""
        code = self.process.returncode
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit {code}"


class Supervisor:
    """All children of one instance."""

    def __init__(self, data: DataDir, say: Callable[..., None], policy: RestartPolicy | None = None) -> None:
        self._data = data
        self._say = say
        self._policy = policy or RestartPolicy()
        self._children: dict[int, Child] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._logs: dict[str, LogFile] = {}
        self._ready = False
        self.failed: asyncio.Future[UpError] = asyncio.get_running_loop().create_future()
        """Done when a child was given up: the instance has to end."""

    def watch_children(self) -> None:
        """Reap from now on."""
        processes.become_subreaper()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def all_ready(self) -> None:
        """From now on a child that dies is a crash, not a start that failed."""
        self._ready = True

    def log(self, name: str) -> LogFile:
        """Return the log of a child."""
        return self._logs.setdefault(name, LogFile(self._data.logs / f"{name}.log"))

    @property
    def logs(self) -> Mapping[str, LogFile]:
        return self._logs

    def spawn(self, spec: ChildSpec, *, stdin: int = subprocess.DEVNULL) -> Child:
        """Start a program once."""
        log = self.log(spec.name)
        output = log.open()
        shim = [
            sys.executable,
            "-I",
            "-S",
            exec_child.__file__,
            str(int(spec.death_signal)),
            str(os.getpid()),
        ]
        try:
            process = subprocess.Popen(
                [*shim, *spec.command],
                stdin=stdin, stdout=output, stderr=output,
                env=dict(spec.environment), cwd=spec.directory, process_group=0,
            )  # fmt: skip
        finally:
            os.close(output)
        child = Child(spec, process, time.monotonic())
        self._children[process.pid] = child
        record(self._data.run, spec.name, process.pid)
        return child

    async def run(self, spec: ChildSpec, seconds: float) -> None:
        """Run a program to its end, which must be a success."""
        child = self.spawn(spec)
        try:
            async with asyncio.timeout(seconds):
                await child.exited.wait()
        except TimeoutError:
            await self._end(child, 0)
            raise self._silent(spec, seconds) from None
        if child.process.returncode != 0:
            raise self.why_failed(spec)

    def keep(self, spec: ChildSpec) -> None:
        """Start a program and start it again whenever it dies."""
        self._keepers[spec.name] = asyncio.create_task(self._keep(spec), name=f"keep {spec.name}")

    def running(self, name: str) -> Child | None:
        """Return the present run of a program."""
        for child in self._children.values():
            if child.spec.name == name:
                return child
        return None

    async def answers(self, spec: ChildSpec, probe: Callable[[], object], seconds: float) -> None:
        """Wait until a child answers: `probe` raises OSError as long as it does not."""
        end = time.monotonic() + seconds
        while True:
            try:
                async with asyncio.timeout(max(0.1, end - time.monotonic())):
                    await asyncio.to_thread(probe)
                return
            except (OSError, TimeoutError):
                if time.monotonic() >= end:
                    raise self._silent(spec, seconds) from None
            await asyncio.sleep(0.03)

    async def stop(self, name: str) -> None:
        """End a program: SIGTERM, a bounded wait, SIGKILL."""
        keeper = self._keepers.pop(name, None)
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        child = self.running(name)
        if child is not None:
            await self._end(child, child.spec.stop_seconds)

    async def end_others(self, seconds: float) -> int:
        """Wait for all that runs below us besides our children, then kill it; returns how many were killed."""
        end = time.monotonic() + seconds
        while self._others():
            if time.monotonic() >= end:
                return await self._kill_others()
            await asyncio.sleep(0.05)
        return 0

    async def _kill_others(self) -> int:
        killed: set[int] = set()
        end = time.monotonic() + 5
        while (rest := self._others()) and time.monotonic() < end:
            for pid in rest:
                processes.send(pid, signal.SIGKILL)
            killed |= rest
            await asyncio.sleep(0.02)
        return len(killed)

    def _others(self) -> set[int]:
        return processes.descendants(os.getpid()) - set(self._children)

    def kill_everything(self) -> None:
        """End all descendants at once: the second Ctrl-C, and the last line of every end."""
        for keeper in self._keepers.values():
            keeper.cancel()
        end = time.monotonic() + 5
        while (rest := processes.descendants(os.getpid())) and time.monotonic() < end:
            for pid in rest:
                processes.send(pid, signal.SIGKILL)
            time.sleep(0.01)
            self._reap()

    def why_failed(self, spec: ChildSpec) -> UpError:
        """Return the sentence for a child that did not start."""
        lines = self.log(spec.name).tail()
        library = missing_library(lines)
        if library is not None:
            return UpError("missing_library", name=spec.name, library=library, option=spec.help_option)
        key = "keeps_dying" if self._ready else "server_failed"
        return UpError(key, name=spec.name, line=last_word(lines), log=self.log(spec.name).path)

    def _silent(self, spec: ChildSpec, seconds: float) -> UpError:
        log = self.log(spec.name)
        return UpError(
            "server_silent", name=spec.name, seconds=seconds, line=last_word(log.tail()), log=log.path
        )

    async def _keep(self, spec: ChildSpec) -> None:
        failures = 0
        while True:
            child = self.spawn(spec)
            if failures and self._ready:
                self._say("restarted", name=spec.name)
            await child.exited.wait()
            policy = self._policy if self._ready else STARTING
            again = after_exit(policy, failures=failures, lived=time.monotonic() - child.started)
            hopeless = missing_library(self.log(spec.name).tail()) is not None
            if again is None or hopeless:
                if not self.failed.done():
                    self.failed.set_result(self.why_failed(spec))
                return
            failures = again.failures
            if self._ready:
                self._say("restarting", name=spec.name, how=child.how, delay=again.delay)
            await asyncio.sleep(again.delay)

    async def _end(self, child: Child, seconds: float) -> None:
        processes.send(child.process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                await child.exited.wait()
        except TimeoutError:
            processes.send(child.process.pid, signal.SIGKILL)
            async with asyncio.timeout(10):
                await child.exited.wait()

    def _reap(self) -> None:
        """Collect every child that ended, adopted ones included, and no exit status that belongs to a `Popen`."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            child = self._children.pop(ended.si_pid, None)
            if child is None:
                os.waitpid(ended.si_pid, os.WNOHANG)
                continue
            child.process.poll()
            forget(self._data.run, child.spec.name, ended.si_pid)
            child.exited.set()
