"""CPU time and memory of the processes of an installation, by what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_MARKS = (
    ("agents", "demo/agent.py"),
    ("supervisors", "supervise.py"),
    ("api", "ccplant_api"),
    ("orchestrator", "ccplant_orchestrator"),
    ("webhook-ingest", "ccplant_webhook_ingest"),
    ("scheduler", "ccplant_scheduler"),
    ("nats", "nats-server"),
    ("mongod", "mongod"),
    ("runners", "ccplant_runner"),
)
"""In this order: the arguments of agents and supervisors name the packages that their programs lie in too."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since their start, and resident bytes, of all processes of one kind."""

    cpu_seconds: float = 0.0
    resident: int = 0
    processes: int = 0


def kind_of(arguments: Sequence[str]) -> str | None:
    """Return what a process is by its arguments; pure. None: something else."""
    line = " ".join(arguments)
    return next((kind for kind, mark in _MARKS if mark in line), None)


def usage(root: int) -> dict[str, Usage]:
    """Return the use of everything below a process, by kind; the process itself is `up`."""
    found: dict[str, Usage] = defaultdict(Usage)
    top = psutil.Process(root)
    for process in [top, *top.children(recursive=True)]:
        try:
            kind = "up" if process.pid == root else kind_of(process.cmdline())
            times, memory = process.cpu_times(), process.memory_info()
        except psutil.NoSuchProcess:
            continue
        if kind is not None:
            before = found[kind]
            found[kind] = Usage(
                before.cpu_seconds + times.user + times.system,
                before.resident + memory.rss,
                before.processes + 1,
            )
    return dict(found)
