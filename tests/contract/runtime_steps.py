"""Steps that the tests of runtimes share: launch, wait for a line, for an end, for a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation, Runtime, Volume
from tests.contract.runtime_place import new_ref, spec_for
from tests.support.waiting import eventually

CONFIG = SessionConfig()
_SECONDS = 30.0
"""A machine that is busy takes its time; what never comes is waited for as long."""


async def start(
    runtime: Runtime,
    steps: str = "wait",
    *,
    ref: LaunchRef | None = None,
    config: SessionConfig = CONFIG,
    volume: str | None = None,
) -> LaunchRef:
    """Launch, on a volume where one is named, and return the launch's name."""
    ref = ref or new_ref()
    kept = None if volume is None else Volume(volume, "tester", "1Gi")
    await runtime.launch(spec_for(ref, steps), ref, config, kept)
    return ref


async def said(runtime: Runtime, ref: LaunchRef, line: str) -> tuple[str, ...]:
    """Wait until the runner has written a line; return the log's end."""

    async def look() -> tuple[str, ...]:
        tail = await runtime.log_tail(ref)
        assert line in tail, tail
        return tail

    return await eventually(look, _SECONDS)


async def runs(runtime: Runtime, ref: LaunchRef) -> Observation:
    """Wait until the launch waits inside and is seen running from outside, which a kubelet reports in its own time."""
    await said(runtime, ref, "waiting")

    async def look() -> Observation:
        seen = await runtime.get(ref)
        assert seen is not None
        assert seen.phase == "running"
        return seen

    return await eventually(look, _SECONDS)


async def exited(runtime: Runtime, ref: LaunchRef) -> Observation:
    """Wait until the launch has ended."""

    async def look() -> Observation:
        seen = await runtime.get(ref)
        assert seen is not None
        assert seen.phase == "exited"
        return seen

    return await eventually(look, _SECONDS)


def anything(_: Observation) -> bool:
    """Accept whatever comes."""
    return True


async def next_of(
    changes: AsyncIterator[Observation], accept: Callable[[Observation], bool], timeout: float = _SECONDS
) -> Observation:
    """Return the next change that is accepted."""
    async with asyncio.timeout(timeout):
        async for observation in changes:
            if accept(observation):
                return observation
    raise AssertionError("the changes ended")
