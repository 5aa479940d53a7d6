"""A burst takes every place and none twice, and a write that takes long holds up nobody who finds a place."""

from __future__ import annotations

import asyncio

from ccplant_orchestrator.sessions.launch_places import LaunchPlaces
from tests.support.waiting import eventually


class _Starting:
    """Launches as the database counts them; a count takes a moment, in which others may be written."""

    def __init__(self, number: int = 0) -> None:
        self.number = number

    async def count(self) -> int:
        found = self.number
        await asyncio.sleep(0)
        return found


async def test_of_a_burst_as_many_launches_are_written_at_once_as_there_are_places() -> None:
    starting = _Starting()
    places = LaunchPlaces(starting.count, 3)
    writing, most, goes_on = 0, 0, asyncio.Event()

    async def launch() -> bool:
        nonlocal writing, most
        async with places.take() as taken:
            if taken:
                writing += 1
                most = max(most, writing)
                await goes_on.wait()
                starting.number += 1
                writing -= 1
            return taken

    burst = [asyncio.create_task(launch()) for _ in range(10)]
    await eventually(lambda: sum(one.done() for one in burst) == 7)
    goes_on.set()
    assert sum(await asyncio.gather(*burst)) == 3
    assert most == 3, "a write stands in the way of others"
    assert not await places.any_free()


async def test_a_launch_that_is_written_during_a_count_is_not_missed_by_it() -> None:
    starting = _Starting(1)
    places = LaunchPlaces(starting.count, 2)
    first = places.take()
    assert await first.__aenter__()

    async def second() -> bool:
        async with places.take() as taken:
            return taken

    asking = asyncio.create_task(second())
    await asyncio.sleep(0)
    starting.number += 1
    await first.__aexit__(None, None, None)
    assert not await asking


async def test_a_place_is_free_again_where_the_launch_was_not_written() -> None:
    places = LaunchPlaces(_Starting().count, 1)
    async with places.take() as taken:
        assert taken
        assert not await places.any_free()
    assert await places.any_free()
    async with places.take() as taken:
        assert taken


async def test_without_places_nothing_is_launched() -> None:
    async with LaunchPlaces(_Starting().count, 0).take() as taken:
        assert not taken


async def test_the_launches_of_other_replicas_count() -> None:
    places = LaunchPlaces(_Starting(16).count, 16)
    assert not await places.any_free()
    async with places.take() as taken:
        assert not taken
