"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

_TURNS = 10
"""How often the loop goes round after each sleeper: enough for plain code; what does I/O needs `eventually`."""


class FakeClock:
    """Time for tests: `sleep` returns when `advance` has passed its end, in the order of the ends."""

    def __init__(self, now: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 1_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._monotonic + seconds, self._count, woken))
        await woken

    @property
    def sleeping(self) -> int:
        """How many wait for time to pass."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def next_wake(self) -> float | None:
        """Return the seconds until the next sleeper's end."""
        ends = [end for end, _, woken in self._sleepers if not woken.done()]
        return min(ends) - self._monotonic if ends else None

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as a correction of the machine's time does."""
        self._now += timedelta(seconds=seconds)

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its own moment."""
        target = self._monotonic + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            end, _, woken = heapq.heappop(self._sleepers)
            self._pass(end)
            if not woken.done():
                woken.set_result(None)
            await self._settle()
        self._pass(target)
        await self._settle()

    def _pass(self, to: float) -> None:
        self._now += timedelta(seconds=to - self._monotonic)
        self._monotonic = to

    async def _settle(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
