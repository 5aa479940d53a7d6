"""Deliveries in MongoDB.

A delivery that is `received` is work for whoever takes it: taking moves `next_attempt_at` ahead by a compare-and-set, so
that of several processes one does, and the next one where that one died. The end of the work is compared against the
delivery as it was taken: it has one outcome for each time it is processed, whoever comes second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ccplant_contracts.webhook import Outcome
from ccplant_store.deliveries.model import DeliveryDoc, StoredOutcome, delivery_key
from ccplant_store.deliveries.payloads import PayloadStore
from ccplant_store.deliveries.together import Together
from ccplant_store.documents import to_bson
from ccplant_store.driver import ASC, DESC, Collection, Database, Transaction
from ccplant_store.errors import DuplicateKeyError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.idempotency import IdempotencyDoc
from ccplant_store.reading import Reader
from ccplant_store.sessions.listing import TOTAL_CAP

_AROUND_BYTES = 2_000
"""What a delivery has beside its payload, about."""
_LISTED = {"payload": 0, "headers": 0, "filters": 0, "message": 0}
_OPENED = {"payload": 0}
_STORED: Mapping[str, list[StoredOutcome | None]] = {
    "processing": [None],
    "dispatched": ["handed"],
    "waiting": ["handed"],
    "cancelled": ["handed"],
    "failed": ["failed", "handed"],
}
"""Which of the stored outcomes can be what a client asks for."""
_UNSET: Mapping[str, object] = {
    "outcome": None,
    "reason": None,
    "processed_at": None,
    "facts": {},
    "filters": [],
    "message": None,
    "reuse_key": None,
    "dispatch_id": None,
}


class DeliveryStore:
    """Deliveries."""

    def __init__(self, database: Database, recorder: EventRecorder) -> None:
        self._database = database
        self._deliveries: Collection = database.collection("deliveries")
        self._idempotency: Collection = database.collection("idempotency")
        self._readable = Reader(database, "deliveries", DeliveryDoc)
        self._together = Together(self._deliveries)
        self._recorder = recorder
        self.payloads = PayloadStore(database)

    # --- reading

    async def get(self, delivery_id: str) -> DeliveryDoc | None:
        """Return a delivery, with its payload where that is in the record."""
        return DeliveryDoc.decode_optional(await self._deliveries.find_one({"_id": delivery_id}))

    async def get_owned(self, webhook_id: str, delivery_id: str, owner: str) -> DeliveryDoc | None:
        """Return a delivery to a webhook of this owner, without its payload (`payload` reads that)."""
        query = {"_id": delivery_id, "webhook_id": webhook_id, "owner": owner}
        return DeliveryDoc.decode_optional(await self._deliveries.find_one(query, projection=_OPENED))

    async def first_of(self, webhook_id: str, github_delivery: str) -> DeliveryDoc | None:
        """Return the delivery of which another with this id is a repeat, without its payload."""
        query = {"key": delivery_key(webhook_id, github_delivery)}
        return DeliveryDoc.decode_optional(await self._deliveries.find_one(query, projection=_OPENED))

    async def many(self, delivery_ids: Sequence[str]) -> dict[str, DeliveryDoc]:
        """Return those of these deliveries that there are, as lists show them."""
        rows = await self._deliveries.find(
            {"_id": {"$in": list(delivery_ids)}}, projection=_LISTED, limit=max(1, len(delivery_ids))
        )
        return {delivery.id: delivery for delivery in await self._readable.all(rows)}

    async def list(
        self, webhook_id: str, *, limit: int, offset: int = 0, outcome: StoredOutcome | None = None
    ) -> tuple[Sequence[DeliveryDoc], int]:
        """Return a page of a webhook's deliveries, the newest first, and how many there are (counted up to 10,001)."""
        query: dict[str, object] = {"webhook_id": webhook_id}
        if outcome is not None:
            query["outcome"] = outcome
        rows = await self._deliveries.find(
            query, projection=_LISTED, sort=[("order", DESC), ("_id", DESC)], limit=limit, skip=offset
        )
        total = await self._deliveries.count(query, limit=TOTAL_CAP + 1)
        return await self._readable.all(rows), total

    async def list_by(
        self, webhook_id: str, *, outcome: Outcome | None, limit: int, offset: int = 0
    ) -> tuple[Sequence[DeliveryDoc], int]:
        """Return the same of deliveries of which this became; of those handed on, their dispatches are asked.

        Only the newest 10,000 that may be meant are asked.
        """
        if outcome is None or outcome in ("ignored", "duplicate"):
            return await self.list(webhook_id, limit=limit, offset=offset, outcome=outcome)
        matching: list[Mapping[str, Any]] = [
            {"$match": {"webhook_id": webhook_id, "outcome": {"$in": _STORED[outcome]}}},
            {"$sort": {"order": DESC, "_id": DESC}},
            {"$limit": TOTAL_CAP},
            {"$project": {"outcome": 1, "dispatch_id": 1}},
            {
                "$lookup": {
                    "from": "dispatches",
                    "localField": "dispatch_id",
                    "foreignField": "_id",
                    "pipeline": [{"$project": {"state": 1}}],
                    "as": "dispatches",
                }
            },
            {"$match": {"$or": [{"outcome": {"$ne": "handed"}}, {"dispatches.state": outcome}]}},
        ]
        page = [*matching, {"$skip": offset}, {"$limit": limit}, {"$project": {"_id": 1}}]
        ids = [str(row["_id"]) for row in await self._deliveries.aggregate(page, limit=limit)]
        counted = await self._deliveries.aggregate([*matching, {"$count": "total"}], limit=1)
        found = await self.many(ids) if ids else {}
        total = int(counted[0]["total"]) if counted else 0
        return [found[delivery_id] for delivery_id in ids if delivery_id in found], total

    async def payload(self, delivery: DeliveryDoc) -> bytes | None:
        """Return the payload's bytes; None: it had none of its own, or is not kept any more."""
        if delivery.payload is not None:
            return delivery.payload
        if delivery.blob_id is not None:
            return await self.payloads.read(delivery.blob_id)
        raw = await self._deliveries.find_one({"_id": delivery.id}, projection={"payload": 1})
        payload = None if raw is None else raw.get("payload")
        return None if payload is None else bytes(payload)

    # --- receiving

    async def insert(self, delivery: DeliveryDoc) -> bool:
        """Write what was received, durably; False: its key is there, it is a repeat."""
        refused = await self._together.insert(
            delivery.encode(), size=len(delivery.payload or b"") + _AROUND_BYTES
        )
        if refused is None:
            return True
        (index,) = refused
        if index == "key":
            return False
        raise DuplicateKeyError(f"a delivery {delivery.id} is there already (index {index})", index=index)

    async def insert_finished(self, delivery: DeliveryDoc, event: NewEvent) -> bool:
        """Write one that needs no processing, with its event in one transaction; False: it is a repeat."""
        made = delivery.model_copy(update={"event_seq": 1, "event_at": delivery.received_at})
        raw = made.encode()

        async def write(run: Transaction) -> None:
            await self._deliveries.insert_one(raw, transaction=run)
            await self._recorder.insert(run, raw, [event])

        try:
            await self._database.transaction(write)
        except DuplicateKeyError as error:
            if error.index == "key":
                return False
            raise
        return True

    async def replay(
        self,
        delivery: DeliveryDoc,
        *,
        at: datetime,
        resent: bool = False,
        idempotency: Callable[[DeliveryDoc], IdempotencyDoc] | None = None,
    ) -> DeliveryDoc | None:
        """Have a delivery processed again that is still as the caller saw it; None: it is not, or it is a repeat.

        `resent`: its sender repeated it. `idempotency` makes the key that is written with it; None also where that key is
        there already.
        """
        query = {
            "_id": delivery.id,
            "state": "processed",
            "replays": delivery.replays,
            "outcome": {"$ne": "duplicate"},
        }
        changes = {
            **_UNSET,
            "state": "received",
            "attempts": 0,
            "begun": 0,
            "next_attempt_at": at,
            "resent": resent,
            "claimed_by": None,
            "updated_at": at,
        }
        update = {"$set": changes, "$inc": {"replays": 1}}
        if idempotency is None:
            raw = await self._deliveries.find_one_and_update(query, update, projection=_OPENED)
            return DeliveryDoc.decode_optional(raw)

        async def write(run: Transaction) -> DeliveryDoc | None:
            raw = await self._deliveries.find_one_and_update(
                query, update, projection=_OPENED, transaction=run
            )
            changed = DeliveryDoc.decode_optional(raw)
            if changed is not None:
                await self._idempotency.insert_one(idempotency(changed).encode(), transaction=run)
            return changed

        try:
            return await self._database.transaction(write)
        except DuplicateKeyError:
            return None

    # --- processing

    async def webhooks_received(self) -> Sequence[str]:
        """Return the webhooks of which something is received and not processed, whoever has it."""
        return await self._deliveries.distinct("webhook_id", {"state": "received"})

    async def due(
        self, webhook_id: str, now: datetime, *, limit: int, without: Sequence[str] = ()
    ) -> Sequence[DeliveryDoc]:
        """Return a webhook's deliveries that anybody may take now, in the order of receipt; without payloads."""
        query: dict[str, object] = {
            "state": "received",
            "webhook_id": webhook_id,
            "next_attempt_at": {"$lte": now},
        }
        if without:
            query["_id"] = {"$nin": list(without)}
        return await self._readable.find(query, projection=_LISTED, sort=[("order", ASC)], limit=limit)

    async def claim(
        self, delivery: DeliveryDoc, *, holder: str, now: datetime, lease: timedelta, taken_up: bool
    ) -> DeliveryDoc | None:
        """Take a delivery that is still as the caller saw it, for a while; None: another has, or it is done.

        `taken_up` counts it as an attempt: one whose processing ends the process must not be taken up for ever.
        """
        query = {
            "_id": delivery.id,
            "state": "received",
            "replays": delivery.replays,
            "next_attempt_at": delivery.next_attempt_at,
            "claimed_by": delivery.claimed_by,
        }
        change = {
            "$set": {"next_attempt_at": now + lease, "claimed_by": holder, "updated_at": now},
            "$inc": {"attempts": int(taken_up)},
        }
        raw = await self._deliveries.find_one_and_update(query, change)
        return DeliveryDoc.decode_optional(raw)

    async def begin(self, delivery: DeliveryDoc) -> int:
        """Count that its processing begins, before it does; return how often it has, 0 where another has it now."""
        query = {
            "_id": delivery.id,
            "state": "received",
            "replays": delivery.replays,
            "claimed_by": delivery.claimed_by,
        }
        raw = await self._deliveries.find_one_and_update(
            query, {"$inc": {"begun": 1}}, projection={"begun": 1}
        )
        return 0 if raw is None else int(raw["begun"])

    async def release(self, delivery: DeliveryDoc, *, holder: str, at: datetime, tried: bool) -> bool:
        """Let go of a delivery that this holder has: it is due from then on; not `tried`: that was no attempt."""
        query = {
            "_id": delivery.id,
            "state": "received",
            "replays": delivery.replays,
            "claimed_by": holder,
        }
        untried = {"$max": [0, {"$subtract": ["$attempts", 0 if tried else 1]}]}
        change = [{"$set": {"next_attempt_at": at, "claimed_by": None, "attempts": untried}}]
        return (await self._deliveries.update_one(query, change)).matched == 1

    async def finish(
        self,
        delivery: DeliveryDoc,
        outcome: StoredOutcome,
        *,
        at: datetime,
        event: NewEvent,
        **fields: object,
    ) -> DeliveryDoc | None:
        """Write what became of it, and the event that tells, in one transaction; None: it has an outcome already."""

        async def write(run: Transaction) -> DeliveryDoc | None:
            raw = await self._deliveries.find_one_and_update(
                _unfinished(delivery),
                _finished(outcome, at, fields, events=1),
                projection=_OPENED,
                transaction=run,
            )
            if raw is None:
                return None
            await self._recorder.insert(run, raw, [event])
            return DeliveryDoc.decode(raw)

        return await self._database.transaction(write)

    async def hand_over(
        self, delivery: DeliveryDoc, *, at: datetime, transaction: Transaction, **fields: object
    ) -> bool:
        """Write that a dispatch is made of it, in the transaction that makes it; False: it has an outcome already."""
        done = await self._deliveries.update_one(
            _unfinished(delivery), _finished("handed", at, fields, events=0), transaction=transaction
        )
        return done.matched == 1


def _unfinished(delivery: DeliveryDoc) -> dict[str, object]:
    return {"_id": delivery.id, "state": "received", "replays": delivery.replays}


def _finished(
    outcome: StoredOutcome, at: datetime, fields: dict[str, object], *, events: int
) -> dict[str, Any]:
    changes: dict[str, object] = {key: to_bson(value) for key, value in fields.items()}
    changes |= {
        "state": "processed",
        "outcome": outcome,
        "processed_at": at,
        "next_attempt_at": None,
        "claimed_by": None,
    }
    update: dict[str, Any] = {"$set": changes, "$max": {"updated_at": at}}
    if events:
        update["$max"]["event_at"] = at
        update["$inc"] = {"event_seq": events}
    return update
