"""A leased job goes on being asked for, whatever goes wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ccplant_orchestrator.jobs.leased import LeasedJob, Tenure
from ccplant_platform.clock import SystemClock


@dataclass(frozen=True)
class _Lease:
    term: int = 1


@dataclass
class _Leases:
    """Fails in the given ways, one after the other, then gives the lease."""

    failures: list[Exception] = field(default_factory=list)

    async def acquire(self, name: str, holder: str, ttl_seconds: float) -> _Lease | None:
        del name, holder, ttl_seconds
        if self.failures:
            raise self.failures.pop(0)
        return _Lease()

    async def release(self, name: str, holder: str) -> None:
        del name, holder


async def test_an_unexpected_error_does_not_end_the_asking() -> None:
    ran = asyncio.Event()

    async def job(tenure: Tenure) -> None:
        assert tenure.valid
        ran.set()

    leases = _Leases([RuntimeError("not one that is expected")])
    keeper = asyncio.create_task(
        LeasedJob("job", job, leases=leases, holder="me", clock=SystemClock(), ttl_seconds=3).run()
    )
    try:
        await asyncio.wait_for(ran.wait(), 10)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
