"""What /proc tells about processes, read so that a recycled pid is never mistaken for the one that was meant.

A process is named by its pid and its start time together. Signals go through a pidfd where the kernel has them:
between a look and a kill the pid may have become somebody else's.

The supervisor imports this: nothing here may import more than `os` and `signal`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

_STATE, _PARENT, _GROUP, _START = 0, 1, 2, 19
"""Places in /proc/PID/stat behind the command's closing parenthesis."""


def _stat(pid: int) -> list[bytes] | None:
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        try:
            content = os.read(fd, 4096)
        finally:
            os.close(fd)
    except OSError:
        return None
    fields = content[content.rfind(b")") + 2 :].split()
    return fields if len(fields) > _START else None


def start_time(pid: int) -> int | None:
    """Return when a process started, in ticks since boot; None where it is gone or only waits to be reaped."""
    fields = _stat(pid)
    if fields is None or fields[_STATE] in (b"Z", b"X", b"x"):
        return None
    return int(fields[_START])


def alive(pid: int, started: int) -> bool:
    """Tell whether that very process still runs."""
    return start_time(pid) == started


def incarnation() -> str:
    """Name this life of the machine, or of the container: another one means that all processes are gone."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:  # noqa: PTH123 (the supervisor starts without pathlib)
            boot = file.read().strip()
    except OSError:
        boot = "?"
    first = _stat(1)
    return f"{boot}/{int(first[_START]) if first else 0}"


def send(pid: int, started: int, number: int) -> bool:
    """Send a signal to that very process; False where it is gone.

    Raises:
        PermissionError: it belongs to somebody else.
    """
    if not hasattr(os, "pidfd_open"):
        return alive(pid, started) and _send_by_pid(pid, number)
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    except OSError:  # a kernel without pidfds
        return alive(pid, started) and _send_by_pid(pid, number)
    try:
        if not alive(pid, started):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def _send_by_pid(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def pids() -> list[int]:
    """Return all processes that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (as above)


def descendants(root: int) -> list[tuple[int, int]]:
    """Return (pid, process group) of all that stem from `root`, those that are dead but not reaped left out."""
    children: dict[int, list[tuple[int, int, bool]]] = {}
    for pid in pids():
        fields = _stat(pid)
        if fields is not None:
            dead = fields[_STATE] in (b"Z", b"X", b"x")
            children.setdefault(int(fields[_PARENT]), []).append((pid, int(fields[_GROUP]), dead))
    found: list[tuple[int, int]] = []
    open_ends = [root]
    while open_ends:
        for pid, group, dead in children.pop(open_ends.pop(), ()):
            open_ends.append(pid)
            if not dead:
                found.append((pid, group))
    return found


def kill_descendants(root: int) -> int:
    """Send SIGKILL to all that stem from `root` and return how many were there; to be repeated until that is none.

    Whole process groups are killed, because that is atomic against a process that forks and leaves. None of these
    groups can hold a stranger: each lies in a session that a descendant made.
    """
    spared = {os.getpgrp(), _group(root)}
    found = descendants(root)
    for pid, group in found:
        try:
            if group > 1 and group not in spared:
                os.killpg(group, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(found)


def _group(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[_GROUP]) if fields else 0


def environments() -> Iterator[tuple[int, int, dict[bytes, bytes]]]:
    """Yield (pid, start time, environment at its start) of each process that lets itself be read."""
    own = os.getpid()
    for pid in pids():
        started = start_time(pid) if pid != own else None
        if started is None:
            continue
        try:
            fd = os.open(f"/proc/{pid}/environ", os.O_RDONLY)
        except OSError:
            continue
        try:
            content = _read_all(fd)
        except OSError:
            continue
        finally:
            os.close(fd)
        pairs = (item.partition(b"=") for item in content.split(b"\0") if item)
        if alive(pid, started):
            yield pid, started, {name: value for name, _, value in pairs}


def _read_all(fd: int) -> bytes:
    pieces = []
    while piece := os.read(fd, 65536):
        pieces.append(piece)
    return b"".join(pieces)
