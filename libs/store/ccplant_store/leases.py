"""Leases: a named job is done by one process at a time.

One update pipeline on the server's own clock (`$$NOW`) decides, so no two holders' clocks have to agree; `term`
counts the tenures. A holder that was frozen finds its lease gone when it asks again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccplant_store.driver import Collection, Database
from ccplant_store.errors import DuplicateKeyError


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was got. How long its holder may trust it is the holder's to know, by its own monotonic clock."""

    name: str
    holder: str
    term: int


class LeaseStore:
    """Leases."""

    def __init__(self, database: Database) -> None:
        self._leases: Collection = database.collection("leases")

    async def acquire(self, name: str, holder: str, ttl_seconds: float) -> Lease | None:
        """Get a lease that is free or expired, or keep one's own; None where another has it."""
        free = {"$lte": [{"$ifNull": ["$expires_at", "$$NOW"]}, "$$NOW"]}
        mine = {"$eq": ["$holder", holder]}
        until = {"$add": ["$$NOW", round(ttl_seconds * 1000)]}
        term = {"$ifNull": ["$term", 0]}
        try:
            lease = await self._leases.find_one_and_update(
                {"_id": name},
                [
                    {
                        "$set": {
                            "schema_version": 1,
                            "term": {"$cond": [free, {"$add": [term, 1]}, term]},
                            "expires_at": {"$cond": [{"$or": [free, mine]}, until, "$expires_at"]},
                            "holder": {"$cond": [free, holder, "$holder"]},
                        }
                    }
                ],
                upsert=True,
            )
        except DuplicateKeyError:
            return None  # two inserted it at once, and the other one has it
        if lease is None or lease["holder"] != holder:
            return None
        return Lease(name, holder, int(lease["term"]))

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back, where it is still this holder's."""
        await self._leases.update_one({"_id": name, "holder": holder}, [{"$set": {"expires_at": "$$NOW"}}])
