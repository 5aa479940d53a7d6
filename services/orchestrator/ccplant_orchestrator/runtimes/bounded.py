"""A timeout on every wait for a runtime, whatever the runtime is.

A place that neither answers nor fails would hold up the reconciler of a session, the sweep or the heartbeats for good.
Each runtime bounds its own calls where it knows best; this is the bound behind them, so generous that only what hangs
meets it. Every call is idempotent, so one that was cut off is simply made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.session import SessionConfig
from ccplant_contracts.stream import StreamEvent
from ccplant_orchestrator.runtimes.protocol import (
    LOG_TAIL_LINES,
    CurrentLaunches,
    KnownVolumes,
    LaunchRef,
    Observation,
    Runtime,
    RuntimeFailedError,
    StartProblem,
    Volume,
)

LOOK_SECONDS = 20.0
"""A direct read of one launch."""
LIST_SECONDS = 60.0
CHANGE_SECONDS = 90.0
"""Something is made or taken away."""
END_SECONDS = 180.0
"""A graceful end with all its graces (30 s to end, 30 s for a node that is slow, and room)."""
SWEEP_SECONDS = 600.0


class BoundedRuntime:
    """Passes every call on, and gives up waiting for it after its time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @property
    def kind(self) -> str:
        return self._runtime.kind

    @property
    def limits_enforced(self) -> bool:
        return self._runtime.limits_enforced

    @property
    def namespace(self) -> str:
        return self._runtime.namespace

    async def launch(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> None:
        async with _bound("launch", CHANGE_SECONDS):
            await self._runtime.launch(spec, ref, config, volume)

    async def signal_stop(self, ref: LaunchRef, *, grace_seconds: float) -> None:
        async with _bound("signal_stop", LOOK_SECONDS):
            await self._runtime.signal_stop(ref, grace_seconds=grace_seconds)

    async def destroy(self, ref: LaunchRef, *, force: bool) -> None:
        async with _bound("destroy", END_SECONDS):
            await self._runtime.destroy(ref, force=force)

    async def release(self, ref: LaunchRef) -> None:
        async with _bound("release", CHANGE_SECONDS):
            await self._runtime.release(ref)

    async def delete_volume(self, volume_id: str) -> None:
        async with _bound("delete_volume", CHANGE_SECONDS):
            await self._runtime.delete_volume(volume_id)

    async def get(self, ref: LaunchRef) -> Observation | None:
        async with _bound("get", LOOK_SECONDS):
            return await self._runtime.get(ref)

    async def list(self) -> Sequence[Observation]:
        async with _bound("list", LIST_SECONDS):
            return await self._runtime.list()

    def changes(self) -> AsyncIterator[Observation]:
        return self._runtime.changes()  # endless by nature; the resync finds what it does not tell

    async def remaining_output(self, ref: LaunchRef, after_seq: int) -> AsyncIterator[StreamEvent]:
        events = aiter(self._runtime.remaining_output(ref, after_seq))
        while True:
            async with _bound("remaining_output", LOOK_SECONDS):
                event = await anext(events, None)
            if event is None:
                return
            yield event

    async def log_tail(self, ref: LaunchRef, lines: int = LOG_TAIL_LINES) -> tuple[str, ...]:
        async with _bound("log_tail", LOOK_SECONDS):
            return await self._runtime.log_tail(ref, lines)

    async def diagnose(self, ref: LaunchRef) -> StartProblem | None:
        async with _bound("diagnose", LOOK_SECONDS):
            return await self._runtime.diagnose(ref)

    async def sweep(self, current: CurrentLaunches, volumes: KnownVolumes) -> int:
        async with _bound("sweep", SWEEP_SECONDS):
            return await self._runtime.sweep(current, volumes)

    async def aclose(self) -> None:
        async with _bound("aclose", LOOK_SECONDS):
            await self._runtime.aclose()


@asynccontextmanager
async def _bound(call: str, seconds: float) -> AsyncIterator[None]:
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            yield
    except TimeoutError as error:
        if not timeout.expired():
            raise
        raise RuntimeFailedError(f"the runtime did not answer {call} within {seconds:g} s") from error
