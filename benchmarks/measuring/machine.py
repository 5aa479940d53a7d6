"""What the machine is, as far as it matters to a figure; never what it is called or where things lie on it."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe() -> str:
    """Return cores, processor model and memory."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {_model()}, {pages * size / 2**30:.0f} GiB of memory, Python {platform.python_version()}"


def load() -> float:
    """Return how many tasks wanted to run in the last minute: figures of a busy machine mean little."""
    return round(os.getloadavg()[0], 1)


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.machine()
