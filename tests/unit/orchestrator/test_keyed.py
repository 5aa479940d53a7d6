"""Pokes: never two runs of one key at a time, never a poke lost."""

from __future__ import annotations

import asyncio

from ccplant_orchestrator.sessions.keyed import KeyedWorker
from tests.support.waiting import eventually


async def test_one_run_per_key_at_a_time_and_one_more_after_any_number_of_pokes() -> None:
    started = asyncio.Event()
    go_on = asyncio.Event()
    runs: list[str] = []
    under_way = 0

    async def work(key: str) -> None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        runs.append(key)
        started.set()
        await go_on.wait()
        under_way -= 1

    worker = KeyedWorker("test", work)
    worker.poke("a")
    await started.wait()
    for _ in range(100):
        worker.poke("a")
    go_on.set()
    await eventually(lambda: len(runs) == 2 and not under_way)
    await worker.close()
    assert runs == ["a", "a"]


async def test_a_failing_run_does_not_lose_the_poke_that_came_meanwhile() -> None:
    runs = 0

    async def work(key: str) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            worker.poke(key)
            raise RuntimeError("the first run fails")

    worker = KeyedWorker("test", work)
    worker.poke("a")
    await eventually(lambda: runs == 2)
    await worker.close()
    assert runs == 2


async def test_keys_run_beside_each_other_up_to_the_bound() -> None:
    under_way = 0
    most = 0
    release = asyncio.Event()

    async def work(_key: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await release.wait()
        under_way -= 1

    worker = KeyedWorker("test", work, concurrency=3)
    for key in "abcdefgh":
        worker.poke(key)
    await eventually(lambda: under_way == 3)
    release.set()
    await worker.close()
    assert most == 3


async def test_the_earlier_of_two_asked_moments_wins() -> None:
    ran = asyncio.Event()

    async def work(_key: str) -> None:
        ran.set()

    worker = KeyedWorker("test", work)
    worker.poke_later("a", 0.01)
    worker.poke_later("a", 3_600)
    await asyncio.wait_for(ran.wait(), 5)
    await worker.close()
