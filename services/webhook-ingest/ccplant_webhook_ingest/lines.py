"""Deliveries that wait in memory, each webhook's in the order in which they were received.

A place in line is taken when a delivery has arrived, before it is recorded: recording takes different times, and the order
must not depend on that. The lines are short; what finds no place waits in MongoDB, and so does all that comes for the same
webhook after it, until the sweep has fetched everything that was before.

Only deciding is done one after another. What is then to be written does not depend on those before, and is written side by
side. While much arrives, both give way to it, for a moment each: an answer has seconds, an outcome has not.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ccplant_platform.ending import ended
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_webhook_ingest.metrics import WAITING

_KEPT_BYTES = 64_000


@dataclass(slots=True, eq=False)
class Slot:
    """A place in line."""

    webhook_id: str
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _delivery: DeliveryDoc | None = None

    def fill(self, delivery: DeliveryDoc) -> None:
        """Say what stands here."""
        self._delivery = delivery
        self._filled.set()

    def drop(self) -> None:
        """Say that nothing stands here after all; nothing happens where something does."""
        self._filled.set()

    async def taken(self) -> DeliveryDoc | None:
        """Return what stands here, as soon as that is known."""
        await self._filled.wait()
        return self._delivery


Rest = Callable[[], Awaitable[None]]
"""What is to be written of a delivery that is decided."""
Decide = Callable[[DeliveryDoc], Awaitable[Rest | None]]

_GIVE_WAY_SECONDS = 0.25
_GIVE_WAY_STEP_SECONDS = 0.01


class Lines:
    """All lines; `decide` is called for one delivery of each webhook at a time, and neither it nor the rest may raise."""

    def __init__(
        self, decide: Decide, *, most: int, workers: int, busy: Callable[[], bool] = lambda: False
    ) -> None:
        self._decide = decide
        self._most = most
        self._busy = busy
        self._deciding = asyncio.Semaphore(workers)
        self._writing = asyncio.Semaphore(workers)
        self._writes: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, deque[Slot]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, DeliveryDoc] = {}
        self._behind: dict[str, _Behind] = {}
        self._count = 0
        self._closed = False

    @property
    def room(self) -> int:
        """How many places are free."""
        return 0 if self._closed else self._most - self._count

    def room_for(self, webhook_id: str) -> int:
        """How many places this webhook may take: its line is never longer than what is left for all others.

        So one alone gets half of the places, and whoever comes next still finds some.
        """
        return max(0, (self.room - len(self._waiting.get(webhook_id, ())) + 1) // 2)

    @property
    def half_empty(self) -> bool:
        """Whether half of the places are free."""
        return self._count <= self._most // 2

    @property
    def behind(self) -> bool:
        """Whether something waits in MongoDB because there was no place."""
        return bool(self._behind)

    def holds(self, delivery_id: str) -> bool:
        """Tell whether a delivery stands in a line, or is being processed."""
        return delivery_id in self._held

    def held(self) -> tuple[DeliveryDoc, ...]:
        """Return what stands in the lines."""
        return tuple(self._held.values())

    # --- new deliveries

    def reserve(self, webhook_id: str) -> Slot | None:
        """Take a place at the end of a webhook's line; None: it has to wait in MongoDB (`pass_by` says so)."""
        if self.room_for(webhook_id) <= 0 or webhook_id in self._behind:
            return None
        return self._stand(webhook_id)

    def pass_by(self, webhook_id: str) -> _Behind:
        """Note that a delivery is recorded without a place in line; `done` of what is returned: it is recorded."""
        behind = self._behind.setdefault(webhook_id, _Behind())
        behind.under_way += 1
        behind.changes += 1
        return behind

    # --- what the sweep fetches

    def behind_now(self) -> Mapping[str, int]:
        """Return which webhooks may have something in MongoDB all of which the next look will see."""
        return {
            webhook_id: behind.changes for webhook_id, behind in self._behind.items() if not behind.under_way
        }

    def caught_up(self, before: Mapping[str, int]) -> None:
        """Note that nothing is left in MongoDB of what `behind_now` told before the look."""
        for webhook_id, changes in before.items():
            behind = self._behind.get(webhook_id)
            if behind is not None and behind.changes == changes:
                del self._behind[webhook_id]

    def stand(self, webhook_id: str) -> Slot | None:
        """Take a place for what was fetched; None: there is none."""
        return self._stand(webhook_id) if self.room_for(webhook_id) > 0 else None

    def _stand(self, webhook_id: str) -> Slot:
        slot = Slot(webhook_id)
        self._waiting.setdefault(webhook_id, deque()).append(slot)
        self._count += 1
        WAITING.set(self._count)
        if webhook_id not in self._tasks:
            task = asyncio.create_task(self._work_off(webhook_id))
            self._tasks[webhook_id] = task
        return slot

    def fill(self, slot: Slot, delivery: DeliveryDoc) -> None:
        """Put a delivery in its place; a large payload stays in MongoDB until it is needed."""
        if delivery.payload is not None and len(delivery.payload) > _KEPT_BYTES:
            delivery = delivery.model_copy(update={"payload": None})
        self._held[delivery.id] = delivery
        slot.fill(delivery)

    # --- working

    async def _work_off(self, webhook_id: str) -> None:
        line = self._waiting[webhook_id]
        try:
            while line and not self._closed:
                await self._next(line)
        finally:
            # no wait since the line was found empty: nobody can have come in between
            del self._tasks[webhook_id]
            if not line:
                del self._waiting[webhook_id]

    async def _next(self, line: deque[Slot]) -> None:
        delivery = await line[0].taken()
        rest: Rest | None = None
        if delivery is not None:
            await self._give_way()
            if self._closed:
                return
            async with self._deciding:
                rest = await self._decide(delivery)
        if rest is None:
            self._leave(delivery)
        elif delivery is not None:
            await self._writing.acquire()
            task = asyncio.create_task(self._write(delivery, rest))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)
        line.popleft()

    async def _write(self, delivery: DeliveryDoc, rest: Rest) -> None:
        try:
            await rest()
        finally:
            self._writing.release()
        self._leave(delivery)

    def _leave(self, delivery: DeliveryDoc | None) -> None:
        if delivery is not None:
            self._held.pop(delivery.id, None)
        self._count -= 1
        WAITING.set(self._count)

    async def _give_way(self) -> None:
        for _ in range(round(_GIVE_WAY_SECONDS / _GIVE_WAY_STEP_SECONDS)):
            if self._closed or not self._busy():
                return
            await asyncio.sleep(_GIVE_WAY_STEP_SECONDS)

    async def close(self, seconds: float) -> tuple[DeliveryDoc, ...]:
        """Take no more, let what is in work come to its end, and return what stands there still."""
        self._closed = True
        for line in self._waiting.values():
            for slot in line:
                slot.drop()
        begun = time.monotonic()
        for tasks in (self._tasks.values(), self._writes):  # the first may add to the second
            if waiting := list(tasks):
                left = max(0.0, seconds - (time.monotonic() - begun))
                await asyncio.wait(waiting, timeout=left)
        await ended([*self._tasks.values(), *self._writes])
        return self.held()


@dataclass(slots=True)
class _Behind:
    """Deliveries of one webhook that are recorded without a place in line."""

    under_way: int = 0
    changes: int = 0

    def done(self) -> None:
        """One of them is recorded, or is not after all."""
        self.under_way -= 1
        self.changes += 1
