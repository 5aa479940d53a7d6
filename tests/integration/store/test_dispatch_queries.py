"""What orchestrators ask of dispatches again and again reads those that wait, and not all that were resolved in months."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ccplant_contracts.dispatch import DispatchSource, Target
from ccplant_contracts.session import Mode, SessionConfig
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc, StartDoc, new_dispatch
from tests.support.documents import NOW, OWNER
from tests.support.reads import reads_of

RESOLVED = 300
LATER = NOW + timedelta(hours=1)


def dispatch(number: int, *, target: Target | None = None, **changes: Any) -> DispatchDoc:
    """The nth dispatch; each is a second younger than the one before."""
    made = new_dispatch(
        owner=OWNER,
        source=DispatchSource(kind="webhook", id="hook-1", name="test"),
        trigger=f"test:{number}",
        target=target or Target("new"),
        text="hello",
        start=StartDoc(name="triggered", mode=Mode.TASK, config=SessionConfig()),
        at=NOW + timedelta(seconds=number),
        number=number if target is not None else None,
    )
    return made.model_copy(update=changes)


@pytest.fixture
async def filled(store: Store) -> Store:
    """Many that were resolved, and six that wait for different things."""
    resolved = [
        dispatch(number, state="dispatched", open=False, resolved_at=NOW) for number in range(RESOLVED)
    ]
    waiting = [
        dispatch(RESOLVED + number, waiting_for=reason)
        for number, reason in enumerate((None, "turn", "place", "place", "earlier_run", "earlier_run"))
    ]
    await store.database.collection("dispatches").insert_many(
        [each.encode() for each in (*resolved, *waiting)]
    )
    return store


async def test_looking_for_what_waits_reads_nothing_that_was_resolved(filled: Store) -> None:
    async with reads_of(filled, "dispatches") as reads:
        assert len(await filled.dispatches.to_look_at(LATER, limit=10)) == 5
    assert len(reads) == 4
    assert {read.plan for read in reads}.isdisjoint({"COLLSCAN"})
    assert max(read.documents for read in reads) <= 6


async def test_whether_a_run_is_replaced_is_one_look_into_the_index_of_those_that_replace(
    filled: Store,
) -> None:
    waits = dispatch(RESOLVED + 6, after="disp-before", replace=True)
    await filled.dispatches.add(waits)
    async with reads_of(filled, "dispatches") as reads:
        assert await filled.dispatches.is_replaced("disp-before")
        assert not await filled.dispatches.is_replaced(waits.id)
    assert [(read.plan, read.documents) for read in reads] == [("IXSCAN { after: 1 }", n) for n in (1, 0)]
    await filled.dispatches.cancel(waits.id, OWNER, by=OWNER, at=NOW)
    assert not await filled.dispatches.is_replaced("disp-before")


async def test_a_crowd_that_waits_for_its_turn_costs_those_nothing_who_wait_for_a_place(
    filled: Store,
) -> None:
    crowd = [dispatch(number, waiting_for="turn") for number in range(RESOLVED + 10, RESOLVED + 210)]
    last = dispatch(RESOLVED + 300, waiting_for="place")
    await filled.database.collection("dispatches").insert_many([each.encode() for each in (*crowd, last)])
    async with reads_of(filled, "dispatches") as reads:
        assert len(await filled.dispatches.next_for_place(OWNER, limit=4)) == 3
        assert await filled.dispatches.older_waits_for_place(last)
    # two indexes give it in order; which one the server takes is a toss-up
    assert all(read.plan.startswith("IXSCAN { owner: 1, ") for read in reads)
    assert max(read.documents for read in reads) <= 3
    async with reads_of(filled, "dispatches") as reads:
        await filled.dispatches.to_look_at(LATER, limit=10)
    assert sum("owner" in read.plan and read.documents <= 3 for read in reads) == 2
