"""Output in MongoDB: whatever arrives twice, late or out of order lands where it belongs."""

from __future__ import annotations

import asyncio
import random

import pytest

from ccplant_contracts.stream import StreamEvent, Tool
from ccplant_store import Store
from ccplant_store.errors import TombstonedError
from tests.support.documents import NOW, chunk, ended_session, running_session


def numbers(events: object) -> list[int]:
    assert isinstance(events, list)
    return [event.seq for event in events]


async def test_repeats_and_disorder_leave_each_event_once(store: Store) -> None:
    session = await running_session(store)
    events = [chunk(seq) for seq in range(1, 101)]
    batches = [random.sample(events, 30) for _ in range(30)] + [events[50:], events[:50]]
    new = await asyncio.gather(*(store.output.insert(session.id, batch) for batch in batches))
    assert sum(new) == 100
    assert await store.output.read(session.id, 0, limit=1_000) == events


async def test_the_prefix_ends_at_the_first_gap(store: Store) -> None:
    session = await running_session(store)
    await store.output.insert(session.id, [chunk(seq) for seq in (1, 2, 3, 5, 6)])
    assert numbers(await store.output.contiguous_after(session.id, 0, limit=10)) == [1, 2, 3]
    assert numbers(await store.output.contiguous_after(session.id, 3, limit=10)) == []
    await store.output.insert(session.id, [chunk(4)])
    assert numbers(await store.output.contiguous_after(session.id, 3, limit=10)) == [4, 5, 6]
    assert numbers(await store.output.contiguous_after(session.id, 0, limit=2)) == [1, 2]
    assert await store.output.last_seq(session.id) == 6


async def test_output_of_one_session_is_never_read_by_another(store: Store) -> None:
    one, other = await running_session(store), await running_session(store)
    await store.output.insert(one.id, [chunk(1)])
    assert await store.output.read(other.id, 0, limit=5) == []
    assert await store.output.last_seq(other.id) == 0


async def test_reading_is_bounded_on_both_sides(store: Store) -> None:
    session = await running_session(store)
    await store.output.insert(session.id, [chunk(seq) for seq in range(1, 21)])
    assert numbers(await store.output.read(session.id, 5, limit=3)) == [6, 7, 8]
    assert numbers(await store.output.read(session.id, 15, limit=100, up_to=17)) == [16, 17]


async def test_whatever_a_tool_was_given_comes_back(store: Store) -> None:
    session = await running_session(store)
    given = {"$set": {"a.b": 1 << 80}, "": "\x00", "n\x00": [None, 1.5]}
    event = StreamEvent(
        seq=1, at=NOW, data=Tool(tool_call_id="t", title="x", status="completed", input=given)
    )
    await store.output.insert(session.id, [event])
    assert await store.output.read(session.id, 0, limit=1) == [event]


async def test_a_purged_session_takes_no_output(store: Store) -> None:
    session = await ended_session(store)
    await store.output.insert(session.id, [chunk(1)])
    await store.purge(session.id)
    with pytest.raises(TombstonedError):
        await store.output.insert(session.id, [chunk(2)])
    assert await store.output.read(session.id, 0, limit=10) == []


async def test_output_against_a_purge_leaves_nothing(store: Store) -> None:
    for _ in range(20):
        session = await ended_session(store)
        results = await asyncio.gather(
            *(store.output.insert(session.id, [chunk(seq)]) for seq in range(1, 9)),
            store.purge(session.id),
            *(store.output.insert(session.id, [chunk(seq)]) for seq in range(9, 17)),
            return_exceptions=True,
        )
        assert all(not isinstance(r, BaseException) or isinstance(r, TombstonedError) for r in results)
        assert await store.output.read(session.id, 0, limit=100) == []
