"""A named job has one holder."""

from __future__ import annotations

import asyncio

from ccplant_store import Store
from tests.support.waiting import eventually


async def test_of_fifty_who_ask_at_once_one_holds(store: Store) -> None:
    for round_ in range(5):
        name = f"job{round_}"
        leases = await asyncio.gather(*(store.leases.acquire(name, f"h{n}", 30) for n in range(50)))
        assert [lease.term for lease in leases if lease is not None] == [1]


async def test_a_holder_keeps_its_term_while_it_asks_in_time(store: Store) -> None:
    for _ in range(3):
        lease = await store.leases.acquire("job", "a", 30)
        assert lease is not None
        assert lease.term == 1
        assert await store.leases.acquire("job", "b", 30) is None


async def test_what_is_given_back_is_free_at_once(store: Store) -> None:
    await store.leases.acquire("job", "a", 30)
    await store.leases.release("job", "b")
    assert await store.leases.acquire("job", "b", 30) is None
    await store.leases.release("job", "a")
    lease = await store.leases.acquire("job", "b", 30)
    assert lease is not None
    assert lease.term == 2


async def test_a_frozen_holder_finds_its_lease_gone(store: Store) -> None:
    assert await store.leases.acquire("job", "frozen", 0.05) is not None

    async def taken() -> bool:
        return await store.leases.acquire("job", "next", 30) is not None

    await eventually(taken)
    assert await store.leases.acquire("job", "frozen", 30) is None


async def test_who_lost_and_gets_it_again_has_another_term(store: Store) -> None:
    first = await store.leases.acquire("job", "a", 30)
    assert first is not None
    await store.leases.release("job", "a")
    again = await store.leases.acquire("job", "a", 30)
    assert again is not None
    assert again.term == 2
