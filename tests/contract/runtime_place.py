"""What the shared tests of runtimes need from a place where sessions run; each runtime brings its own."""

from __future__ import annotations

from typing import Protocol

from ccplant_contracts.ids import new_launch_id, pod_name
from ccplant_contracts.launch import BusAccess, LaunchSpec
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import Mode
from ccplant_orchestrator.runtimes.protocol import CurrentLaunches, KnownVolumes, LaunchRef, Runtime


class Place(Protocol):
    """A place with the stand-in runner installed, seen without the runtime under test."""

    def open(self) -> Runtime:
        """Make a runtime over this place, as one more replica would."""

    def processes(self, ref: LaunchRef) -> list[int]:
        """Find the living processes of a launch by looking at the place itself."""

    def starts(self, ref: LaunchRef) -> int:
        """Count how often the launch's runner was started."""

    def kill_runner(self, ref: LaunchRef) -> None:
        """SIGKILL the runner, as the kernel might."""

    def traces(self, ref: LaunchRef) -> list[str]:
        """Name whatever is left of a launch."""

    async def close(self) -> None:
        """Close the runtimes and end everything."""


def new_ref(session_id: str = "session-tester-0123456789", attempt: int = 1) -> LaunchRef:
    """Name a launch that was never there."""
    return LaunchRef(session_id, str(new_launch_id()), attempt, pod_name(session_id, attempt))


def spec_for(ref: LaunchRef, steps: str) -> LaunchSpec:
    """Make a specification whose runner does these steps."""
    return LaunchSpec(
        session_id=ref.session_id,
        launch_id=ref.launch_id,
        attempt=ref.attempt,
        owner="tester",
        mode=Mode.INTERACTIVE,
        bus=BusAccess(url="nats://127.0.0.1:1", inbox_prefix="_INBOX_x", password="hidden-in-the-spec"),
        workspace="",
        state_dir="",
        agent="demo",
        env={"STANDIN": steps},
        policy=PermissionPolicy(mode=PolicyMode.ASK),
    )


def owned(*launch_ids: str) -> CurrentLaunches:
    """Say that these launches, and no others, are in somebody's plans."""

    async def read() -> frozenset[str]:
        return frozenset(launch_ids)

    return read


def recorded(*volume_ids: str) -> KnownVolumes:
    """Say that these volumes, and no others, have a record."""

    async def read() -> frozenset[str]:
        return frozenset(volume_ids)

    return read


no_volumes = recorded()
"""No volume has a record."""
