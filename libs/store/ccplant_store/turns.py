"""Taking turns within a process, so that transactions on one session do not run into each other.

The database decides who wins; this only saves the tries. A hundred transactions on one document at once are a hundred
conflicts, then ninety-nine …, and the last ones give up; one after the other they take a few milliseconds each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

PATIENCE_SECONDS = 2.0
"""Who has waited so long goes ahead without a turn: with a server that hangs, turns would add up to minutes."""


class Turns:
    """One turn at a time per key; keys that nobody waits for cost nothing."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await lock.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            lock.release()
