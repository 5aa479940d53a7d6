"""Looks at launches, and follows them: the kernel tells at once when a supervisor ends, a slow scan finds the rest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from ccplant_contracts.session import Condition, ContainerStatus, PodStatus
from ccplant_orchestrator.runtimes.local import ending, exit_record, files
from ccplant_orchestrator.runtimes.local.layout import DataFolder, LaunchFolder
from ccplant_orchestrator.runtimes.protocol import (
    ExitRecord,
    LaunchRef,
    Observation,
    Phase,
    StillRunningError,
)


def look(data: DataFolder, folder: LaunchFolder) -> Observation | None:
    """Read one launch; None: it was never started. An end that nobody recorded is recorded here."""
    named = exit_record.reference(folder)
    if named is None:
        return None
    supervised = exit_record.supervisor(folder)
    ended = files.read_json(str(folder.exit))
    if ended is None and supervised is not None and not exit_record.supervised(folder):
        try:
            settled = ending.end_unsupervised(data, folder)
        except StillRunningError:
            settled = False
        ended = files.read_json(str(folder.exit))
        if not settled and ended is None:
            return _observation(named, supervised[0], "unknown", None, None)
    if supervised is None:
        return None
    if ended is not None:
        record = exit_record.exit_record(folder, ended)
        return _observation(
            named, supervised[0], "exited", exit_record.moment(ended.get("exited_at")), record
        )
    phase: Phase = "running" if folder.runner.exists() else "starting"
    return _observation(named, supervised[0], phase, None, None)


def _observation(
    ref: LaunchRef,
    supervised: exit_record.Document,
    phase: Phase,
    exited_at: datetime | None,
    record: ExitRecord | None,
) -> Observation:
    started_at = exit_record.moment(supervised.get("started_at"))
    return Observation(
        ref=ref,
        uid=f"{ref.launch_id}.{supervised.get('pid')}.{supervised.get('start_time')}",
        phase=phase,
        started_at=started_at,
        exited_at=exited_at,
        exit=record,
        pod_status=_pod_status(phase, started_at, exited_at, record),
    )


def _pod_status(
    phase: Phase, started_at: datetime | None, exited_at: datetime | None, record: ExitRecord | None
) -> PodStatus:
    """Say it in the shape that a cluster would (S9)."""
    running = phase == "running"
    condition = Condition(
        type="Ready",
        status="True" if running else "False" if phase != "unknown" else "Unknown",
        last_transition_time=exited_at or started_at,
    )
    container = ContainerStatus(
        name="runner",
        state="terminated" if phase == "exited" else "waiting" if phase == "starting" else "running",
        ready=running,
        reason=_reason(record),
        exit_code=record.exit_code if record else None,
        signal=record.signal if record else None,
        started_at=started_at,
        finished_at=exited_at,
    )
    succeeded = record is not None and record.exit_code == 0
    if phase == "exited":
        return PodStatus(
            phase="Succeeded" if succeeded else "Failed",
            conditions=(condition,),
            container_statuses=(container,),
        )
    shown = {"starting": "Pending", "running": "Running"}
    return PodStatus.model_validate(
        {"phase": shown.get(phase, "Unknown"), "conditions": (condition,), "container_statuses": (container,)}
    )


def _reason(record: ExitRecord | None) -> str | None:
    if record is None:
        return None
    if record.oom_killed:
        return "OOMKilled"
    if record.node_shutdown:
        return "NodeShutdown"
    return "Completed" if record.exit_code == 0 else "Error"


class Watch:
    """One follower's view: what it was told last, and the supervisors whose end it waits for."""

    def __init__(self, data: DataFolder, poll_seconds: float, closed: Callable[[], bool]) -> None:
        self._data = data
        self._poll_seconds = poll_seconds
        self._closed = closed
        self._told: dict[LaunchFolder, Observation] = {}
        self._handles: dict[LaunchFolder, int] = {}
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Look again now."""
        self._wake.set()

    async def follow(self) -> AsyncIterator[Observation]:
        """Yield all launches, then each change, until the runtime is closed."""
        try:
            while not self._closed():
                self._wake.clear()
                for observation in await self._changes():
                    yield observation
                try:
                    async with asyncio.timeout(self._poll_seconds):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            for folder in list(self._handles):
                self._forget(folder)

    async def _changes(self) -> list[Observation]:
        seen, vanished = await asyncio.to_thread(self._scan)
        for folder in vanished:
            self._forget(folder)
        gone = [_vanished(self._told.pop(folder)) for folder in vanished]
        self._told.update(seen)
        for folder, observation in seen.items():
            if observation.phase in ("starting", "running"):
                self._await_end(folder)
        return gone + list(seen.values())

    def _scan(self) -> tuple[dict[LaunchFolder, Observation], list[LaunchFolder]]:
        found = set(self._data.launches())
        changed: dict[LaunchFolder, Observation] = {}
        for folder in found:
            told = self._told.get(folder)
            if told is not None and told.phase == "exited":
                continue
            observation = look(self._data, folder)
            if observation is not None and observation != told:
                changed[folder] = observation
        return changed, [folder for folder in self._told if folder not in found]

    def _await_end(self, folder: LaunchFolder) -> None:
        supervised = exit_record.supervisor(folder)
        if (
            folder in self._handles
            or supervised is None
            or supervised[1] is None
            or not hasattr(os, "pidfd_open")
        ):
            return
        try:
            handle = os.pidfd_open(supervised[1].pid)
        except OSError:  # gone already, or a kernel without pidfds: the next scan sees it
            return
        self._handles[folder] = handle
        asyncio.get_running_loop().add_reader(handle, self._ended, folder)
        if not supervised[1].alive:
            self._ended(folder)

    def _ended(self, folder: LaunchFolder) -> None:
        self._forget(folder)
        self.poke()

    def _forget(self, folder: LaunchFolder) -> None:
        handle = self._handles.pop(folder, None)
        if handle is not None:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)


def _vanished(told: Observation) -> Observation:
    """A launch whose folder is gone: whether that is an end is for a direct read to say."""
    return _observation(told.ref, {}, "unknown", told.exited_at, None)
