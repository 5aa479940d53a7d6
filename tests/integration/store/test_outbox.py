"""Lifecycle events: in order, none left out, until they are published."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ccplant_contracts.events import LifecycleEvent
from ccplant_contracts.status import Reason
from ccplant_store import NewEvent, Store
from tests.support.clock import FakeClock
from tests.support.documents import OWNER, pending_session, permission_request, running_session


async def test_a_clock_that_goes_back_never_turns_the_order_of_a_session(
    store: Store, clock: FakeClock
) -> None:
    session = await pending_session(store)
    for seconds in (5, -60, 30, -10):
        clock.jump(seconds)
        changed = await store.sessions.change(
            session,
            set={"step": str(seconds)},
            events=[NewEvent("session.extended"), NewEvent("session.extended")],
        )
        assert changed is not None
        session = changed
        clock.jump(-7)
        await store.permissions.insert_requested(
            session.id, OWNER, permission_request(), at=clock.now(), expires_at=clock.now()
        )
        again = await store.sessions.get(session.id)
        assert again is not None
        session = again
    assert [event.sequence for event in await store.events.unpublished(100)] == list(range(1, 14))


async def test_a_reader_never_sees_an_event_without_its_predecessor(store: Store) -> None:
    """Many writers and a reader at once: every look at the outbox is a gapless prefix per session."""
    sessions = [await pending_session(store) for _ in range(4)]

    async def write(session_id: str) -> None:
        for _ in range(15):
            current = await store.sessions.get(session_id)
            assert current is not None
            await store.sessions.change(current, set={"step": "x"}, events=[NewEvent("session.extended")])

    writers = asyncio.gather(*(write(session.id) for session in sessions for _ in range(2)))
    published: dict[str, int] = {session.id: 0 for session in sessions}
    while not writers.done() or await store.events.unpublished(1):
        events = await store.events.unpublished(7)
        for event in events:
            assert event.sequence == published[event.session_id] + 1
            published[event.session_id] = event.sequence
        await store.events.mark_published([event.id for event in events])
    await writers
    for session in sessions:
        now = await store.sessions.get(session.id)
        assert now is not None
        assert published[session.id] == now.event_seq


async def test_a_new_stream_gets_everything_again(store: Store, clock: FakeClock) -> None:
    old = await pending_session(store)
    await clock.advance(100)
    since = clock.now()
    session = await running_session(store, created_at=since)
    events = await store.events.unpublished(100)
    await store.events.mark_published([event.id for event in events])
    assert await store.events.unpublished(100) == []
    recent: list[LifecycleEvent] = [event for event in events if event.session_id == session.id]
    assert await store.events.republish_since(since) == len(recent)
    assert await store.events.unpublished(100) == recent
    assert old.id not in {event.session_id for event in recent}


async def test_the_birthday_of_the_stream_keeps_all_its_digits(store: Store) -> None:
    assert await store.events.stream_created() is None
    created = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    await store.events.set_stream_created(created)
    assert await store.events.stream_created() == created


async def test_a_change_that_lost_tells_nothing(store: Store) -> None:
    session = await pending_session(store)
    assert await store.sessions.rename(session, "other") is not None
    assert (
        await store.sessions.change(session, set={"step": "x"}, events=[NewEvent("session.extended")]) is None
    )
    assert [entry.type for entry in await store.events.timeline(session.id)] == ["session.created"]


async def test_a_timeline_says_what_happened_and_why(store: Store, clock: FakeClock) -> None:
    session = await running_session(store)
    await store.sessions.transition(session, Reason.OOM_KILLED, now=clock.now())
    timeline = await store.events.timeline(session.id)
    assert [(entry.type, entry.reason) for entry in timeline] == [
        ("session.created", "created"),
        ("session.running", "registered"),
        ("session.terminated", "oom_killed"),
    ]


async def test_an_owner_reads_on_from_the_last_event_seen(store: Store) -> None:
    await running_session(store)
    await running_session(store, owner="eve")
    events = await store.events.of_owner(OWNER, after_id=None, limit=10)
    assert [event.type for event in events] == ["session.created", "session.running"]
    rest = await store.events.of_owner(OWNER, after_id=events[0].id, limit=10)
    assert events[1] in rest
