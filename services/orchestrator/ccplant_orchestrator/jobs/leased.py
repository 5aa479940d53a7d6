"""A job that one replica does at a time.

The holder trusts its lease only until its own monotonic clock says so (asked_at + ttl − 2 s), so a process that was
frozen for longer finds on waking that it holds nothing. Even if it acts late it does no harm: all that jobs
write is compare-and-set or idempotent. The lease only keeps two replicas from doing the same work all day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from ccplant_platform.clock import Clock
from ccplant_store.errors import StoreError, StoreUnavailableError

_log = structlog.get_logger(__name__)

_OFTEN_SECONDS = 1.0
_MARGIN = 0.25
"""Of the lease's time: the holder stops so much earlier than the others may begin."""


class LeaseLike(Protocol):
    """What the store tells about a lease that was got."""

    @property
    def term(self) -> int: ...


class Leases(Protocol):
    """The store's leases."""

    async def acquire(self, name: str, holder: str, ttl_seconds: float) -> LeaseLike | None: ...

    async def release(self, name: str, holder: str) -> None: ...


class Tenure:
    """A holder's own view of how long it may act."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = float("-inf")
        self.term = 0

    @property
    def valid(self) -> bool:
        """Whether the lease may still be trusted at this moment."""
        return self._clock.monotonic() < self._until

    def extend(self, asked_at: float, ttl_seconds: float, term: int) -> None:
        """Note a lease that was asked for at `asked_at` on the monotonic clock."""
        self._until = asked_at + ttl_seconds * (1 - _MARGIN)
        self.term = term

    def end(self) -> None:
        """Trust it no longer."""
        self._until = float("-inf")


class LeasedJob:
    """Keeps asking for a lease, and runs `job` while it is held."""

    def __init__(
        self,
        name: str,
        job: Callable[[Tenure], Awaitable[None]],
        *,
        leases: Leases,
        holder: str,
        clock: Clock,
        ttl_seconds: float = 10.0,
    ) -> None:
        self.name = name
        self.tenure = Tenure(clock)
        self._job = job
        self._leases = leases
        self._holder = holder
        self._clock = clock
        self._ttl = ttl_seconds

    async def run(self) -> None:
        """Run until cancelled; the lease is given back then."""
        running: asyncio.Task[None] | None = None
        try:
            while True:
                held = await self._ask()
                if held and (running is None or running.done()):
                    self._report(running)
                    running = asyncio.create_task(self._run_job(), name=f"job:{self.name}")
                elif not held and running is not None and not self.tenure.valid:
                    await _cancel(running)
                    running = None
                await self._clock.sleep(max(_OFTEN_SECONDS, self._ttl / 4))
        finally:
            self.tenure.end()
            if running is not None:
                await _cancel(running)
            await self._give_back()

    async def _ask(self) -> bool:
        asked_at = self._clock.monotonic()
        try:
            lease = await self._leases.acquire(self.name, self._holder, self._ttl)
        except StoreUnavailableError as error:
            _log.warning("lease_not_asked", lease=self.name, error=str(error))
            return self.tenure.valid
        except Exception:  # noqa: BLE001 - logged; who stops asking because of one error never does the job again
            _log.exception("lease_not_asked", lease=self.name)
            return self.tenure.valid
        if lease is None:
            self.tenure.end()
            return False
        if lease.term != self.tenure.term:
            _log.info("lease_acquired", lease=self.name, term=lease.term)
        self.tenure.extend(asked_at, self._ttl, lease.term)
        return True

    async def _run_job(self) -> None:
        try:
            await self._job(self.tenure)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - logged; the next poke, or the resync, tries again
            _log.exception("job_failed", job=self.name)

    def _report(self, finished: asyncio.Task[None] | None) -> None:
        if finished is not None:
            _log.info("job_started_again", job=self.name)

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(2):
                await self._leases.release(self.name, self._holder)
        except (StoreError, TimeoutError) as error:
            _log.debug("lease_not_released", lease=self.name, error=str(error))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
