"""Tombstones: what was purged stays away.

A runner that was cut off may send its output days later; without a mark its session would come back in pieces.
"""

from __future__ import annotations

from ccplant_platform.clock import Clock
from ccplant_store.driver import Collection, Database

KEPT_SECONDS = 7 * 24 * 3600


class TombstoneStore:
    """Marks of purged sessions, for a week."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._tombstones: Collection = database.collection("tombstones")
        self._clock = clock

    async def put(self, session_id: str) -> None:
        """Mark a session as purged; again: nothing happens."""
        await self._tombstones.update_one(
            {"_id": session_id}, {"$setOnInsert": {"schema_version": 1, "at": self._clock.now()}}, upsert=True
        )

    async def exists(self, session_id: str) -> bool:
        """Tell whether it was purged."""
        return await self._tombstones.find_one({"_id": session_id}, projection={"_id": 1}) is not None
