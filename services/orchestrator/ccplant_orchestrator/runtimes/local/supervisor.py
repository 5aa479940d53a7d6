"""The process between this machine and one session: it starts the runner, once, and leaves nothing of it behind.

It belongs to nobody: the orchestrator that started it may die. It holds the launch's lock for its life, which makes it
the only one; it is the subreaper of all that the runner starts, so that a tool in a session of its own cannot
slip away; it watches the anchor (`ccplant up`) and ends everything when that is gone. It is told to end by
SIGUSR1 (SIGTERM to the runner, a grace, SIGKILL) or SIGUSR2 (SIGKILL); SIGTERM is the machine shutting down.

Before anything is started it writes ``supervisor.json``. Whoever finds that file without a living supervisor knows
that this launch is over, so a runner is started at most once, wherever the power goes off.

Standard library only, and little of it: each import here delays the start of every session.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import time

from ccplant_orchestrator.runtimes.local import files, memory_kills, processes
from ccplant_orchestrator.runtimes.local.bounded_log import BoundedLog

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOCK_PATIENCE_SECONDS = 3.0
"""The lock is also taken for moments by those who check that nothing runs."""
_POLL_SECONDS = 1.0
"""How soon the anchor's death is seen on a kernel without pidfds."""
_PIECE = 65_536
_LOG_FLOOD = 256
"""Pieces that are read from the log in a row before signals are looked at again."""

_libc = ctypes.CDLL(None, use_errno=True)


class Order:
    """What the launcher wants, as it came on standard input."""

    def __init__(self, raw: dict[str, object]) -> None:
        def text(name: str) -> str:
            return str(raw[name])

        command, environment, anchor = raw["command"], raw["environment"], raw["anchor"]
        if not isinstance(command, list) or not isinstance(environment, dict):
            raise TypeError("command must be a list, environment an object")
        self.directory = text("directory")
        self.fence = text("fence")
        self.claim = str(raw["claim"]) if raw["claim"] else None
        self.command = [str(word) for word in command]
        self.environment = {str(name): str(value) for name, value in environment.items()}
        self.spec = text("spec")
        self.anchor = (int(anchor[0]), int(anchor[1])) if isinstance(anchor, list) else None
        self.grace = float(text("grace_seconds"))
        self.log_limit = int(text("log_limit_bytes"))

    def path(self, name: str) -> str:
        return f"{self.directory}/{name}"


class RefusedError(Exception):
    """Nothing is started, and this is the launcher's answer."""


class Supervisor:
    """One launch, from the runner's start to the last process's end."""

    def __init__(self, order: Order, started_at: float) -> None:
        self._order = order
        self._started_at = started_at
        self._kills_before = memory_kills.count()
        self._draft = order.path(f"exit.json.{os.getpid()}.tmp")
        files.reserve(self._draft)
        self._log = BoundedLog(order.path("log.txt"), order.path("log.1.txt"), order.log_limit)
        self._runner = 0
        self._status: int | None = None
        self._shutdown = False
        self._killed = False
        self._kill_at: float | None = None
        self._signals: list[int] = []
        self._wake, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._output, self._runner_output = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._output, False)
        self._anchor_handle = -1

    def listen(self) -> None:
        """From here on signals are noted, not suffered."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, lambda received, _: self._signals.append(received))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    def start_runner(self) -> None:
        """Start the runner as the first child, bound to this process's life.

        Raises:
            OSError: its program cannot be executed.
        """
        spec = os.open(
            self._order.path("spec.json"), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(spec, "wb") as file:
            file.write(self._order.spec.encode())
        failure, failed = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        self._runner = os.fork()
        if self._runner == 0:
            self._become_runner(parent, failed)
        os.close(failed)
        os.close(self._runner_output)
        error = os.read(failure, 16)
        os.close(failure)
        if error:
            os.waitpid(self._runner, 0)
            raise OSError(int(error), os.strerror(int(error)), self._order.command[0])
        files.write_json(
            self._order.path("runner.json"),
            {
                "pid": self._runner,
                "start_time": processes.start_time(self._runner),
                "started_at": time.time(),
            },
        )

    def _become_runner(self, parent: int, failed: int) -> None:
        try:
            os.setsid()
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:  # it died before it was watched
                os._exit(1)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(self._runner_output, 1)
            os.dup2(self._runner_output, 2)
            os.chdir(self._order.directory)
            program, environment = self._order.command[0], self._order.environment
            os.execve(program, self._order.command, environment)  # noqa: S606 (never through a shell)
        except OSError as error:
            os.write(failed, str(error.errno or 1).encode())
        finally:
            os._exit(127)

    def watch(self) -> None:
        """Return when the runner has ended, by itself or because it had to."""
        poller = select.poll()
        for fd in (self._wake, self._output):
            poller.register(fd, select.POLLIN)
        self._watch_anchor(poller)
        while self._status is None:
            for fd, _ in poller.poll(self._patience() * 1000):
                if fd == self._wake:
                    os.read(self._wake, 512)
                elif fd == self._output and not self._drain():
                    poller.unregister(self._output)
                elif fd == self._anchor_handle:
                    poller.unregister(fd)
            self._obey()
            self._reap()

    def _watch_anchor(self, poller: select.poll) -> None:
        if self._order.anchor is not None and hasattr(os, "pidfd_open"):
            try:
                self._anchor_handle = os.pidfd_open(self._order.anchor[0])
            except OSError:  # gone already, or no pidfds here: the look at /proc tells
                return
            poller.register(self._anchor_handle, select.POLLIN)

    def _patience(self) -> float:
        watched = self._order.anchor is None or self._anchor_handle >= 0
        longest = 60.0 if watched else _POLL_SECONDS
        if self._kill_at is None:
            return longest
        return min(max(self._kill_at - time.monotonic(), 0.0), longest)

    def _obey(self) -> None:
        anchor = self._order.anchor
        gone = anchor is not None and not self._shutdown and not processes.alive(*anchor)
        wanted, self._signals = self._signals, []
        if gone or not {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}.isdisjoint(wanted):
            self._shutdown = True
            self._ask_runner()
        if signal.SIGUSR1 in wanted:
            self._ask_runner()
        overdue = self._kill_at is not None and time.monotonic() >= self._kill_at
        if (signal.SIGUSR2 in wanted or overdue) and not self._killed:
            self._killed = True
            self._kill_at = None
            self._signal_runner(signal.SIGKILL)

    def _ask_runner(self) -> None:
        if self._kill_at is None and not self._killed:
            self._kill_at = time.monotonic() + self._order.grace
            self._signal_runner(signal.SIGTERM)
            self._signal_runner(signal.SIGCONT)

    def _signal_runner(self, number: int) -> None:
        # not reaped yet, so the pid cannot be another's
        if self._status is None:
            os.kill(self._runner, number)

    def _drain(self) -> bool:
        """Move what runner and agent wrote into the log; False at its end."""
        for _ in range(_LOG_FLOOD):
            try:
                piece = os.read(self._output, _PIECE)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self._log.write(piece)
        return True

    def _reap(self) -> bool:
        """Collect the dead, orphans that came to this process included; False when there is no child left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._runner:
                self._status = status

    def end_rest(self) -> None:
        """Return when nothing that the runner started is left, however often it forks or whatever session it is in."""
        delay = 0.001
        while self._reap():
            processes.kill_descendants(os.getpid())
            self._drain()
            time.sleep(delay)
            delay = min(delay * 2, 0.1)
        self._drain()
        self._log.close()

    def record(self, error: str | None = None) -> None:
        """Write how it ended; from here on the launch is over for everybody."""
        with contextlib.suppress(OSError):  # a runner that died early has not read its secrets
            os.unlink(self._order.path("spec.json"))  # noqa: PTH108
        code = os.waitstatus_to_exitcode(self._status) if self._status is not None else None
        by_signal = -code if code is not None and code < 0 else None
        kills = memory_kills.count()
        starved = memory_kills.starved(
            by_signal, sent_here=self._killed, before=self._kills_before, after=kills
        )
        files.commit(
            self._draft,
            self._order.path("exit.json"),
            {
                "exit_code": code if by_signal is None else None,
                "signal": by_signal,
                "oom_killed": starved,
                "node_shutdown": self._shutdown,
                "started_at": self._started_at,
                "exited_at": time.time(),
                "log_bytes_lost": self._log.lost,
                "start_error": error,
            },
            durable=True,
        )


def main() -> int:
    """Supervise one launch; the exit status is of no interest to anybody."""
    os.umask(0o077)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    order = Order(json.loads(_read_order()))
    try:
        lock = _take_lock(order)
        claim = _take_claim(order)
        supervisor = _begin(order)
    except RefusedError as refusal:
        _answer(str(refusal))
        return 0
    except OSError as error:
        _answer(f"failed {error}")
        return 1
    try:
        supervisor.start_runner()
    except OSError as error:
        reason = f"{error.filename or 'start'}: {error.strerror}"
        supervisor.record(reason)
        _answer(f"refused {reason}")
        return 1
    _answer("started")
    supervisor.watch()
    supervisor.end_rest()
    supervisor.record()
    for held in (claim, lock):
        if held is not None:
            os.close(held)
    return 0


def _begin(order: Order) -> Supervisor:
    log = os.open(order.path("supervisor.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.dup2(log, 2)
    os.close(log)
    started_at = time.time()
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")
    supervisor = Supervisor(order, started_at)
    supervisor.listen()
    files.write_json(
        order.path("supervisor.json"),
        {
            "pid": os.getpid(),
            "start_time": processes.start_time(os.getpid()),
            "incarnation": processes.incarnation(),
            "anchor": list(order.anchor) if order.anchor else None,
            "started_at": started_at,
        },
        durable=True,
    )
    return supervisor


def _take_lock(order: Order) -> int:
    lock = _patiently(order.path("lock"))
    if lock is None:
        raise RefusedError("running")
    if os.path.exists(order.fence):  # noqa: PTH110
        raise RefusedError("fenced")
    if any(os.path.exists(order.path(name)) for name in ("exit.json", "supervisor.json")):  # noqa: PTH110
        raise RefusedError("over")
    return lock


def _take_claim(order: Order) -> int | None:
    if order.claim is None:
        return None
    claim = _patiently(order.claim)
    if claim is None:
        raise RefusedError("claimed")
    return claim


def _patiently(path: str) -> int | None:
    until = time.monotonic() + _LOCK_PATIENCE_SECONDS
    while True:
        try:
            lock = files.try_lock(path)
        except FileNotFoundError:
            raise RefusedError("fenced") from None
        if lock is not None or time.monotonic() >= until or _owned(path):
            return lock
        time.sleep(0.01)


def _owned(path: str) -> bool:
    """Tell whether the lock's folder names a living supervisor: then there is nothing to wait for."""
    owner = files.read_json(f"{path.rsplit('/', 1)[0]}/supervisor.json")
    if owner is None or owner.get("incarnation") != processes.incarnation():
        return False
    pid, started = owner.get("pid"), owner.get("start_time")
    return isinstance(pid, int) and isinstance(started, int) and processes.alive(pid, started)


def _read_order() -> bytes:
    pieces = []
    while piece := os.read(0, _PIECE):
        pieces.append(piece)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return b"".join(pieces)


def _answer(text: str) -> None:
    with contextlib.suppress(OSError):  # the launcher may be dead; what it started is not
        os.write(1, text.encode() + b"\n")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
