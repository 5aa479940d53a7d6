"""What lies or runs here for no current launch: found by our own folders and marks, so strangers are never touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import structlog

from ccplant_orchestrator.runtimes.local import ending, exit_record, strays
from ccplant_orchestrator.runtimes.local.layout import DataFolder, LaunchFolder
from ccplant_orchestrator.runtimes.local.strays import Stray
from ccplant_orchestrator.runtimes.protocol import LaunchRef

_log = structlog.get_logger(__name__)

_FENCE_LIFE_SECONDS = 30 * 86_400.0


@dataclass(frozen=True)
class Seen:
    """What is here, looked at before anybody is asked what should be."""

    folders: Mapping[str, LaunchFolder]
    strays: Sequence[Stray]
    volumes: frozenset[str] = frozenset()


def look(data: DataFolder) -> Seen:
    """Look at what lies and runs here; processes first, for a folder is made before its processes."""
    marked = tuple(strays.marked(data))
    volumes = frozenset(volume.path.name for volume in data.volumes())
    return Seen({folder.launch_id: folder for folder in data.launches()}, marked, volumes)


def abandoned(seen: Seen, current: AbstractSet[str]) -> list[LaunchRef]:
    """Return launches with a folder that are in nobody's plans."""
    found = []
    for folder in seen.folders.values():
        if folder.launch_id in current:
            continue
        named = exit_record.reference(folder)
        # a crash can leave a folder without its reference: its place still names it
        found.append(named or LaunchRef(folder.path.parent.name, folder.launch_id, 1, ""))
    return found


def rest(data: DataFolder, seen: Seen, current: AbstractSet[str]) -> set[str]:
    """End processes without a supervisor or a folder, finish removals; return the launches that had such processes."""
    collected: set[str] = set()
    for stray in seen.strays:
        folder = seen.folders.get(stray.launch_id)
        if folder is not None and (exit_record.supervised(folder) or _is_looked_after(folder, current)):
            continue
        if strays.kill(stray):
            _log.warning("stray_killed", launch_id=stray.launch_id, pid=stray.pid)
            collected.add(stray.launch_id)
    ending.empty_trash(data)
    ending.drop_old_fences(data, _FENCE_LIFE_SECONDS)
    return collected


def _is_looked_after(folder: LaunchFolder, current: AbstractSet[str]) -> bool:
    """A current launch whose supervisor died is ended by whoever looks at it next; until then it has no record."""
    return folder.launch_id in current and not folder.exit.exists()
