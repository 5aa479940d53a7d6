"""How many bytes of output may wait in memory: nothing more is asked for while they are too many.

The bus counts messages and not bytes. With MongoDB away, a thousand big batches would be gigabytes of parsed events; so
the pull waits here until what came before has been stored, or has gone back to the bus.
"""

from __future__ import annotations

import asyncio

LIMIT_BYTES = 64_000_000
"""What may wait before nothing more is asked for; one request's worth may come on top."""


class Room:
    """Counts bytes in and out."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._taken = 0
        self._free = asyncio.Event()
        self._free.set()

    def take(self, size: int) -> None:
        """Note bytes that wait from now on."""
        self._taken += size
        if self._taken >= self._limit:
            self._free.clear()

    def give(self, size: int) -> None:
        """Note bytes that wait no longer."""
        self._taken -= size
        if self._taken < self._limit:
            self._free.set()

    async def wait(self) -> None:
        """Return when there is room."""
        await self._free.wait()
