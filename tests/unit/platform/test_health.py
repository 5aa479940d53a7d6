"""Health is bounded, told by part, and as bad as the worst part."""

from __future__ import annotations

import asyncio

from ccplant_platform.health import DegradedError, PartHealth, check, worst


async def well() -> None:
    return


async def hangs() -> None:
    await asyncio.Event().wait()


async def breaks() -> None:
    raise ConnectionError("mongodb://u:password@host")


async def limps() -> None:
    raise DegradedError("limits are not enforced")


async def test_a_part_that_hangs_is_down_and_holds_nobody_up() -> None:
    async with asyncio.timeout(20):
        parts = await check({"a": well, "b": hangs, "c": hangs}, timeout=0.05)
    assert [part.status for part in parts.values()] == ["ok", "down", "down"]
    assert parts["b"].detail == "no answer within 0.05 s"


async def test_the_public_answer_holds_no_words_of_a_driver() -> None:
    (part,) = (await check({"mongodb": breaks})).values()
    assert (part.status, part.detail) == ("down", "ConnectionError")


async def test_the_whole_is_as_its_worst_part() -> None:
    parts = await check({"a": well, "b": limps})
    assert parts["b"].detail == "limits are not enforced"
    assert worst(parts) == "degraded"
    assert worst({**parts, "c": PartHealth("down")}) == "down"
    assert worst({}) == "ok"
