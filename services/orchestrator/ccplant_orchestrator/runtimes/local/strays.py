"""Finds processes of sessions that no supervisor watches any more, and ends them.

A supervisor that is itself killed takes its runner along (parent-death signal), but a tool in a session of its own
lives on under another parent. It still carries the launch's mark in its environment, or the launch's private home.
Only such marks count, never a folder that somebody merely stands in: a person's shell is not ours to kill.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ccplant_orchestrator.runtimes.local import exit_record, files, processes
from ccplant_orchestrator.runtimes.local.layout import DATA_MARK, LAUNCH_MARK, DataFolder, LaunchFolder

_RETRY_SECONDS = 0.02
_QUIET_LOOKS = 2


@dataclass(frozen=True)
class Stray:
    """A living process that was started for a launch."""

    launch_id: str
    pid: int
    start_time: int


def marked(data: DataFolder) -> Iterator[Stray]:
    """Find all living processes that carry a mark of this data folder, well supervised or not."""
    data_id = data.data_id().encode()
    homes = data.sessions.resolve()
    for pid, started, environment in processes.environments():
        launch_id = _launch_of(environment, data_id, homes)
        if launch_id is not None:
            yield Stray(launch_id, pid, started)


def _launch_of(environment: dict[bytes, bytes], data_id: bytes, sessions: Path) -> str | None:
    if environment.get(DATA_MARK.encode()) == data_id:
        return os.fsdecode(environment.get(LAUNCH_MARK.encode(), b"?"))
    home = Path(os.fsdecode(environment.get(b"HOME", b"")))
    if len(home.parts) == len(sessions.parts) + 4 and home.parts[-2:] == ("state", "home"):
        folder = LaunchFolder(home.parents[1])
        if folder.path.parents[1] in (sessions, sessions.resolve()) and folder.home == home:
            return folder.launch_id
    return None


def kill(stray: Stray) -> bool:
    """Kill one; False where it is gone already."""
    return processes.send(stray.pid, stray.start_time, signal.SIGKILL)


def end_all_of(data: DataFolder, folder: LaunchFolder, seconds: float) -> bool:
    """Kill whatever runs for a launch that nobody supervises; False where something is left when the time is over."""
    until = time.monotonic() + seconds
    quiet = 0
    while True:
        left = _all_of(data, folder)
        for stray in left:
            kill(stray)
        # a process in the middle of an exec shows no environment for a moment, so one quiet look is not enough
        quiet = 0 if left else quiet + 1
        if quiet == _QUIET_LOOKS:
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(_RETRY_SECONDS)


def _all_of(data: DataFolder, folder: LaunchFolder) -> list[Stray]:
    found = [stray for stray in marked(data) if stray.launch_id == folder.launch_id]
    # a runner hides its environment from others, so it is known by its pid
    runner = exit_record.Process.of(files.read_json(str(folder.runner)))
    supervisor = exit_record.supervisor(folder)
    this_life = supervisor is not None and supervisor[1] is not None
    if this_life and runner is not None and runner.alive:
        found.append(Stray(folder.launch_id, runner.pid, runner.start_time))
    return found
