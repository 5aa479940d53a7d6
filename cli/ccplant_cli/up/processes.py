"""What the kernel knows about processes: which one it is, whose child it is, and who takes over orphans.

A pid alone names nothing after a reboot or after it was given to another; with its start time and the boot's id it does.
"""

from __future__ import annotations

import ctypes
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ccplant_cli.up.errors import UpError

PR_SET_CHILD_SUBREAPER = 36
PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process, never another that has its pid."""

    pid: int
    start_time: int
    boot_id: str


@dataclass(frozen=True)
class Stat:
    """The part of /proc/PID/stat that is needed."""

    state: str
    parent: int
    start_time: int


def require_linux() -> None:
    """Raise the sentence for systems whose kernel cannot end a child with its parent."""
    if platform.system() != "Linux":
        raise UpError("not_linux", system=platform.system())


def become_subreaper() -> None:
    """Orphans among our descendants become our children, so that none of them can get away."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise UpError("not_linux", system=os.strerror(ctypes.get_errno()))


def boot_id() -> str:
    """Return what tells this boot of the machine from others."""
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def parse_stat(content: str) -> Stat:
    """Read a stat line; the name in parentheses may hold anything, parentheses included."""
    fields = content[content.rindex(")") + 2 :].split()
    return Stat(state=fields[0], parent=int(fields[1]), start_time=int(fields[19]))


def stat(pid: int) -> Stat | None:
    """Return what the kernel says of a process; None when there is none."""
    try:
        return parse_stat((PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return None


def identity(pid: int) -> Identity | None:
    """Return what identifies a running process."""
    found = stat(pid)
    return None if found is None else Identity(pid, found.start_time, boot_id())


def runs(known: Identity) -> bool:
    """Whether exactly this process runs now (a zombie does not)."""
    found = stat(known.pid)
    return (
        found is not None
        and found.state != "Z"
        and found.start_time == known.start_time
        and boot_id() == known.boot_id
    )


def descendants(root: int) -> set[int]:
    """Return all that runs below a process, zombies left out."""
    children: dict[int, list[int]] = {}
    zombies: set[int] = set()
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (found := stat(int(entry.name))) is not None:
            children.setdefault(found.parent, []).append(int(entry.name))
            if found.state == "Z":
                zombies.add(int(entry.name))
    result: set[int] = set()
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            if pid not in result:
                result.add(pid)
                waiting.append(pid)
    return result - zombies


def send(pid: int, signal_number: int) -> None:
    """Signal a process that may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)
