"""The scheduler: looks at what is due, sleeps until the next tick, and is woken by whoever changes one.

Any number of replicas does so at once, without a lease: each tick is a compare-and-set that one of them wins. A lease would
have its ticks wait for its end whenever a holder dies; so nothing waits.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from ccplant_platform.clock import Clock
from ccplant_scheduler.firing import Firing, NotUnderstoodError, Passed
from ccplant_scheduler.metrics import LATE_SECONDS, TICKS
from ccplant_scheduler.settings import SchedulerSettings
from ccplant_store import Store
from ccplant_store.errors import StoreError
from ccplant_store.schedules.model import ScheduleDoc
from ccplant_triggers.ticks import FAR_AHEAD

_log = structlog.get_logger(__name__)

_AT_ONCE = 500
_LEAST_SECONDS = 1.0
"""Between two looks where nothing moved at the one before, or MongoDB was away."""
_SHORTEST_SECONDS = 0.001
_CLOCK_SECONDS = 60.0
"""How often schedules are looked for that a clock decided on which was set back since."""
_AFTER_FAILURE_SECONDS = 10.0


class Scheduler:
    """One replica."""

    def __init__(
        self, store: Store, clock: Clock, settings: SchedulerSettings, *, tell: Callable[[str], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._tell = tell
        self._firing = Firing(store, clock)
        self._woken = asyncio.Event()
        self._places = asyncio.Semaphore(settings.scheduler_concurrency)
        self._failed: dict[str, float] = {}
        """Until when a schedule is left alone whose tick could not be written."""
        self._clock_looked_at = float("-inf")

    def wake(self) -> None:
        """Look now: a schedule was changed."""
        self._woken.set()

    async def run(self) -> None:
        """Look after schedules, until cancelled."""
        while True:
            self._woken.clear()
            try:
                seconds = await self._look()
            except (StoreError, TimeoutError) as error:
                _log.warning("look_failed", error=str(error) or type(error).__name__)
                seconds = _LEAST_SECONDS
            except Exception:  # noqa: BLE001 - logged; a scheduler that has ended fires nothing at all
                _log.exception("look_failed")
                seconds = _LEAST_SECONDS
            await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _look(self) -> float:
        """Fire what is due; return how long nothing will be."""
        await self._look_at_clock()
        while True:
            self._forgive()
            looked_at = self._clock.now()
            # however many are left alone, as many others have their turn
            found = await self._store.schedules.due(looked_at, limit=_AT_ONCE + len(self._failed))
            due = [each for each in found if each.id not in self._failed]
            if not due:
                break
            # replicas that begin at different ends do not lose to each other at every tick
            random.shuffle(due)
            if not await self._fire_all(due):
                return _LEAST_SECONDS
        left = self._settings.scheduler_look_seconds
        # what is due and is left alone for now neither makes this a busy loop nor delays the others
        nearest = await self._store.schedules.nearest(after=looked_at)
        if nearest is not None:
            left = min(left, (nearest - self._clock.now()).total_seconds())
        return max(left, _SHORTEST_SECONDS)

    async def _fire_all(self, due: Sequence[ScheduleDoc]) -> bool:
        """Fire each; tell whether any of them moved on, by this replica or by one that was faster.

        Raises:
            StoreError: MongoDB failed at one of them; the others were tried all the same.
        """
        ended = await asyncio.gather(*(self._fire(each) for each in due), return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return any(ended)

    async def _fire(self, schedule: ScheduleDoc) -> bool:
        async with self._places:
            try:
                written = await self._firing.fire(schedule)
            except StoreError:
                raise
            except NotUnderstoodError as error:
                _log.error("schedule_not_understood", schedule_id=schedule.id, problem=str(error))
                self._failed[schedule.id] = self._clock.monotonic() + _AFTER_FAILURE_SECONDS
                return False
            except Exception:  # noqa: BLE001 - logged, and tried again later: the others must fire
                _log.exception("tick_failed", schedule_id=schedule.id)
                self._failed[schedule.id] = self._clock.monotonic() + _AFTER_FAILURE_SECONDS
                return False
        if isinstance(written, Passed):
            # lost to another replica: the next ones are to be looked for at once, and not after a rest
            return written is Passed.LOST
        TICKS.inc()
        if schedule.next_fire_at is not None:
            LATE_SECONDS.observe(max(0.0, (self._clock.now() - schedule.next_fire_at).total_seconds()))
        if written.queue is not None:
            self._tell(written.queue)
        return True

    def _forgive(self) -> None:
        now = self._clock.monotonic()
        self._failed = {each: until for each, until in self._failed.items() if until > now}

    async def _look_at_clock(self) -> None:
        now = self._clock.monotonic()
        if now - self._clock_looked_at < _CLOCK_SECONDS:
            return
        self._clock_looked_at = now
        ahead = await self._store.schedules.decided_ahead(self._clock.now() + FAR_AHEAD, limit=_AT_ONCE)
        for schedule in ahead:
            try:
                await self._firing.begin_anew(schedule)
            except NotUnderstoodError as error:
                _log.error("schedule_not_understood", schedule_id=schedule.id, problem=str(error))
