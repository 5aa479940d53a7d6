"""Finds deliveries that were received and not processed, and puts them in line.

They are there because a process died, because there was no place in memory, because a try failed or because somebody wants
them processed again. Taking is a compare-and-set: several processes sweep, and one gets each delivery. Each webhook is
looked at by itself: one that is slow, or has thousands behind it, hides nobody else's.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Mapping, Sequence
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
        self._turn = ""
        """Of which webhook: there was no room for it at the last look."""

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
        """Put what is due in line, webhook by webhook, as far as there is room: the one whose turn it is comes first."""
        before = self._lines.behind_now()
        waiting = sorted(await self._store.deliveries.webhooks_received())
        self._lines.caught_up({name: seen for name, seen in before.items() if name not in waiting})
        start = bisect_left(waiting, self._turn)
        for webhook_id in (*waiting[start:], *waiting[:start]):
            if self._lines.room <= 0:
                self._turn = webhook_id
                return
            await self._fetch(webhook_id, before)

    async def _fetch(self, webhook_id: str, before: Mapping[str, int]) -> None:
        room = min(self._lines.room_for(webhook_id), _AT_ONCE)
        if room <= 0:
            return
        # those of our own lines are due as well, where they have waited for long
        held = [delivery.id for delivery in self._lines.held() if delivery.webhook_id == webhook_id]
        due = await self._store.deliveries.due(webhook_id, self._clock.now(), limit=room, without=held)
        if len(due) < room:
            await self._take(due)
            self._lines.caught_up({name: seen for name, seen in before.items() if name == webhook_id})
            return
        # there are more of them: what comes now must not overtake those
        self._lines.pass_by(webhook_id).done()
        await self._take(due)

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
