"""An owner's places: as many sessions at once as the limit allows, each held by one session until it has ended.

A place is taken before its session is written and let go of after it has ended, each by one atomic update of one document,
so that the limit holds whoever creates at the same moment, and no create retries a transaction for it. A place whose session
was never written, because its maker died between the two, is found by the sweep; one is given back by its session's
name, so it can be given back twice and counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ccplant_store.driver import ASC, Collection, Database, Filter
from ccplant_store.errors import DuplicateKeyError

_UNWRITTEN = timedelta(seconds=60)
"""After so long a session that is not there was never written: creating one takes milliseconds and is bounded."""
_OWNERS = 1_000
_SEATED_AT_ONCE = 1_000
"""Of one owner; the next sweep goes on."""


class PlaceStore:
    """Places under the limit of sessions of each owner."""

    def __init__(self, database: Database) -> None:
        self._places: Collection = database.collection("places")
        self._sessions: Collection = database.collection("sessions")

    async def take(self, owner: str, session_id: str, *, limit: int, at: datetime) -> bool:
        """Take a place for a session that is about to be written; False where all are taken. Safe to repeat."""
        full = {f"sessions.{limit - 1}": {"$exists": False}}
        try:
            await self._places.update_one(
                {"_id": owner, "sessions.id": {"$ne": session_id}, **full},
                {"$push": {"sessions": {"id": session_id, "at": at}}},
                upsert=True,
            )
        except DuplicateKeyError:
            # the document is there and did not match: all are taken, or this session has one
            return await self.holds(owner, session_id)
        return True

    async def give_back(self, owner: str, session_id: str) -> bool:
        """Give a session's place back; False where it had none any more."""
        changed = await self._places.update_one(
            {"_id": owner, "sessions.id": session_id}, {"$pull": {"sessions": {"id": session_id}}}
        )
        return changed.matched == 1

    async def holds(self, owner: str, session_id: str) -> bool:
        """Tell whether a session has a place."""
        found = await self._places.find_one({"_id": owner, "sessions.id": session_id}, projection={"_id": 1})
        return found is not None

    async def taken(self, owner: str) -> int:
        """Count the places that an owner's sessions hold."""
        row = await self._places.find_one({"_id": owner})
        return 0 if row is None else len(row["sessions"])

    async def sweep(self, now: datetime) -> Sequence[str]:
        """Give back what no open session holds, and count open ones that have no place; return owners with a place more.

        The second is for sessions from before there was a limit: they count, however many they are.
        """
        gained: list[str] = []
        last = ""
        while True:
            rows = await self._places.find({"_id": {"$gt": last}}, sort=[("_id", ASC)], limit=_OWNERS)
            gained.extend([row["_id"] for row in rows if await self._sweep_owner(row, now)])
            if len(rows) < _OWNERS:
                break
            last = rows[-1]["_id"]
        await self._count_open(now)
        return gained

    async def _sweep_owner(self, row: dict[str, Any], now: datetime) -> bool:
        held = {place["id"]: place["at"] for place in row["sessions"]}
        found = await self._sessions.find(
            {"_id": {"$in": list(held)}}, projection={"open": 1}, limit=max(1, len(held))
        )
        there = {session["_id"]: bool(session["open"]) for session in found}
        over = [
            name
            for name, at in held.items()
            if not there.get(name, name not in there and at > now - _UNWRITTEN)
        ]
        for session_id in over:
            await self.give_back(row["_id"], session_id)
        return bool(over)

    async def _count_open(self, now: datetime) -> None:
        """Give every open session without a place one, beyond the limit where need be.

        Only those without one are fetched: with all of them, an owner of thousands would cost this at each sweep.
        """
        for owner in await self._sessions.distinct("owner", {"owner": {"$gt": ""}, "open": True}):
            row = await self._places.find_one({"_id": owner})
            held = [] if row is None else [place["id"] for place in row["sessions"]]
            seatless: Filter = {"owner": owner, "open": True, "_id": {"$nin": held}}
            for session in await self._sessions.find(seatless, projection={"_id": 1}, limit=_SEATED_AT_ONCE):
                await self._seat(owner, session["_id"], now)

    async def _seat(self, owner: str, session_id: str, now: datetime) -> None:
        try:
            await self._places.update_one(
                {"_id": owner, "sessions.id": {"$ne": session_id}},
                {"$push": {"sessions": {"id": session_id, "at": now}}},
                upsert=True,
            )
        except DuplicateKeyError:
            return  # it has one by now
        ended = await self._sessions.find_one({"_id": session_id, "open": True}, projection={"_id": 1})
        if ended is None:
            await self.give_back(owner, session_id)
