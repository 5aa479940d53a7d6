"""Places under an owner's limit: what the sweep makes good, and what that costs (W3)."""

from __future__ import annotations

import pytest

from ccplant_contracts.status import Reason
from ccplant_store import Store
from tests.support.documents import NOW, OWNER, pending_session, session_document
from tests.support.reads import reads_of


async def test_the_sweep_seats_those_without_a_place_and_fetches_no_others(store: Store) -> None:
    seated = [session_document() for _ in range(100)]
    over = [session_document(open=False) for _ in range(100)]
    others = [session_document(owner="eve") for _ in range(100)]
    sessions = store.database.collection("sessions")
    await sessions.insert_many([each.encode() for each in (*seated, *over, *others)])
    for each in (*seated, *others):
        assert await store.places.take(each.owner, each.id, limit=1_000, at=NOW)
    without = await pending_session(store)
    async with reads_of(store, "sessions") as reads:
        await store.places._count_open(NOW)
    assert await store.places.holds(OWNER, without.id)
    assert (await store.places.taken(OWNER), await store.places.taken("eve")) == (101, 100)
    # the one that had none, once when it was seated, and nothing of the others but their entries in the index
    assert "COLLSCAN" not in {read.plan for read in reads}
    assert sum(read.documents for read in reads) <= 1


async def test_more_than_one_sweep_can_seat_are_seated_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccplant_store.places.repository._SEATED_AT_ONCE", 2)
    for _ in range(3):
        await pending_session(store)
    await store.places.sweep(NOW)
    assert await store.places.taken(OWNER) == 2
    await store.places.sweep(NOW)
    assert await store.places.taken(OWNER) == 3


async def test_one_that_ended_while_it_was_seated_keeps_no_place(store: Store) -> None:
    session = await pending_session(store)
    assert await store.sessions.transition(session, Reason.START_FAILED, now=NOW) is not None
    await store.places._seat(OWNER, session.id, NOW)
    assert await store.places.taken(OWNER) == 0
