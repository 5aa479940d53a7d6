"""Finds deliveries that were received and not processed, and puts them in line.

They are there because a process died, because there was no place in memory, because a try failed or because somebody wants
them processed again. Taking is a compare-and-set: several processes sweep, and one gets each delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.errors import StoreError
from ccplant_webhook_ingest.lines import Lines, Slot

_log = structlog.get_logger(__name__)

_AT_ONCE = 200
_CLAIM_SECONDS = 2.0
"""MongoDB holds what a killed process was about to write for up to a minute; the others must not wait for that."""
_BEHIND_SECONDS = 0.1
"""Between two looks while deliveries wait in MongoDB for a place in memory."""
_ROOM_SECONDS = 1.0


class Sweep:
    """Looks again and again, and when it is told to."""

    def __init__(
        self,
        store: Store,
        lines: Lines,
        clock: Clock,
        *,
        holder: str,
        lease: timedelta,
        every_seconds: float,
    ) -> None:
        self._store = store
        self._lines = lines
        self._clock = clock
        self._holder = holder
        self._lease = lease
        self._every = every_seconds
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except StoreError as error:
                _log.warning("sweep_failed", error=str(error))
            await self._enough_room()
            try:
                async with asyncio.timeout(_BEHIND_SECONDS if self._lines.behind else self._every):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _enough_room(self) -> None:
        """Wait until a look is worth it: many are fetched at once, not each for itself."""
        ends = self._clock.monotonic() + _ROOM_SECONDS
        while self._lines.behind and not self._lines.half_empty and self._clock.monotonic() < ends:
            await self._clock.sleep(_BEHIND_SECONDS)

    async def look(self) -> None:
        """Put all that is due in line, as far as there is room."""
        while (room := min(self._lines.room, _AT_ONCE)) > 0:
            before = self._lines.behind_now()
            found = await self._store.deliveries.due(self._clock.now(), limit=room)
            # those of our own lines are due as well, where they have waited for long
            due = [delivery for delivery in found if not self._lines.holds(delivery.id)]
            await self._take(due)
            if len(found) < room:
                self._lines.caught_up(before)
                return
            if not due:
                return

    async def _take(self, due: Sequence[DeliveryDoc]) -> None:
        slots: list[tuple[Slot, DeliveryDoc]] = []
        for delivery in due:
            slot = self._lines.stand(delivery.webhook_id)
            if slot is not None:
                slots.append((slot, delivery))
        await asyncio.gather(*(self._claim(slot, delivery) for slot, delivery in slots))

    async def _claim(self, slot: Slot, delivery: DeliveryDoc) -> None:
        try:
            async with asyncio.timeout(_CLAIM_SECONDS):
                claimed = await self._store.deliveries.claim(
                    delivery, holder=self._holder, now=self._clock.now(), lease=self._lease, taken_up=True
                )
            fault_point("ingest.delivery.claimed")
            if claimed is not None:
                self._lines.fill(slot, claimed)
        except (StoreError, TimeoutError) as error:
            _log.warning("delivery_not_claimed", delivery_id=delivery.id, error=str(error) or "no answer")
        finally:
            slot.drop()
