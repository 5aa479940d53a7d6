"""How many launches may be starting at once, and that a burst of this replica's sessions does not take one place twice.

A launch that starts is counted in the database, where every replica sees it; from the count until the launch is written
it is counted here. So only the count has to be made one at a time, and not the write, which takes much longer: sessions
that stood in line for both were launched at a dozen a second, with most places empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ccplant_contracts.status import Status
from ccplant_store.sessions.model import SessionDoc


class LaunchPlaces:
    """The places of one replica."""

    def __init__(self, count_starting: Callable[[], Awaitable[int]], most: int) -> None:
        self._count_starting = count_starting
        self._most = most
        self._taken = 0
        """By launches that are being written; each is counted until its write has ended."""
        self._counting = asyncio.Lock()

    async def any_free(self) -> bool:
        """Tell whether it is worth asking for a place."""
        return self._taken < self._most and await self._count_starting() + self._taken < self._most

    @asynccontextmanager
    async def take(self) -> AsyncIterator[bool]:
        """Hold a place while a launch is written; False: none is free."""
        if not await self._take():
            yield False
            return
        try:
            yield True
        finally:
            self._taken -= 1

    async def _take(self) -> bool:
        # one at a time: of a burst that counts first and writes then, everybody would find a place
        async with self._counting:
            while self._taken < self._most:
                taken = self._taken
                starting = await self._count_starting()
                if starting + taken < self._most:
                    self._taken += 1
                    return True
                if starting + self._taken >= self._most:
                    return False
                # some were written meanwhile, and may have been counted twice
            return False


def holds_launch_place(session: SessionDoc) -> bool:
    """Tell whether a place may become free when this session starts, ends, or waits for something outside; pure."""
    return session.status is Status.PENDING and session.launch is not None
