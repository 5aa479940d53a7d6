"""Ending tasks for certain.

Before Python 3.12 `asyncio.wait_for` swallows a cancellation that comes together with the result, and the bus client
waits by it everywhere. A task that is cancelled once in such a moment goes on as if nothing had been, and who waits for its
end waits for ever. So it is told again until it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

_AGAIN_SECONDS = 0.5


async def ended(tasks: Iterable[asyncio.Future[None]]) -> None:
    """Cancel tasks and return when all of them are over; their failures were somebody else's to handle."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
        for task in done:
            if not task.cancelled():
                # looked at, so that nobody is told of it later
                task.exception()
