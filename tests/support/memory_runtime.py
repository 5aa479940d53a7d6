"""A place where sessions run that keeps them in memory: the runtime's seam, for tests of what stands above it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.session import Diagnosis, PodStatus, SessionConfig
from ccplant_contracts.stream import StreamEvent
from ccplant_orchestrator.runtimes.protocol import (
    CurrentLaunches,
    ExitRecord,
    KnownVolumes,
    LaunchRef,
    LaunchRefusedError,
    Observation,
    Phase,
    RuntimeFailedError,
    StartProblem,
    Volume,
    VolumeInUseError,
)


@dataclass
class MemoryRuntime:
    """Launches as entries of a dict; a test ends them by `exit`."""

    launched: dict[str, LaunchSpec] = field(default_factory=dict)
    observed: dict[str, Observation] = field(default_factory=dict)
    signalled: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    volumes: dict[str, Volume] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    """Launch that is not released → its volume."""
    stuck: bool = False
    """Whether volumes cannot be removed now."""
    problem: StartProblem | None = None
    """What it says where it is asked why a launch does not start."""
    refusal: StartProblem | None = None
    """Why it refuses launches now."""
    in_use: Diagnosis | None = None
    """What it says of a volume that another launch has."""
    why_failing: Diagnosis | None = None
    """What it says where it cannot be asked."""
    tail: dict[str, list[StreamEvent]] = field(default_factory=dict)
    starts: int = 0
    shown: Phase = "running"
    """How a launch looks once it was accepted."""
    failing: bool = False
    """Whether it cannot be asked now."""
    follow_error: Exception | None = None
    """Raised once by whoever follows."""
    kind: str = "memory"
    limits_enforced: bool = False
    namespace: str = "memory"
    _changed: asyncio.Queue[Observation] = field(default_factory=asyncio.Queue)

    async def launch(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> None:
        del config
        if ref.launch_id in self.launched or ref.launch_id in self.released:
            return
        if self.refusal is not None:
            raise LaunchRefusedError(self.refusal.diagnosis, hopeless=self.refusal.hopeless)
        if volume is not None:
            if volume.id in self.used.values():
                raise VolumeInUseError(volume.id, diagnosis=self.in_use)
            self.volumes[volume.id] = volume
            self.used[ref.launch_id] = volume.id
        self.starts += 1
        self.launched[ref.launch_id] = spec
        self._show(
            Observation(ref, ref.launch_id, self.shown, _now(), None, None, PodStatus(phase="Running"))
        )

    async def signal_stop(self, ref: LaunchRef, *, grace_seconds: float) -> None:
        del grace_seconds
        self.signalled.append(ref.launch_id)

    async def destroy(self, ref: LaunchRef, *, force: bool) -> None:
        del force
        self.exit(ref.launch_id, ExitRecord(signal=9))

    async def release(self, ref: LaunchRef) -> None:
        self.observed.pop(ref.launch_id, None)
        self.used.pop(ref.launch_id, None)
        self.released.append(ref.launch_id)

    async def delete_volume(self, volume_id: str) -> None:
        if self.stuck or volume_id in self.used.values():
            raise VolumeInUseError(volume_id)
        self.volumes.pop(volume_id, None)

    async def get(self, ref: LaunchRef) -> Observation | None:
        if self.failing:
            raise RuntimeFailedError("the place cannot be asked", diagnosis=self.why_failing)
        return self.observed.get(ref.launch_id)

    async def list(self) -> Sequence[Observation]:
        return list(self.observed.values())

    async def changes(self) -> AsyncIterator[Observation]:
        for observation in list(self.observed.values()):
            yield observation
        while True:
            observation = await self._changed.get()
            error, self.follow_error = self.follow_error, None
            if error is not None:
                self._changed.put_nowait(observation)
                raise error
            yield observation

    async def remaining_output(self, ref: LaunchRef, after_seq: int) -> AsyncIterator[StreamEvent]:
        for event in self.tail.get(ref.launch_id, []):
            if event.seq > after_seq:
                yield event

    async def log_tail(self, ref: LaunchRef, lines: int = 50) -> tuple[str, ...]:
        del ref, lines
        return ()

    async def diagnose(self, ref: LaunchRef) -> StartProblem | None:
        del ref
        return self.problem

    async def sweep(self, current: CurrentLaunches, volumes: KnownVolumes) -> int:
        seen, kept = list(self.observed), list(self.volumes)
        owned, known = await current(), await volumes()
        for volume_id in set(kept) - known:
            del self.volumes[volume_id]
        strangers = [launch_id for launch_id in seen if launch_id not in owned]
        for launch_id in strangers:
            del self.observed[launch_id]
        return len(strangers)

    async def aclose(self) -> None:
        return

    def exit(self, launch_id: str, record: ExitRecord) -> None:
        """End a launch, as if its runner had died."""
        observation = self.observed.get(launch_id)
        if observation is not None and observation.phase != "exited":
            self._show(replace(observation, phase="exited", exited_at=_now(), exit=record))

    def vanish(self, launch_id: str) -> None:
        """Take a launch away, as if somebody had deleted its Pod."""
        del self.observed[launch_id]

    def _show(self, observation: Observation) -> None:
        self.observed[observation.ref.launch_id] = observation
        self._changed.put_nowait(observation)


def _now() -> datetime:
    return datetime.now(UTC)
