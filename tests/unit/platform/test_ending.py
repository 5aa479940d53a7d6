"""A task that swallows a cancellation ends all the same."""

from __future__ import annotations

import asyncio

from ccplant_platform.ending import ended


async def test_a_task_that_swallows_a_cancellation_is_told_again() -> None:
    told = 0

    async def stubborn() -> None:
        nonlocal told
        while told < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await ended([task])
    assert task.done()
    assert told == 3


async def test_a_failure_at_the_end_is_not_told_to_whoever_ends_it() -> None:
    async def failing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("at the end")

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await ended([task])
    assert task.done()


async def test_what_is_over_already_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await ended([task])
    await ended([])
