"""Prompts in MongoDB: what a person wants said to the agent, and its one end.

A prompt that the runner may have is never edited, removed or queued again; at most one per session is under way, which
a unique index holds and not the good will of its callers. Each move is a compare-and-set on the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ccplant_contracts.status import PromptState, Status
from ccplant_platform.clock import Clock
from ccplant_store.dispatches.repository import requeue
from ccplant_store.documents import Raw, to_bson
from ccplant_store.driver import ASC, DESC, Collection, Database, Transaction
from ccplant_store.errors import DuplicateKeyError, TombstonedError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.prompts.model import STANDING, CancelDoc, PromptDoc, PromptStanding, moves
from ccplant_store.reading import Reader
from ccplant_store.sessions.repository import prompt_data

_CHUNK = 100
_MOST_OPEN = 10_000
_TRIES = 5


class PromptStore:
    """Prompts."""

    def __init__(self, database: Database, clock: Clock, recorder: EventRecorder) -> None:
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._prompts: Collection = database.collection("prompts")
        self._readable = Reader(database, "prompts", PromptDoc)
        self._sessions: Collection = database.collection("sessions")
        self._dispatches: Collection = database.collection("dispatches")

    # --- reading

    async def get(self, session_id: str, prompt_id: str) -> PromptDoc | None:
        """Return a prompt of this session."""
        return PromptDoc.decode_optional(
            await self._prompts.find_one({"_id": prompt_id, "session_id": session_id})
        )

    async def standings(self, prompt_ids: Sequence[str]) -> dict[str, PromptStanding]:
        """Return how prompts stand, in one query; those that are gone are missing."""
        rows = await self._prompts.find(
            {"_id": {"$in": list(prompt_ids)}}, projection=STANDING, limit=max(1, len(prompt_ids))
        )
        return {str(row["_id"]): PromptStanding.decode(row) for row in rows}

    async def by_key(self, session_id: str, idempotency_key: str) -> PromptDoc | None:
        """Return what an idempotency key made in this session."""
        return PromptDoc.decode_optional(
            await self._prompts.find_one({"session_id": session_id, "idempotency_key": idempotency_key})
        )

    async def list_for(self, session_id: str, *, last: int = 50) -> Sequence[PromptDoc]:
        """Return the open prompts and the last ones of any state, by number."""
        recent = await self._prompts.find({"session_id": session_id}, sort=[("number", DESC)], limit=last)
        still_open = await self._prompts.find(
            {"session_id": session_id, "open": True}, sort=[("number", ASC)], limit=_MOST_OPEN
        )
        by_number = {row["number"]: row for row in (*recent, *still_open)}
        return [PromptDoc.decode(by_number[number]) for number in sorted(by_number)]

    async def under_way(self, session_id: str) -> PromptDoc | None:
        """Return the prompt that the runner has, or may have."""
        return PromptDoc.decode_optional(
            await self._prompts.find_one({"session_id": session_id, "under_way": True})
        )

    async def count_open(self, session_id: str) -> int:
        """Count the prompts that have no end yet."""
        return await self._prompts.count({"session_id": session_id, "open": True}, limit=_MOST_OPEN)

    async def after(self, session_id: str, number: int) -> tuple[int, int]:
        """Count the prompts with a higher number, and those of them that ended without a runner having seen them."""
        query: dict[str, object] = {"session_id": session_id, "number": {"$gt": number}}
        documents = await self._prompts.count(query, limit=_MOST_OPEN)
        unseen = await self._prompts.count({**query, "open": False, "launch_id": None}, limit=_MOST_OPEN)
        return documents, unseen

    async def versions(
        self, session_ids: Sequence[str], *, ended_since: datetime
    ) -> dict[str, dict[str, int]]:
        """Return the versions of the open prompts, and of those that ended since then, per session and prompt."""
        rows = await self._prompts.find(
            {
                "session_id": {"$in": list(session_ids)},
                "$or": [{"open": True}, {"open": False, "ended_at": {"$gte": ended_since}}],
            },
            projection={"session_id": 1, "version": 1},
            limit=_MOST_OPEN,
        )
        versions: dict[str, dict[str, int]] = {}
        for row in rows:
            versions.setdefault(row["session_id"], {})[row["_id"]] = row["version"]
        return versions

    # --- by clients

    async def insert(self, prompt: PromptDoc) -> PromptDoc:
        """Insert a queued prompt; for a repeat of its idempotency key, return the one that is there.

        The two are told apart by their ids. `SessionStore.take_prompt_number` gave the number before.

        Raises:
            DuplicateKeyError: the number is taken.
        """
        try:
            await self._prompts.insert_one(prompt.encode())
        except DuplicateKeyError:
            if prompt.idempotency_key is None:
                raise
            there = await self.by_key(prompt.session_id, prompt.idempotency_key)
            if there is None:
                raise
            return there
        return prompt

    async def edit(
        self, session_id: str, prompt_id: str, text: str, *, version: int | None = None
    ) -> PromptDoc | None:
        """Change the text of a queued prompt; None where it is not queued any more, or not of this version."""
        query: dict[str, object] = {
            "_id": prompt_id,
            "session_id": session_id,
            "state": PromptState.QUEUED.value,
        }
        if version is not None:
            query["version"] = version
        return PromptDoc.decode_optional(
            await self._prompts.find_one_and_update(query, {"$set": {"text": text}, "$inc": {"version": 1}})
        )

    async def remove(self, session_id: str, prompt_id: str, *, by: str, at: datetime) -> PromptDoc | None:
        """Take a prompt out of the queue; None where it is not queued any more."""
        return await self._leave_queue(session_id, prompt_id, PromptState.REMOVED, by, at)

    async def cancel_queued(
        self, session_id: str, prompt_id: str, *, by: str, at: datetime
    ) -> PromptDoc | None:
        """Cancel a prompt that the runner never saw; None where it is not queued any more."""
        return await self._leave_queue(session_id, prompt_id, PromptState.CANCELLED, by, at)

    async def request_cancel(
        self, session_id: str, prompt_id: str, *, by: str, at: datetime
    ) -> PromptDoc | None:
        """Write that a prompt under way is to be cancelled; the first wish stays. None where it is not under way."""
        query = {"_id": prompt_id, "session_id": session_id, "under_way": True}
        wish = CancelDoc(by=by, at=at).model_dump()
        written = await self._prompts.find_one_and_update(
            {**query, "cancel_requested": None}, {"$set": {"cancel_requested": wish}, "$inc": {"version": 1}}
        )
        return PromptDoc.decode_optional(written or await self._prompts.find_one(query))

    async def _leave_queue(
        self, session_id: str, prompt_id: str, target: PromptState, by: str, at: datetime
    ) -> PromptDoc | None:
        for _ in range(_TRIES):
            prompt = await self.get(session_id, prompt_id)
            if prompt is None or prompt.state is not PromptState.QUEUED:
                return None
            wish = CancelDoc(by=by, at=at).model_dump()
            moved = await self._move(prompt, target, at, {"cancel_requested": wish})
            if moved is not None:
                return moved
        return None

    # --- delivery

    async def begin_delivery(self, session_id: str, launch_id: str) -> PromptDoc | None:
        """Take the lowest queued prompt for this launch; None where none waits, or one is under way already.

        None too where the session is not running under this launch, or its end is wanted: as of the same moment at which
        the prompt was queued. Looked at before, a session may have ended since, and a prompt that was put in late, by
        somebody who was held up as well, be one that has gone to another session meanwhile.
        """
        at = self._clock.now()

        async def take(run: Transaction) -> Raw | None:
            running = await self._sessions.find_one(
                {
                    "_id": session_id,
                    "status": Status.RUNNING.value,
                    "launch.id": launch_id,
                    "stop_requested": None,
                },
                projection={"_id": 1},
                transaction=run,
            )
            if running is None:
                return None
            return await self._prompts.find_one_and_update(
                {"session_id": session_id, "open": True, "state": PromptState.QUEUED.value},
                {
                    "$set": {
                        "state": PromptState.DELIVERING.value,
                        "under_way": True,
                        "launch_id": launch_id,
                        "delivered_at": at,
                    },
                    "$inc": {"version": 1},
                },
                sort=[("number", ASC)],
                transaction=run,
            )

        try:
            taken = await self._database.transaction(take, on=session_id)
        except DuplicateKeyError:
            return None  # one is under way: the index says so
        return PromptDoc.decode_optional(taken)

    async def apply_turn(
        self,
        session_id: str,
        prompt_id: str,
        state: PromptState,
        *,
        at: datetime,
        stop_reason: str | None = None,
        error: str | None = None,
    ) -> PromptDoc | None:
        """Move a prompt to what the runner says of it; None where that is no news (a repeat, or a step back)."""
        for _ in range(_TRIES):
            prompt = await self.get(session_id, prompt_id)
            if prompt is None or not prompt.under_way or not moves(prompt.state, state):
                return None
            moved = await self._move(prompt, state, at, {"stop_reason": stop_reason, "error": to_bson(error)})
            if moved is not None:
                return moved
        return None

    async def waits_in(self, session_id: str) -> bool:
        """Tell whether a session has prompts that no runner was given."""
        query = {"session_id": session_id, "open": True, "state": PromptState.QUEUED.value}
        return await self._prompts.find_one(query, projection={"_id": 1}) is not None

    async def settle(
        self, session_id: str, *, at: datetime, queued_only: bool = False
    ) -> Sequence[PromptDoc]:
        """After the end: what was queued becomes undelivered, what was under way interrupted.

        The prompt of a dispatch goes back to it when no runner was given it: in the same write, so it is never in both.
        """
        settled: list[PromptDoc] = []
        query: dict[str, object] = {"session_id": session_id, "open": True}
        if queued_only:
            query["state"] = PromptState.QUEUED.value
        while True:
            prompts = await self._readable.find(query, sort=[("number", ASC)], limit=_CHUNK)
            if not prompts:
                return settled
            for prompt in prompts:
                target = PromptState.INTERRUPTED if prompt.under_way else PromptState.UNDELIVERED
                moved = await self._move(prompt, target, at, {})
                if moved is not None:
                    settled.append(moved)

    async def sessions_with_work(self, *, limit: int) -> Sequence[str]:
        """Return running sessions that have a prompt to deliver, to ask about or to cancel."""
        running = await self._sessions.find(
            {"open": True, "status": Status.RUNNING.value}, projection={"_id": 1}, limit=20_000
        )
        with_work = await self._prompts.distinct(
            "session_id",
            {
                "session_id": {"$in": [row["_id"] for row in running]},
                "open": True,
                "$or": [
                    {"state": {"$in": [PromptState.QUEUED.value, PromptState.DELIVERING.value]}},
                    {"cancel_requested": {"$ne": None}},
                ],
            },
        )
        return with_work[:limit]

    # --- the outbox's part

    async def announce(self, *, limit: int) -> int:
        """Record `prompt.queued` for prompts that were inserted without a transaction; return how many.

        The insert does not write the session's document: a hundred at once would take seconds. Each prompt passes
        here at least once, so one that landed after its session's end is found here too, and is undelivered.
        """
        unannounced = await self._readable.find({"announced": False}, sort=[("created_at", ASC)], limit=limit)
        by_session: dict[str, list[PromptDoc]] = {}
        for prompt in unannounced:
            by_session.setdefault(prompt.session_id, []).append(prompt)
        count = 0
        for session_id, prompts in by_session.items():
            count += await self._announce(session_id, sorted(prompts, key=lambda prompt: prompt.number))
        return count

    async def _announce(self, session_id: str, prompts: Sequence[PromptDoc]) -> int:
        at = self._clock.now()

        async def write(run: Transaction) -> int:
            fresh: list[PromptDoc] = []
            for prompt in prompts:
                claimed = await self._prompts.find_one_and_update(
                    {"_id": prompt.id, "announced": False}, {"$set": {"announced": True}}, transaction=run
                )
                if claimed is not None:
                    fresh.append(prompt)
            session = await self._recorder.append(
                run, session_id, [NewEvent("prompt.queued", prompt_data(prompt)) for prompt in fresh], at=at
            )
            if session["settled"]:
                raise _SettledError
            return len(fresh)

        try:
            return await self._database.transaction(write, on=session_id)
        except TombstonedError:
            return await self._prompts.delete_many({"session_id": session_id})
        except _SettledError:
            # announced and ended by the same write: announced alone, it would not be found again after a crash
            return len(await self.settle(session_id, at=at))

    async def _move(
        self, prompt: PromptDoc, target: PromptState, at: datetime, fields: Mapping[str, object]
    ) -> PromptDoc | None:
        """Move a prompt by one step with its events; None where it is not in its state any more."""
        change: dict[str, object] = {
            **fields,
            "state": target.value,
            "under_way": target.under_way,
            "open": target.open,
            "announced": True,
        }
        ended = not target.open
        if ended:
            change["ended_at"] = at
        started = target is PromptState.IN_PROGRESS or (
            ended and prompt.state is PromptState.DELIVERING and target in _RAN
        )
        if started:
            change["started_at"] = at

        async def write(run: Transaction) -> Raw | None:
            moved = await self._prompts.find_one_and_update(
                {"_id": prompt.id, "state": prompt.state.value, "announced": prompt.announced},
                {"$set": change, "$inc": {"version": 1}},
                transaction=run,
            )
            if moved is not None:
                data = prompt_data(prompt)
                events = [] if prompt.announced else [NewEvent("prompt.queued", data)]
                if started:
                    events.append(NewEvent("prompt.started", data))
                if ended:
                    outcome = {
                        "state": target.value,
                        "stop_reason": fields.get("stop_reason"),
                        "error": fields.get("error"),
                    }
                    events.append(NewEvent("prompt.ended", {**data, **outcome}))
                await self._recorder.append(run, prompt.session_id, events, at=at)
                if target is PromptState.UNDELIVERED and prompt.dispatch_id is not None:
                    await requeue(
                        self._dispatches,
                        self._recorder,
                        run,
                        dispatch_id=prompt.dispatch_id,
                        prompt_id=prompt.id,
                        at=at,
                    )
            return moved

        try:
            return PromptDoc.decode_optional(await self._database.transaction(write, on=prompt.session_id))
        except TombstonedError:
            return None


class _SettledError(Exception):
    """The session was settled before the prompt arrived."""


_RAN = frozenset({PromptState.DONE, PromptState.FAILED})
"""Ends that only a prompt that began can have."""
