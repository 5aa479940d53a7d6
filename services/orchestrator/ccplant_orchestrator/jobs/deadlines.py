"""Time limits: sleeps until the nearest deadline, five seconds at most, woken by hints (S7).

Only the waking happens here. Whether a deadline has passed is for `decide` to say, on the document as it is then, so a
limit that was just extended is never missed and one that was shortened is never late by more than a look.
"""

from __future__ import annotations

import asyncio

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_orchestrator.jobs.leased import Tenure
from ccplant_orchestrator.sessions.keyed import KeyedWorker
from ccplant_platform.clock import Clock
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)

_LONGEST_SLEEP_SECONDS = 5.0
_SHORTEST_SLEEP_SECONDS = 0.05


class Deadlines:
    """The job."""

    def __init__(self, *, store: Store, bus: Client, sessions: KeyedWorker, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._sessions = sessions
        self._clock = clock
        self._wake = asyncio.Event()

    async def run(self, tenure: Tenure) -> None:
        """Wake sessions whose time is up while the lease is held."""
        subscription = await self._bus.subscribe(subjects.WAKE_DEADLINES, cb=self._hinted)
        try:
            while tenure.valid:
                self._wake.clear()
                await self._sleep(await self._look())
        finally:
            if not self._bus.is_closed:
                await subscription.unsubscribe()

    async def _look(self) -> float:
        """Poke what is due; return the seconds until the next look."""
        try:
            for session_id in await self._store.session_work.due(self._clock.now()):
                self._sessions.poke(session_id)
            nearest = await self._store.session_work.nearest_deadline(after=self._clock.now())
        except StoreUnavailableError as error:
            _log.warning("deadlines_not_looked", error=str(error))
            return 1.0
        if nearest is None:
            return _LONGEST_SLEEP_SECONDS
        left = (nearest - self._clock.now()).total_seconds()
        return min(_LONGEST_SLEEP_SECONDS, max(_SHORTEST_SLEEP_SECONDS, left))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _hinted(self, _message: Msg) -> None:
        self._wake.set()
