"""The outbox's publisher: lifecycle events from MongoDB to the bus, in order per session, at least once (W5).

A state change and its events are one transaction, so nothing can happen without its event being there. N+1 is sent
only after N is acknowledged. The publisher remembers when the stream was created: a stream that has another
birthday has lost what it held, so everything within retention is published again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from nats.errors import Error as NatsError

from ccplant_contracts.events import LifecycleEvent
from ccplant_orchestrator.jobs.leased import Tenure
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store.errors import StoreUnavailableError, TransactionContentionError

_log = structlog.get_logger(__name__)

_BATCH = 200
_POLL_SECONDS = 1.0
_LOOK_AT_STREAM_SECONDS = 10.0


class Outbox(Protocol):
    """What the store keeps of events."""

    async def unpublished(self, limit: int) -> Sequence[LifecycleEvent]: ...

    async def mark_published(self, ids: Sequence[str]) -> None: ...

    async def stream_created(self) -> datetime | None: ...

    async def set_stream_created(self, created: datetime) -> None: ...

    async def republish_since(self, since: datetime) -> int: ...


class EventStream(Protocol):
    """The bus's side."""

    async def created(self) -> datetime:
        """When the stream came into being; it is made again where it is missing."""

    async def publish(self, event: LifecycleEvent) -> None:
        """Send one event and return when it is acknowledged."""


class EventPublisher:
    """The job that empties the outbox."""

    def __init__(self, *, outbox: Outbox, stream: EventStream, clock: Clock, retention: timedelta) -> None:
        self._outbox = outbox
        self._stream = stream
        self._clock = clock
        self._retention = retention
        self._wake = asyncio.Event()
        self._looked_at = float("-inf")

    def wake(self) -> None:
        """Something was committed in this process: do not wait for the next look."""
        self._wake.set()

    async def run(self, tenure: Tenure) -> None:
        """Publish while the lease is held."""
        while tenure.valid:
            self._wake.clear()
            try:
                if self._clock.monotonic() - self._looked_at >= _LOOK_AT_STREAM_SECONDS:
                    await self._refill_a_new_stream()
                more = await self._publish_some(tenure)
            except (NatsError, TimeoutError, StoreUnavailableError, TransactionContentionError) as error:
                _log.warning("events_not_published", error=str(error) or type(error).__name__)
                self._looked_at = float("-inf")
                more = False
            if not more:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _refill_a_new_stream(self) -> bool:
        """Look at the stream's birthday; True where it was another, so that earlier events go first again."""
        now = self._clock.monotonic()
        created = await self._stream.created()
        known = await self._outbox.stream_created()
        if known != created:
            if known is not None:
                count = await self._outbox.republish_since(self._clock.now() - self._retention)
                _log.warning("event_stream_was_new", republished=count)
            await self._outbox.set_stream_created(created)
        self._looked_at = now
        return known not in (None, created)

    async def _publish_some(self, tenure: Tenure) -> bool:
        """Publish a batch; tell whether there may be more."""
        events = await self._outbox.unpublished(_BATCH)
        if events and await self._refill_a_new_stream():
            return True  # a new stream gets what came before these first, so that it has a session's events in order
        sent: list[str] = []
        try:
            for event in events:
                if not tenure.valid:
                    break
                await self._stream.publish(event)
                sent.append(event.id)
        finally:
            fault_point("orch.event.published")
            if sent:
                await self._outbox.mark_published(sent)
        return len(events) == _BATCH
