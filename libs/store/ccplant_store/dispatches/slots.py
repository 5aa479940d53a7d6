"""Slots: which session stands in a place that many dispatches may be meant for, and whose turn it is there.

One document for each reuse key, session's name or «the last one» that was ever used, made by the first who asks for a
number. A key for each pull request makes thousands a year: one that nobody has asked for in months goes, unless its
session still runs or something waits in its queue. Whoever comes after that finds a place that is free.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ccplant_contracts.base import UtcTime
from ccplant_platform.clock import Clock
from ccplant_store.documents import Document
from ccplant_store.driver import ASC, EPOCH, Collection, Database, Transaction
from ccplant_store.errors import DuplicateKeyError

KEPT = timedelta(days=90)
"""After the last dispatch; as long as resolved dispatches."""


class SlotDoc(Document):
    """A shared queue, and which session stands in its place."""

    seq: int = 0
    """The last number that was given."""
    resolved_to: int = 0
    """The highest number that was resolved."""
    session_id: str | None = None
    version: int = 0
    """Moved by each session that takes the place; numbers are outside it."""
    touched_at: UtcTime | None = None
    """When it was last of use."""


class SlotLostError(Exception):
    """Somebody was faster."""


class SlotStore:
    """Slots."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._slots: Collection = database.collection("slots")
        self._sessions: Collection = database.collection("sessions")
        self._dispatches: Collection = database.collection("dispatches")

    async def get(self, queue: str) -> SlotDoc:
        """Return a shared queue's slot; one that is not there is as new."""
        return SlotDoc.decode_optional(await self._slots.find_one({"_id": queue})) or SlotDoc(id=queue)

    async def next_number(self, queue: str) -> int:
        """Give the next dispatch of a shared queue its number; one that is given and not used is passed over later."""
        update = {"$inc": {"seq": 1}, "$set": {"touched_at": self._clock.now()}}
        slot = await self._slots.find_one_and_update({"_id": queue}, update, upsert=True)
        assert slot is not None  # noqa: S101 - an upsert returns what it made
        return int(slot["seq"])

    async def take(self, slot: SlotDoc, session_id: str, *, number: int, transaction: Transaction) -> None:
        """Put the new session of turn `number` into a place.

        A slot that is gone is made again: nobody would ever get a session there else.

        Raises:
            SlotLostError: another took it since `slot` was read; the transaction is void.
        """
        unchanged = {"$in": [0, None]} if slot.version == 0 else slot.version
        try:
            taken = await self._slots.find_one_and_update(
                {"_id": slot.id, "version": unchanged},
                {
                    "$set": {
                        "session_id": session_id,
                        "version": slot.version + 1,
                        "touched_at": self._clock.now(),
                    },
                    "$max": {"resolved_to": number, "seq": number},
                },
                upsert=slot.version == 0,
                transaction=transaction,
            )
        except DuplicateKeyError:
            taken = None  # it is there, of another version
        if taken is None:
            raise SlotLostError(slot.id)

    async def passed(self, queue: str, number: int) -> None:
        """Remember that a turn has come; where that is lost, the next one waits a moment longer."""
        await self._slots.update_one({"_id": queue}, {"$max": {"resolved_to": number}})

    async def sweep(self, now: datetime, *, limit: int) -> int:
        """Erase slots that nobody needs any more; return how many."""
        # from before there was a time on them
        await self._slots.update_many({"touched_at": None}, {"$set": {"touched_at": now}})
        old = await self._slots.find(
            {"touched_at": {"$gt": EPOCH, "$lt": now - KEPT}}, sort=[("touched_at", ASC)], limit=limit
        )
        erased = 0
        for row in old:
            as_seen = {"_id": row["_id"], "touched_at": row["touched_at"]}
            if await self._is_needed(SlotDoc.decode(row)):
                await self._slots.update_one(as_seen, {"$set": {"touched_at": now}})
            else:
                erased += await self._slots.delete_many(as_seen)
        return erased

    async def _is_needed(self, slot: SlotDoc) -> bool:
        id_alone = {"_id": 1}
        stands = {"_id": slot.session_id, "open": True}
        if slot.session_id is not None and await self._sessions.find_one(stands, projection=id_alone):
            return True
        waits = {"queue": slot.id, "open": True}
        return await self._dispatches.find_one(waits, projection=id_alone) is not None
