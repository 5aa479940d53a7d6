"""An open loop: what is sent at which moment does not depend on what became of the earlier ones.

A closed loop waits for a slow answer and sends less; its figures hide what a slow moment does to everybody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def at_rate(
    per_second: float, seconds: float, send: Callable[[int], Awaitable[None]], *, patience: float = 30.0
) -> None:
    """Start `send(0)`, `send(1)`, … at their times, and wait for all of them.

    Raises:
        TimeoutError: some did not end within `patience` after the last was due.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    under_way: list[asyncio.Future[None]] = []
    for number in range(round(per_second * seconds)):
        ahead = begin + number / per_second - loop.time()
        if ahead > 0:
            await asyncio.sleep(ahead)
        under_way.append(asyncio.ensure_future(send(number)))
    async with asyncio.timeout(patience):
        await asyncio.gather(*under_way)
