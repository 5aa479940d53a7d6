"""Which sessions somebody has to see to: the questions of those who look after them, each answered by an index.

Nothing is changed here. Whoever was to do something may have died, so all of it is asked again and again, and every
answer is bounded: a thousand sessions that can do nothing but wait must not hide the one that can go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from ccplant_contracts.session import Mode
from ccplant_contracts.status import Status
from ccplant_store.driver import ASC, EPOCH, Collection, Database, Filter, Sort


class SessionWork:
    """What there is to do about sessions."""

    def __init__(self, database: Database) -> None:
        self._sessions: Collection = database.collection("sessions")

    async def unfulfilled(self, now: datetime, *, limit: int, places: int | None = None) -> Sequence[str]:
        """Return sessions with an intent that is not fulfilled: ends, starts under way, those to start, retries.

        Of those that wait for a place, by age, only as many as there are `places` (None: no bound): the others could
        do nothing but wait, and must not crowd out who holds a place.
        """
        queries: list[tuple[Filter, Sort, int]] = [
            ({"work": "end", "next_attempt_at": None}, [("created_at", ASC)], limit),
            (
                {"work": "start", "next_attempt_at": None, "launch.released": False},
                [("created_at", ASC)],
                limit,
            ),
            ({"next_attempt_at": {"$gt": EPOCH, "$lte": now}}, [("next_attempt_at", ASC)], limit),
        ]
        queued = limit if places is None else min(limit, places)
        if queued > 0:
            waiting: Filter = {"work": "start", "next_attempt_at": None, "launch": None}
            queries.insert(2, (waiting, [("created_at", ASC)], queued))
        found = await asyncio.gather(
            *(
                self._sessions.find(query, projection={"_id": 1}, sort=sort, limit=bound)
                for query, sort, bound in queries
            )
        )
        return tuple(dict.fromkeys(row["_id"] for rows in found for row in rows))

    async def idle_tasks(self, *, limit: int) -> Sequence[str]:
        """Return running task sessions whose runner had nothing left: whoever was to look at that may have died."""
        return await self._ids(
            {"open": True, "mode": Mode.TASK.value, "idle_number": {"$gt": 0}, "stop_requested": None},
            sort=[("idle_number", ASC)],
            limit=limit,
        )

    async def due(self, now: datetime, *, limit: int = 500) -> Sequence[str]:
        """Return open sessions whose time limit is reached."""
        return await self._ids(
            {"open": True, "deadline_at": {"$gt": EPOCH, "$lte": now}},
            sort=[("deadline_at", ASC)],
            limit=limit,
        )

    async def due_for_deletion(self, now: datetime, *, limit: int) -> Sequence[str]:
        """Return ended sessions whose time to be deleted has come (S12)."""
        return await self._ids(
            {"deleted": False, "delete_at": {"$gt": EPOCH, "$lte": now}},
            sort=[("delete_at", ASC)],
            limit=limit,
        )

    async def nearest_deadline(self, *, after: datetime | None = None) -> datetime | None:
        """Return the next time limit of an open session, `after` that moment where one is given."""
        bound = {"$gt": after or EPOCH}
        row = await self._sessions.find_one(
            {"open": True, "deadline_at": bound}, projection={"deadline_at": 1}, sort=[("deadline_at", ASC)]
        )
        if row is None:
            return None
        deadline: datetime = row["deadline_at"]
        return deadline

    async def running_launches(self, *, limit: int = 20_000) -> dict[str, str]:
        """Return running sessions and their launches."""
        return await self._launches({"open": True, "status": Status.RUNNING.value}, limit)

    async def current_launches(self, *, limit: int = 100_000) -> frozenset[str]:
        """Return every launch that something may still exist of: all others are garbage."""
        return frozenset((await self._launches({"launch.released": False}, limit)).values())

    async def count_starting(self, *, limit: int = 10_000) -> int:
        """Count pending sessions whose launch is under way; one that waits for something outside holds no place."""
        return await self._sessions.count(
            {"open": True, "status": Status.PENDING.value, "launch.released": False, "diagnosis": None},
            limit=limit,
        )

    async def count_open(self, owner: str, *, limit: int = 10_000) -> int:
        """Count an owner's sessions that have not ended."""
        query = {"owner": owner, "deleted": False, "status": {"$in": [Status.PENDING, Status.RUNNING]}}
        return await self._sessions.count(query, limit=limit)

    async def waiting_to_start(self, *, places: int) -> Sequence[str]:
        """Return the oldest sessions that wait for a place to be launched, as many as there are places."""
        if places <= 0:
            return ()
        waiting: Filter = {"work": "start", "next_attempt_at": None, "launch": None}
        return await self._ids(waiting, sort=[("created_at", ASC)], limit=places)

    async def session_of_launch(self, launch_id: str) -> str | None:
        """Return whose launch this is."""
        row = await self._sessions.find_one({"launch.id": launch_id}, projection={"_id": 1})
        return None if row is None else str(row["_id"])

    async def _launches(self, query: Filter, limit: int) -> dict[str, str]:
        rows = await self._sessions.find(query, projection={"launch.id": 1}, limit=limit)
        return {row["_id"]: row["launch"]["id"] for row in rows if row.get("launch")}

    async def _ids(self, query: Filter, *, sort: Sort, limit: int) -> Sequence[str]:
        rows = await self._sessions.find(query, projection={"_id": 1}, sort=sort, limit=limit)
        return tuple(row["_id"] for row in rows)
