"""What the local runtime can be told; the defaults are what `ccplant up` uses."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_RUNNER = (sys.executable, "-m", "ccplant_runner")


@dataclass(frozen=True)
class LocalOptions:
    """Settings of one local runtime."""

    data_dir: Path
    anchor_pid: int | None = None
    """Sessions end when this process does."""
    runner_command: tuple[str, ...] = _RUNNER
    """An absolute path first; ``--spec PATH`` is appended."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """For the runner, besides what every runner gets."""
    end_grace_seconds: float = 3.0
    """Between SIGTERM and SIGKILL, when a session is destroyed without force or its anchor is gone."""
    end_bound_seconds: float = 10.0
    """How long after that a process may resist before `destroy` fails."""
    start_bound_seconds: float = 10.0
    """How long a supervisor may take to say that it started the runner."""
    log_limit_bytes: int = 8 << 20
    poll_seconds: float = 1.0
    """How soon launches that others started are seen."""
