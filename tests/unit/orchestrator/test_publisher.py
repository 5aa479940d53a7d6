"""The outbox's publisher: in order, at least once, and again where the stream lost what it held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ccplant_contracts.events import LifecycleEvent
from ccplant_orchestrator.events.publisher import EventPublisher
from ccplant_orchestrator.jobs.leased import Tenure
from ccplant_platform.clock import SystemClock
from tests.support.clock import FakeClock

BORN = datetime(2026, 3, 1, tzinfo=UTC)


def event(session: str, sequence: int) -> LifecycleEvent:
    return LifecycleEvent(
        id=f"{session}-{sequence}",
        type="prompt.queued",
        session_id=session,
        owner="ada",
        sequence=sequence,
        time=BORN,
        data={},
    )


class MemoryOutbox:
    """The outbox's seam, in memory."""

    def __init__(self, events: Sequence[LifecycleEvent], created: datetime | None) -> None:
        self.events = list(events)
        self.published: set[str] = set()
        self.created = created

    async def unpublished(self, limit: int) -> Sequence[LifecycleEvent]:
        return [item for item in self.events if item.id not in self.published][:limit]

    async def mark_published(self, ids: Sequence[str]) -> None:
        self.published.update(ids)

    async def stream_created(self) -> datetime | None:
        return self.created

    async def set_stream_created(self, created: datetime) -> None:
        self.created = created

    async def republish_since(self, _since: datetime) -> int:
        count = len(self.published)
        self.published.clear()
        return count


class MemoryStream:
    """The bus's seam, which refuses when told to."""

    def __init__(self, born: datetime = BORN) -> None:
        self.born = born
        self.got: list[str] = []
        self.refuse: set[str] = set()

    async def created(self) -> datetime:
        return self.born

    async def publish(self, item: LifecycleEvent) -> None:
        if item.id in self.refuse:
            self.refuse.discard(item.id)
            raise TimeoutError
        self.got.append(item.id)


class Ticks:
    """A tenure that ends after the outbox is empty."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        self._outbox = outbox
        self._looks = 0

    @property
    def valid(self) -> bool:
        self._looks += 1
        done = {item.id for item in self._outbox.events} <= self._outbox.published
        return not done and self._looks < 10_000


async def publish(outbox: MemoryOutbox, stream: MemoryStream) -> None:
    publisher = EventPublisher(outbox=outbox, stream=stream, clock=SystemClock(), retention=timedelta(days=7))
    publisher.wake()
    tenure = Ticks(outbox)
    await publisher.run(tenure)  # type: ignore[arg-type]  # a tenure by another clock


async def test_a_refused_event_holds_back_the_ones_after_it() -> None:
    outbox = MemoryOutbox([event("a", 1), event("a", 2), event("a", 3)], BORN)
    stream = MemoryStream()
    stream.refuse = {"a-2"}
    await publish(outbox, stream)
    assert stream.got == ["a-1", "a-2", "a-3"]


async def test_a_stream_with_another_birthday_gets_everything_again() -> None:
    outbox = MemoryOutbox([event("a", 1), event("a", 2)], BORN)
    outbox.published = {"a-1"}
    stream = MemoryStream(born=BORN + timedelta(hours=1))
    await publish(outbox, stream)
    assert stream.got == ["a-1", "a-2"]
    assert outbox.created == stream.born


async def test_a_stream_that_was_lost_since_the_last_look_gets_earlier_events_before_new_ones(
    clock: FakeClock,
) -> None:
    outbox, stream = MemoryOutbox([event("a", 1)], BORN), MemoryStream()
    publisher = EventPublisher(outbox=outbox, stream=stream, clock=clock, retention=timedelta(days=7))
    publisher.wake()
    await publisher.run(Ticks(outbox))  # type: ignore[arg-type]  # a tenure by another clock
    stream.born, stream.got = BORN + timedelta(hours=1), []
    outbox.events.append(event("a", 2))
    publisher.wake()
    await publisher.run(Ticks(outbox))  # type: ignore[arg-type]
    assert stream.got == ["a-1", "a-2"]


async def test_the_first_start_publishes_nothing_twice() -> None:
    outbox = MemoryOutbox([event("a", 1)], None)
    stream = MemoryStream()
    await publish(outbox, stream)
    assert stream.got == ["a-1"]


@pytest.mark.parametrize(("seconds", "trusted"), [(7.4, True), (7.5, False), (600.0, False)])
async def test_a_tenure_ends_by_the_holders_own_clock(
    seconds: float, trusted: bool, clock: FakeClock
) -> None:
    tenure = Tenure(clock)
    tenure.extend(asked_at=clock.monotonic(), ttl_seconds=10.0, term=1)
    await clock.advance(seconds)
    assert tenure.valid is trusted


def test_nobody_has_a_tenure_before_the_lease_is_got(clock: FakeClock) -> None:
    assert not Tenure(clock).valid
