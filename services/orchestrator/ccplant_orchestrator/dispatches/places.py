"""Places under an owner's limit, as the orchestrator gives and frees them.

Freed as soon as a session's end is written and again when it is settled: either may be cut off, and what both missed
is found by the sweep. Whoever has waited longest hears of it at once.
"""

from __future__ import annotations

from collections.abc import Callable

from ccplant_platform.clock import Clock
from ccplant_store import Store

_WOKEN = 4
"""The next ones too: the first may have been cancelled at this moment."""


class Places:
    """The limit of sessions; None: there is none, and nothing is counted."""

    def __init__(
        self, store: Store, clock: Clock, *, limit: int | None, resolve: Callable[[str], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self._resolve = resolve

    async def take(self, owner: str, session_id: str) -> bool:
        """Take a place for a session that is about to be made; False where all are taken."""
        if self._limit is None:
            return True
        return await self._store.places.take(owner, session_id, limit=self._limit, at=self._clock.now())

    async def free(self, owner: str, session_id: str) -> None:
        """Give back what a session had that has ended, or was not made after all; safe to repeat."""
        if self._limit is not None and await self._store.places.give_back(owner, session_id):
            await self._wake(owner)

    async def sweep(self) -> None:
        """Give back what nobody holds any more."""
        if self._limit is None:
            return
        for owner in await self._store.places.sweep(self._clock.now()):
            await self._wake(owner)

    async def _wake(self, owner: str) -> None:
        for queue in await self._store.dispatches.next_for_place(owner, limit=_WOKEN):
            self._resolve(queue)
