"""Two things that start at once, of which either may fail."""

from __future__ import annotations

import asyncio

import pytest

from ccplant_cli.up.instance import together


async def give(value: str) -> str:
    return value


async def fail() -> str:
    raise ValueError("the cause")


async def test_both_results_are_given() -> None:
    assert await together(give("one"), give("two")) == ("one", "two")


async def test_only_the_first_failure_is_told_and_nothing_goes_on() -> None:
    over = asyncio.Event()

    async def broken_by_it() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            over.set()
            raise ValueError("a consequence") from None
        return ""

    with pytest.raises(ValueError, match="the cause"):
        await together(broken_by_it(), fail())
    assert over.is_set()
