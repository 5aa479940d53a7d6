"""Dispatches in MongoDB.

A dispatch is added once for each occurrence of its trigger, however often its maker is started again. Each step after that
is a compare-and-set on its version; of two replicas that resolve the same queue one wins each step, and the
other looks again. What changes a slot (which session now stands in a place) is one transaction with the new session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ccplant_contracts.dispatch import DispatchFailure, WaitingFor
from ccplant_contracts.status import PromptState
from ccplant_platform.clock import Clock
from ccplant_store.dispatches.model import DispatchDoc, TriedDoc
from ccplant_store.dispatches.slots import SlotStore
from ccplant_store.documents import Raw, to_bson
from ccplant_store.driver import ASC, DESC, EPOCH, Collection, Database, Transaction
from ccplant_store.errors import DuplicateKeyError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.reading import Reader
from ccplant_store.sessions.listing import TOTAL_CAP

_TRIES = 20


class _GivenBackError(Exception):
    """The prompt was ended undelivered, or erased, before its dispatch knew of it."""


class DispatchStore:
    """Dispatches."""

    def __init__(self, database: Database, clock: Clock, recorder: EventRecorder, slots: SlotStore) -> None:
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._slots = slots
        self._dispatches: Collection = database.collection("dispatches")
        self._prompts: Collection = database.collection("prompts")
        self._readable = Reader(database, "dispatches", DispatchDoc)

    # --- by triggers

    async def add(self, dispatch: DispatchDoc, *, transaction: Transaction | None = None) -> DispatchDoc:
        """Insert a dispatch with its event; where its trigger was added before, return the one that is there.

        Raises:
            DuplicateKeyError: within a transaction of the caller, its trigger was added before; that transaction is void.
        """
        made = dispatch.model_copy(update={"event_seq": 1, "event_at": dispatch.created_at})
        raw = made.encode()

        async def write(run: Transaction) -> None:
            await self._dispatches.insert_one(raw, transaction=run)
            await self._recorder.insert(run, raw, [NewEvent("dispatch.created", _data(made))])

        if transaction is not None:
            await write(transaction)
            return made
        try:
            await self._database.transaction(write)
        except DuplicateKeyError:
            there = await self.by_trigger(dispatch.trigger)
            if there is None:
                raise
            return there
        return made

    # --- reading

    async def get(self, dispatch_id: str) -> DispatchDoc | None:
        """Return a dispatch, whoever owns it."""
        return DispatchDoc.decode_optional(await self._dispatches.find_one({"_id": dispatch_id}))

    async def get_owned(self, dispatch_id: str, owner: str) -> DispatchDoc | None:
        """Return a dispatch of this owner; another's is as if it were not there."""
        query = {"_id": dispatch_id, "owner": owner}
        return DispatchDoc.decode_optional(await self._dispatches.find_one(query))

    async def by_trigger(self, trigger: str) -> DispatchDoc | None:
        """Return what an occurrence of a trigger made."""
        return DispatchDoc.decode_optional(await self._dispatches.find_one({"trigger": trigger}))

    async def many(self, dispatch_ids: Sequence[str]) -> dict[str, DispatchDoc]:
        """Return dispatches by id, in one query; those that are gone are missing."""
        if not dispatch_ids:
            return {}
        rows = await self._dispatches.find(
            {"_id": {"$in": list(dispatch_ids)}}, limit=max(1, len(dispatch_ids))
        )
        return {dispatch.id: dispatch for dispatch in await self._readable.all(rows)}

    async def list(
        self, owner: str, *, waiting_only: bool, limit: int, offset: int = 0
    ) -> tuple[Sequence[DispatchDoc], int]:
        """Return a page, and how many there are (counted up to 10,001).

        Those that wait come in the order of their turns; all of them, the newest first.
        """
        query: dict[str, Any] = {"owner": owner}
        if waiting_only:
            query["open"] = True
        direction = ASC if waiting_only else DESC
        rows = await self._dispatches.find(
            query, sort=[("created_at", direction), ("_id", direction)], limit=limit, skip=offset
        )
        total = await self._dispatches.count(query, limit=TOTAL_CAP + 1)
        return await self._readable.all(rows), total

    async def place_of(self, dispatch: DispatchDoc) -> int | None:
        """Return how many of its owner's go before it and itself, counted up to 10,000; None: it does not wait."""
        if not dispatch.open:
            return None
        return 1 + await self._dispatches.count(_before(dispatch), limit=TOTAL_CAP)

    async def waiting(self, owner: str, *, limit: int = TOTAL_CAP) -> Sequence[str]:
        """Return the ids of an owner's dispatches that wait, the next first: the places of many in one question."""
        rows = await self._dispatches.find(
            {"owner": owner, "open": True},
            projection={"_id": 1},
            sort=[("created_at", ASC), ("_id", ASC)],
            limit=limit,
        )
        return tuple(str(row["_id"]) for row in rows)

    # --- resolving

    async def lowest_open(self, queue: str) -> DispatchDoc | None:
        """Return the next dispatch of a queue, of those that can be read."""
        found = await self._readable.find({"queue": queue, "open": True}, sort=[("number", ASC)], limit=1)
        return found[0] if found else None

    async def is_replaced(self, dispatch_id: str) -> bool:
        """Tell whether a run waits that is to take this one's place."""
        query = {"after": dispatch_id, "replace": True, "open": True}
        return await self._dispatches.find_one(query, projection={"_id": 1}) is not None

    async def older_waits_for_place(self, dispatch: DispatchDoc) -> bool:
        """Tell whether another of its owner's has to be given a place first."""
        query = {**_before(dispatch), "waiting_for": "place"}
        return await self._dispatches.find_one(query, projection={"_id": 1}) is not None

    async def next_for_place(self, owner: str, *, limit: int = 1) -> Sequence[str]:
        """Return the queues of those that wait longest for a place."""
        rows = await self._dispatches.find(
            {"owner": owner, "open": True, "waiting_for": "place"},
            projection={"queue": 1},
            sort=[("created_at", ASC), ("_id", ASC)],
            limit=limit,
        )
        return tuple(dict.fromkeys(row["queue"] for row in rows))

    async def to_look_at(self, now: datetime, *, limit: int) -> Sequence[str]:
        """Return queues with something to resolve, those first whose next has waited longest; each queue once.

        Of those that wait for a place, each owner's next. Of those that wait for the end of the run before, some: they
        may be more than can be looked at, and must not keep a dispatch from being found whose news was lost.
        """
        due = {"$or": [{"next_attempt_at": None}, {"next_attempt_at": {"$lte": now}}]}
        # the time makes the server read the index of open ones alone, and not all that were resolved in months
        waiting: dict[str, object] = {"open": True, "created_at": {"$gt": EPOCH}}
        by_age: list[Mapping[str, Any]] = [
            {"$group": {"_id": "$queue", "oldest": {"$min": "$created_at"}}},
            {"$sort": {"oldest": ASC}},
            {"$limit": limit},
        ]
        rows = await self._dispatches.aggregate(
            [{"$match": {**waiting, "waiting_for": {"$nin": ["place", "earlier_run"]}, **due}}, *by_age],
            limit=limit,
        )
        held = await self._dispatches.aggregate(
            [
                {"$match": {**waiting, "waiting_for": "earlier_run"}},
                {"$sample": {"size": limit}},
                {"$group": {"_id": "$queue"}},
            ],
            limit=limit,
        )
        queues = [str(row["_id"]) for row in (*rows, *held)]
        for_place = {"owner": {"$gt": ""}, "open": True, "waiting_for": "place"}
        for owner in await self._dispatches.distinct("owner", for_place):
            queues.extend(await self.next_for_place(owner))
        return tuple(dict.fromkeys(queues))

    async def stand_behind(self, head: DispatchDoc) -> None:
        """Have those behind the head of a queue wait for their turn, and for nothing else.

        One that came late with a lower number finds others of its queue that wait for a place already: they would go
        before it by their age, and it before them by its number, and nobody would go.
        """
        if head.target_kind == "new":
            return
        await self._dispatches.update_many(
            {"queue": head.queue, "open": True, "number": {"$gt": head.number}, "waiting_for": "place"},
            {"$set": {"waiting_for": "turn"}, "$inc": {"version": 1}},
        )

    async def assign(self, dispatch: DispatchDoc, session_id: str) -> DispatchDoc | None:
        """Write into which session the prompt is about to be put; None where somebody else was faster."""
        return await self._change(dispatch, {"session_id": session_id, "session_created": False})

    async def unassign(self, dispatch: DispatchDoc) -> DispatchDoc | None:
        """Note that the session ended before the prompt was delivered; None where somebody else was faster."""
        if dispatch.session_id is None:
            return dispatch
        tried = TriedDoc(session_id=dispatch.session_id, created=dispatch.session_created)
        return await self._change(
            dispatch,
            {
                "session_id": None,
                "session_created": False,
                "tried": [*(each.model_dump() for each in dispatch.tried), tried.model_dump()],
            },
        )

    async def wait(
        self,
        dispatch: DispatchDoc,
        waiting_for: WaitingFor,
        *,
        until: datetime | None = None,
        tried: bool = False,
    ) -> DispatchDoc | None:
        """Write what it waits for; None where somebody else was faster. `tried` counts a failed attempt."""
        if dispatch.waiting_for == waiting_for and until is None and not tried:
            return dispatch
        fields = {"waiting_for": waiting_for, "next_attempt_at": until}
        return await self._change(dispatch, fields | ({"attempts": dispatch.attempts + 1} if tried else {}))

    async def dispatched(
        self,
        dispatch: DispatchDoc,
        *,
        session_id: str,
        prompt_id: str,
        created: bool,
        at: datetime,
        transaction: Transaction | None = None,
    ) -> DispatchDoc | None:
        """Note that its prompt is in a session; None where somebody else was faster, or it has been given back since.

        A session may end between its prompt's insertion and this. Whoever ended the prompt then found a dispatch that did
        not know of it; so this writes into the prompt as well, and of the two one sees what the other did.
        """

        async def confirm(run: Transaction) -> None:
            seen = await self._prompts.update_one(
                {"_id": prompt_id, "state": {"$ne": PromptState.UNDELIVERED.value}},
                {"$set": {"confirmed": True}},
                transaction=run,
            )
            if not seen.matched:
                raise _GivenBackError

        done = await self._resolve(
            dispatch,
            {
                "state": "dispatched",
                "session_id": session_id,
                "session_created": created,
                "prompt_id": prompt_id,
            },
            NewEvent(
                "dispatch.dispatched",
                {**_data(dispatch), "session_id": session_id, "prompt_id": prompt_id, "created": created},
            ),
            at,
            transaction,
            None if created else confirm,
        )
        if done is not None and transaction is None:
            await self._passed(dispatch)
        return done

    async def fail(
        self, dispatch: DispatchDoc, failure: DispatchFailure, *, at: datetime
    ) -> DispatchDoc | None:
        """Give it up; None where somebody else was faster."""
        done = await self._resolve(
            dispatch,
            {"state": "failed", "failure": to_bson(failure)},
            NewEvent("dispatch.failed", {**_data(dispatch), "code": failure.code}),
            at,
        )
        if done is not None:
            await self._passed(dispatch)
        return done

    async def cancel(self, dispatch_id: str, owner: str, *, by: str, at: datetime) -> DispatchDoc | None:
        """Take a dispatch out of its queue, and return it as it is then: resolved otherwise where it was too late.

        None: no such dispatch of this owner. One whose prompt is about to be put into a session is not cancelled.
        """
        for _ in range(_TRIES):
            dispatch = await self.get_owned(dispatch_id, owner)
            if dispatch is None or not dispatch.open or dispatch.session_id is not None:
                return dispatch
            cancelled = await self._resolve(
                dispatch,
                {"state": "cancelled", "cancelled_by": by},
                NewEvent("dispatch.cancelled", {**_data(dispatch), "by": by}),
                at,
            )
            if cancelled is not None:
                await self._passed(cancelled)
                return cancelled
        return await self.get_owned(dispatch_id, owner)

    async def _passed(self, dispatch: DispatchDoc) -> None:
        if dispatch.target_kind != "new":
            await self._slots.passed(dispatch.queue, dispatch.number)

    async def _change(self, dispatch: DispatchDoc, fields: Mapping[str, object]) -> DispatchDoc | None:
        changed = await self._dispatches.find_one_and_update(
            {"_id": dispatch.id, "version": dispatch.version},
            {"$set": {**fields, "updated_at": self._clock.now()}, "$inc": {"version": 1}},
        )
        return DispatchDoc.decode_optional(changed)

    async def _resolve(
        self,
        dispatch: DispatchDoc,
        fields: Mapping[str, object],
        event: NewEvent,
        at: datetime,
        transaction: Transaction | None = None,
        confirm: Callable[[Transaction], Awaitable[None]] | None = None,
    ) -> DispatchDoc | None:
        async def write(run: Transaction) -> Raw | None:
            done = await self._dispatches.find_one_and_update(
                {"_id": dispatch.id, "version": dispatch.version, "open": True},
                {
                    "$set": {
                        **fields,
                        "open": False,
                        "waiting_for": None,
                        "resolved_at": at,
                        "updated_at": at,
                    },
                    "$max": {"event_at": at},
                    "$inc": {"version": 1, "event_seq": 1},
                },
                transaction=run,
            )
            if done is not None:
                if confirm is not None:
                    await confirm(run)
                await self._recorder.insert(run, done, [event])
            return done

        if transaction is not None:
            return DispatchDoc.decode_optional(await write(transaction))
        try:
            return DispatchDoc.decode_optional(await self._database.transaction(write))
        except _GivenBackError:
            return None


async def requeue(
    dispatches: Collection,
    recorder: EventRecorder,
    run: Transaction,
    *,
    dispatch_id: str,
    prompt_id: str,
    at: datetime,
) -> None:
    """Have a dispatch wait again whose prompt no runner has seen; in the transaction that ends that prompt."""
    query = {"_id": dispatch_id, "prompt_id": prompt_id, "state": "dispatched"}
    row = await dispatches.find_one(query, transaction=run)
    if row is None:
        return  # it went elsewhere already
    dispatch = DispatchDoc.decode(row)
    tried = TriedDoc(session_id=dispatch.session_id or "", created=dispatch.session_created)
    waiting = await dispatches.find_one_and_update(
        query,
        {
            "$set": {
                "state": "waiting",
                "open": True,
                "waiting_for": "turn",
                "session_id": None,
                "session_created": False,
                "prompt_id": None,
                "resolved_at": None,
                # what failed before its prompt got into a session is no reason to give it up after that one's end
                "attempts": 0,
                "next_attempt_at": None,
                "updated_at": at,
            },
            "$push": {"tried": tried.model_dump()},
            "$max": {"event_at": at},
            "$inc": {"version": 1, "event_seq": 1},
        },
        transaction=run,
    )
    if waiting is not None:
        data = {**_data(dispatch), "session_id": dispatch.session_id}
        await recorder.insert(run, waiting, [NewEvent("dispatch.requeued", data)])


def _before(dispatch: DispatchDoc) -> dict[str, Any]:
    return {
        "owner": dispatch.owner,
        "open": True,
        "$or": [
            {"created_at": {"$lt": dispatch.created_at}},
            {"created_at": dispatch.created_at, "_id": {"$lt": dispatch.id}},
        ],
    }


def _data(dispatch: DispatchDoc) -> dict[str, object]:
    """Return what subscribers are told; never the text."""
    source = dispatch.source
    return {
        "trigger": source.kind,
        "trigger_id": source.id,
        "delivery_id": source.delivery_id,
        "run_id": source.run_id,
    }
