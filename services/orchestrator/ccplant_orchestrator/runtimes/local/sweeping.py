"""What lies or runs here for no current launch: found by our own folders and marks, so strangers are never touched."""

from __future__ import annotations

import time
from collections.abc import Set as AbstractSet

import structlog

from ccplant_orchestrator.runtimes.local import ending, exit_record, strays
from ccplant_orchestrator.runtimes.local.layout import DataFolder, LaunchFolder
from ccplant_orchestrator.runtimes.protocol import LaunchRef

_log = structlog.get_logger(__name__)

_FENCE_LIFE_SECONDS = 30 * 86_400.0


def abandoned(data: DataFolder, current: AbstractSet[str], spared_seconds: float) -> list[LaunchRef]:
    """Return launches with a folder that are in nobody's plans and not so young that the plans may just be older."""
    found = []
    for folder in data.launches():
        if folder.launch_id in current or _age(folder) < spared_seconds:
            continue
        named = exit_record.reference(folder)
        # a crash can leave a folder without its reference: its place still names it
        found.append(named[0] if named else LaunchRef(folder.path.parent.name, folder.launch_id, 1, ""))
    return found


def _age(folder: LaunchFolder) -> float:
    try:
        made = min(folder.path.stat().st_mtime, folder.reference.stat().st_mtime)
    except FileNotFoundError:
        made = folder.path.stat().st_mtime if folder.path.exists() else 0.0
    return time.time() - made


def rest(data: DataFolder, current: AbstractSet[str]) -> int:
    """End processes without a supervisor or a folder, finish removals; return how many launches had such processes."""
    folders = {folder.launch_id: folder for folder in data.launches()}
    collected = set()
    for stray in strays.marked(data):
        folder = folders.get(stray.launch_id) or _appeared(data, stray.launch_id)
        if folder is not None and (exit_record.supervised(folder) or _is_looked_after(folder, current)):
            continue
        _log.warning("stray_killed", launch_id=stray.launch_id, pid=stray.pid)
        strays.kill(stray)
        collected.add(stray.launch_id)
    ending.empty_trash(data)
    ending.drop_old_fences(data, _FENCE_LIFE_SECONDS)
    return len(collected)


def _is_looked_after(folder: LaunchFolder, current: AbstractSet[str]) -> bool:
    """A current launch whose supervisor died is ended by whoever looks at it next; until then it has no record."""
    return folder.launch_id in current and not folder.exit.exists()


def _appeared(data: DataFolder, launch_id: str) -> LaunchFolder | None:
    return next((folder for folder in data.launches() if folder.launch_id == launch_id), None)
