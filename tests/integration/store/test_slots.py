"""Slots: a place is taken once, and one that nobody needs any more goes (W3)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ccplant_contracts.dispatch import Target
from ccplant_contracts.status import Reason
from ccplant_store import Store
from ccplant_store.dispatches.slots import KEPT, SlotDoc, SlotLostError
from ccplant_store.driver import Transaction
from tests.integration.store.test_dispatches import added
from tests.support.clock import FakeClock
from tests.support.documents import NOW, OWNER, pending_session
from tests.support.reads import reads_of

KEY = Target("key", "pull request 7")
QUEUE = KEY.queue(OWNER, "")


async def take(store: Store, slot: SlotDoc, session_id: str) -> bool:
    async def write(run: Transaction) -> None:
        await store.slots.take(slot, session_id, number=1, transaction=run)

    try:
        await store.database.transaction(write)
    except SlotLostError:
        return False
    return True


async def taken_by(store: Store) -> str:
    """The session of a place that one took."""
    await store.slots.next_number(QUEUE)
    session = await pending_session(store)
    assert await take(store, await store.slots.get(QUEUE), session.id)
    return session.id


async def sweep(store: Store, clock: FakeClock) -> int:
    return await store.slots.sweep(clock.now() + KEPT + timedelta(seconds=1), limit=10)


async def test_of_many_who_take_a_place_that_they_saw_free_one_has_it(replicas: tuple[Store, ...]) -> None:
    seen = await replicas[0].slots.get(QUEUE)

    async def attempt(number: int) -> bool:
        return await take(replicas[number % len(replicas)], seen, f"session-ada-{number}")

    assert sum(await asyncio.gather(*(attempt(number) for number in range(10)))) == 1


async def test_a_place_whose_slot_is_gone_can_be_taken_and_its_number_is_not_given_again(
    store: Store,
) -> None:
    number = await store.slots.next_number(QUEUE)
    seen = await store.slots.get(QUEUE)
    await store.database.collection("slots").delete_many({})
    assert await take(store, seen, "session-ada-1")
    assert (await store.slots.get(QUEUE)).session_id == "session-ada-1"
    assert await store.slots.next_number(QUEUE) == number + 1


async def test_a_slot_that_nobody_has_asked_for_in_months_goes(store: Store, clock: FakeClock) -> None:
    session_id = await taken_by(store)
    session = await store.sessions.get(session_id)
    assert session is not None
    assert await store.sessions.transition(session, Reason.START_FAILED, now=NOW) is not None
    assert await store.slots.sweep(clock.now() + KEPT - timedelta(seconds=1), limit=10) == 0
    assert await sweep(store, clock) == 1
    assert (await store.slots.get(QUEUE)).session_id is None


async def test_a_place_whose_session_runs_for_ever_stays_its_own(store: Store, clock: FakeClock) -> None:
    session_id = await taken_by(store)
    for _ in range(2):
        assert await sweep(store, clock) == 0
    assert (await store.slots.get(QUEUE)).session_id == session_id


async def test_a_queue_in_which_something_waits_keeps_its_numbers(store: Store, clock: FakeClock) -> None:
    dispatch = await added(store, target=KEY)
    assert await sweep(store, clock) == 0
    assert await store.dispatches.cancel(dispatch.id, OWNER, by=OWNER, at=NOW) is not None
    assert await store.slots.sweep(clock.now() + 3 * KEPT, limit=10) == 1


async def test_one_that_is_asked_for_while_it_is_swept_stays(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.slots.next_number(QUEUE)
    is_needed = store.slots._is_needed

    async def and_then_asked_for(slot: SlotDoc) -> bool:
        needed = await is_needed(slot)
        await clock.advance(1)
        assert await store.slots.next_number(QUEUE) == 2
        return needed

    monkeypatch.setattr(store.slots, "_is_needed", and_then_asked_for)
    assert await sweep(store, clock) == 0
    assert (await store.slots.get(QUEUE)).seq == 2


async def test_those_from_before_there_was_a_time_on_them_go_as_late_as_others(
    store: Store, clock: FakeClock
) -> None:
    await store.database.collection("slots").insert_one({"_id": QUEUE, "seq": 3, "version": 1})
    assert await store.slots.sweep(clock.now(), limit=10) == 0
    assert await sweep(store, clock) == 1


async def test_a_sweep_reads_those_alone_that_are_old(store: Store, clock: FakeClock) -> None:
    for number in range(50):
        await store.slots.next_number(f"slot-{number}")
    async with reads_of(store, "slots") as reads:
        await store.slots.sweep(clock.now(), limit=10)
    assert {read.plan for read in reads} == {"IXSCAN { touched_at: 1 }"}
    assert sum(read.documents for read in reads) == 0
