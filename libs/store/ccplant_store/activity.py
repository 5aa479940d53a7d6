"""What a session uses and does at the moment, and a bounded history of it for a graph (S9).

Samples have a time instead of a version: the newer one wins, and none of them touches the session's document.
"""

from __future__ import annotations

from collections.abc import Sequence

from ccplant_contracts.session import Sample
from ccplant_contracts.watch import Activity
from ccplant_store.documents import to_bson
from ccplant_store.driver import Collection, Database
from ccplant_store.errors import DuplicateKeyError

KEPT_SAMPLES = 720
"""Two hours at one sample per 10 s."""


class ActivityStore:
    """The newest activity per session, and its samples."""

    def __init__(self, database: Database) -> None:
        self._activity: Collection = database.collection("activity")
        self._sessions: Collection = database.collection("sessions")

    async def append(self, session_id: str, sample: Sample | None, activity: Activity) -> None:
        """Keep a newer activity and its sample; what the activity leaves out stays as it was."""
        latest = activity.model_dump(exclude_none=True)
        update: dict[str, object] = {
            "$set": {f"latest.{name}": to_bson(value) for name, value in latest.items()},
            "$setOnInsert": {"schema_version": 1},
        }
        if sample is not None:
            kept = to_bson(sample.model_dump())
            update["$push"] = {"samples": {"$each": [kept], "$slice": -KEPT_SAMPLES}}
        query = {
            "_id": session_id,
            "$or": [{"latest": {"$exists": False}}, {"latest.sampled_at": {"$lt": activity.sampled_at}}],
        }
        try:
            done = await self._activity.update_one(query, update, upsert=True)
        except DuplicateKeyError:
            return  # a newer one is there
        if (
            done.inserted
            and await self._sessions.find_one({"_id": session_id}, projection={"_id": 1}) is None
        ):
            await self._activity.delete_many({"_id": session_id})

    async def get(self, session_id: str) -> Activity | None:
        """Return the newest activity."""
        return (await self.get_many([session_id])).get(session_id)

    async def get_many(self, session_ids: Sequence[str]) -> dict[str, Activity]:
        """Return the newest activity of these sessions, in one query."""
        rows = await self._activity.find(
            {"_id": {"$in": list(session_ids)}}, projection={"latest": 1}, limit=max(1, len(session_ids))
        )
        return {row["_id"]: Activity.model_validate(row["latest"]) for row in rows}

    async def history(self, session_id: str) -> Sequence[Sample]:
        """Return the kept samples, the oldest first; also after the end."""
        row = await self._activity.find_one({"_id": session_id}, projection={"samples": 1})
        return [] if row is None else [Sample.model_validate(sample) for sample in row.get("samples", ())]
