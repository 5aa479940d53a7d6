"""What the session uses: from its cgroup where it has one of its own, else summed over its processes (S9)."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from ccplant_runner.process_tree import tree

_VARIABLE = "CCPLANT_RESOURCES"
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Usage:
    """Seconds of CPU so far, and bytes now."""

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Measured:
    """Cores in use since the last sample (None at the first), and bytes."""

    cpu_cores: float | None
    memory_bytes: int


class ResourceSampler:
    """Turns counters into rates."""

    def __init__(self, cgroup: Path | None) -> None:
        self._cgroup = cgroup
        self._last: tuple[float, float] | None = None

    def sample(self) -> Measured | None:
        """Measure now; None where nothing can be read."""
        usage = read_cgroup(self._cgroup) if self._cgroup is not None else None
        if usage is None:
            usage = read_processes()
        now = time.monotonic()
        cores: float | None = None
        if self._last is not None and now > self._last[0]:
            cores = max(0.0, usage.cpu_seconds - self._last[1]) / (now - self._last[0])
        self._last = (now, usage.cpu_seconds)
        return Measured(None if cores is None else round(cores, 4), usage.memory_bytes)


def own_cgroup() -> Path | None:
    """Return the cgroup that is this session's alone: in a container of its own the runner is the first process."""
    wanted = os.environ.get(_VARIABLE, "cgroup" if os.getpid() == 1 else "processes")
    return _CGROUP if wanted == "cgroup" else None


def read_cgroup(root: Path) -> Usage | None:
    """Read version 2 or version 1."""
    try:
        if (root / "cgroup.controllers").exists():
            stat = _pairs(root / "cpu.stat")
            used = int((root / "memory.current").read_text()) - _pairs(root / "memory.stat").get(
                "inactive_file", 0
            )
            return Usage(stat["usage_usec"] / 1e6, max(0, used))
        cpu = int((root / "cpuacct" / "cpuacct.usage").read_text())
        used = int((root / "memory" / "memory.usage_in_bytes").read_text())
        cache = _pairs(root / "memory" / "memory.stat").get("total_inactive_file", 0)
        return Usage(cpu / 1e9, max(0, used - cache))
    except (OSError, ValueError, KeyError):
        return None


def oom_kills(root: Path | None) -> int | None:
    """Return how often the kernel killed something of this cgroup for want of memory; None: unknown.

    On version 1 the kernel kills a tool or the agent, not the first process: nobody else would notice.
    """
    if root is None:
        return None
    for path in (root / "memory.events", root / "memory" / "memory.oom_control"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            return _pairs(path)["oom_kill"]
    return None


def read_processes() -> Usage:
    """Sum over the runner and everything below it, what has already ended there included."""
    cpu = 0.0
    memory = 0
    for process in tree():
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            times = process.cpu_times()
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += _memory(process)
    return Usage(cpu, memory)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, OSError, AttributeError):
        return int(process.memory_info().rss)


def _pairs(path: Path) -> dict[str, int]:
    pairs: dict[str, int] = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(" ")
        if value.isdecimal():
            pairs[name] = int(value)
    return pairs
