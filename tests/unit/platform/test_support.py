"""The tests' own tools: time that stands still, and waiting that ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ccplant_platform.clock import Clock, SystemClock
from tests.support.clock import FakeClock
from tests.support.waiting import eventually


async def test_sleepers_wake_in_the_order_of_their_ends(clock: FakeClock) -> None:
    woken: list[tuple[str, float]] = []
    begun, at = clock.now(), clock.monotonic()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic() - at))

    async def repeated() -> None:
        for _ in range(3):
            await clock.sleep(2)
            woken.append(("each", clock.monotonic() - at))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("late", 5))
        group.create_task(sleeper("early", 1))
        group.create_task(repeated())
        await clock.advance(4.5)
        assert woken == [("early", 1), ("each", 2), ("each", 4)]
        assert clock.next_wake() == pytest.approx(0.5)
        await clock.advance(1.5)
    assert woken[3:] == [("late", 5), ("each", 6)]
    assert clock.now() - begun == timedelta(seconds=6)
    assert clock.sleeping == 0


async def test_a_cancelled_sleeper_holds_nobody_up(clock: FakeClock) -> None:
    task = asyncio.create_task(clock.sleep(1))
    await clock.advance(0)
    task.cancel()
    await clock.advance(2)
    assert task.cancelled()


async def test_the_wall_clock_can_be_corrected_alone(clock: FakeClock) -> None:
    before = clock.monotonic()
    clock.jump(-3600)
    assert clock.monotonic() == before


async def test_both_clocks_are_clocks(clock: FakeClock) -> None:
    clocks: list[Clock] = [clock, SystemClock()]
    for each in clocks:
        assert each.now().utcoffset() == timedelta(0)
        await each.sleep(0)
        await each.sleep(-1)
    assert SystemClock().monotonic() <= SystemClock().monotonic()


async def test_waiting_returns_the_value_that_came_true() -> None:
    values = iter([0, None, 7])
    assert await eventually(lambda: next(values)) == 7


async def test_waiting_ends_and_tells_the_last_failure() -> None:
    def never() -> bool:
        raise AssertionError("the reason")

    with pytest.raises(AssertionError, match="the reason"):
        await eventually(never, timeout=0.03)
