"""How many dispatches a webhook made for one key in the last hour: the bound that ends a loop (W2).

Looking and taking are one update of one document: of any number of processes together none gets past the bound. It counts by
the minute, so that the document stays small whatever the bound is; an hour is the minute that runs and the 59 before it.
The last ones that were admitted are known by name: a repeat after a crash finds itself there, and takes nothing more.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from ccplant_store.driver import Collection, Database
from ccplant_store.errors import DuplicateKeyError

WINDOW = timedelta(hours=1)
_MINUTES = 60
_KNOWN = 50
ADMISSIONS_KEPT_SECONDS = 2 * 3600
_TRIES = 3


class RateStore:
    """Admissions of the last hour."""

    def __init__(self, database: Database) -> None:
        self._rates: Collection = database.collection("dispatch_rates")

    async def admit(self, trigger: str, webhook_id: str, key: str, *, most: int, at: datetime) -> bool:
        """Tell whether this trigger may start something; one that was admitted once is again."""
        digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:40]
        for attempt in range(1, _TRIES + 1):
            try:
                raw = await self._rates.find_one_and_update(
                    {"_id": f"{webhook_id}:{digest}"},
                    _admission(trigger, most, at),
                    upsert=True,
                    projection={"admitted": {"$elemMatch": {"$eq": trigger}}},
                )
            except DuplicateKeyError:
                if attempt == _TRIES:
                    raise
                continue  # two made the document at once
            return bool(raw and raw.get("admitted"))
        raise AssertionError("unreachable")  # the last try returns or raises


def _admission(trigger: str, most: int, at: datetime) -> list[dict[str, object]]:
    """Return the update: forget what is older than the window, and count this one where there is room."""
    minute = int(at.timestamp()) // 60
    admitted: dict[str, object] = {"$ifNull": ["$admitted", []]}
    before: dict[str, object] = {"$ifNull": ["$minutes", []]}
    recent = {"$filter": {"input": before, "cond": {"$gt": ["$$this.minute", minute - _MINUTES]}}}
    others = {"$filter": {"input": recent, "cond": {"$ne": ["$$this.minute", minute]}}}
    this = {"$filter": {"input": recent, "cond": {"$eq": ["$$this.minute", minute]}}}
    counted = [{"minute": minute, "count": {"$add": [{"$sum": "$counted_now.count"}, 1]}}]
    return [
        {
            "$set": {
                "room": {
                    "$and": [
                        {"$not": [{"$in": [trigger, admitted]}]},
                        {"$lt": [{"$sum": {"$map": {"input": recent, "in": "$$this.count"}}}, most]},
                    ]
                },
                "counted_now": this,
                "minutes": others,
            }
        },
        {
            "$set": {
                "schema_version": 1,
                "minutes": {"$concatArrays": ["$minutes", {"$cond": ["$room", counted, "$counted_now"]}]},
                "admitted": {
                    "$cond": [
                        "$room",
                        {"$slice": [{"$concatArrays": [admitted, [trigger]]}, -_KNOWN]},
                        admitted,
                    ]
                },
                "touched_at": {"$max": ["$touched_at", at]},
            }
        },
        {"$unset": ["room", "counted_now"]},
    ]
