"""Output that waits in memory is bounded in bytes."""

from __future__ import annotations

import asyncio

from ccplant_orchestrator.output.room import Room


async def test_nothing_more_is_asked_for_while_too_much_waits() -> None:
    room = Room(limit=100)
    await asyncio.wait_for(room.wait(), 1)
    room.take(60)
    room.take(60)
    waiting = asyncio.create_task(room.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    room.give(60)
    await asyncio.wait_for(waiting, 1)
