"""How many dispatches a webhook made for one key in the last hour: the bound that ends a loop (W2).

Looking and taking are one update of one document: of any number of processes together none gets past the bound. A
repeat after a crash finds itself admitted, and takes nothing more.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from ccplant_store.driver import Collection, Database
from ccplant_store.errors import DuplicateKeyError

WINDOW = timedelta(hours=1)
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
                    projection={"admitted": {"$elemMatch": {"trigger": trigger}}},
                )
            except DuplicateKeyError:
                if attempt == _TRIES:
                    raise
                continue  # two made the document at once
            return bool(raw and raw.get("admitted"))
        raise AssertionError("unreachable")  # the last try returns or raises


def _admission(trigger: str, most: int, at: datetime) -> list[dict[str, object]]:
    """Return the update: forget what is older than the window, and add this one where there is room."""
    before: dict[str, object] = {"$ifNull": ["$admitted", []]}
    recent = {"$filter": {"input": before, "cond": {"$gt": ["$$this.at", at - WINDOW]}}}
    added = {"$concatArrays": ["$$recent", [{"trigger": trigger, "at": at}]]}
    decided = {
        "$let": {
            "vars": {"recent": recent},
            "in": {"$cond": [{"$lt": [{"$size": "$$recent"}, most]}, added, "$$recent"]},
        }
    }
    known = {"$in": [trigger, {"$ifNull": ["$admitted.trigger", []]}]}
    return [
        {
            "$set": {
                "schema_version": 1,
                "admitted": {"$cond": [known, before, decided]},
                "touched_at": {"$max": ["$touched_at", at]},
            }
        }
    ]
