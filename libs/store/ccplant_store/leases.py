"""Leases: a named job is done by one process at a time.

One update pipeline on the server's own clock (`$$NOW`) decides, so no two holders' clocks have to agree; `term`
counts the tenures. A holder that was frozen finds its lease gone, and its own monotonic clock tells it before it asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccplant_platform.clock import Clock
from ccplant_store.driver import Collection, Database
from ccplant_store.errors import DuplicateKeyError

MARGIN_SECONDS = 2.0
"""How much earlier than the server a holder stops to trust its lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was got, and until when its holder may trust it."""

    name: str
    holder: str
    term: int
    trusted_until: float
    """On the holder's own monotonic clock, counted from before it asked."""

    def trusted(self, clock: Clock) -> bool:
        """Tell whether the holder may still act on it."""
        return clock.monotonic() < self.trusted_until


class LeaseStore:
    """Leases."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._leases: Collection = database.collection("leases")
        self._clock = clock

    async def acquire(self, name: str, holder: str, ttl_seconds: float) -> Lease | None:
        """Get a lease that is free or expired, or keep one's own; None where another has it."""
        asked_at = self._clock.monotonic()
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
        return Lease(name, holder, int(lease["term"]), asked_at + ttl_seconds - MARGIN_SECONDS)

    async def renew(self, lease: Lease, ttl_seconds: float) -> Lease | None:
        """Prolong a tenure; None where it is over: somebody else may have had the lease since."""
        asked_at = self._clock.monotonic()
        renewed = await self._leases.update_one(
            {"_id": lease.name, "holder": lease.holder, "term": lease.term},
            [{"$set": {"expires_at": {"$add": ["$$NOW", round(ttl_seconds * 1000)]}}}],
        )
        if renewed.matched == 0:
            return None
        return Lease(lease.name, lease.holder, lease.term, asked_at + ttl_seconds - MARGIN_SECONDS)

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back, where it is still this holder's."""
        await self._leases.update_one({"_id": name, "holder": holder}, [{"$set": {"expires_at": "$$NOW"}}])
