"""The local runtime: whether sessions have a place, and git to clone with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ccplant_orchestrator.doctor.finding import Finding, ok, warning, wrong
from ccplant_orchestrator.settings import OrchestratorSettings

NAME = "local"
_LEAST_BYTES = 1 << 30


def check(settings: OrchestratorSettings) -> Finding:
    """Look at this machine."""
    folder = settings.local_data_dir.expanduser()
    present = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    if not os.access(present, os.W_OK | os.X_OK):
        return wrong(NAME, "local_not_writable", path=folder)
    if shutil.which("git") is None:
        return wrong(NAME, "local_no_git")
    free = shutil.disk_usage(present).free
    if free < _LEAST_BYTES:
        return warning(NAME, "local_no_space", path=folder, free=f"{free >> 20} MiB")
    return ok(NAME, "local_ok", path=folder)
