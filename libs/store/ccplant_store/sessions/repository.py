"""The one place that changes a session's document.

`change` is the only compare-and-set: it filters by id and version, so whoever decided on an older document loses
and looks again. What moves all the time and decides nothing (prompt numbers, how far the output is stored,
`updated_at`) is outside the version, or nobody would ever win.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ccplant_contracts.session import StopRequested, Transcript
from ccplant_contracts.status import Reason, Status, StopReason, transition
from ccplant_platform.clock import Clock
from ccplant_store.documents import Raw, json_text, to_bson
from ccplant_store.driver import DESC, Collection, Database, Transaction
from ccplant_store.errors import AlreadyDoneError, DuplicateKeyError, TransactionContentionError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.idempotency import IdempotencyDoc
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.reading import Reader
from ccplant_store.sessions.listing import TOTAL_CAP, ListQuery, Page
from ccplant_store.sessions.model import (
    LISTED,
    SessionDoc,
    SessionListing,
    deletion_time,
    work_of,
)
from ccplant_store.sessions.stop import merge_stop
from ccplant_store.volumes.model import VolumeDoc
from ccplant_store.volumes.repository import VolumeStore

_TRIES = 50
"""Of a compare-and-set that looks again by itself; each loser means that another caller won."""
_TOUCH_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a gateway compares to see whether it missed something."""

    version: int
    stored_to: int
    event_seq: int
    launch_id: str | None
    closed: bool
    """Whether the transcript has its end."""


class SessionStore:
    """Sessions."""

    def __init__(
        self, database: Database, clock: Clock, recorder: EventRecorder, volumes: VolumeStore
    ) -> None:
        self._volumes = volumes
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._sessions: Collection = database.collection("sessions")
        self._listed = Reader(database, "sessions", SessionListing)
        self._prompts: Collection = database.collection("prompts")
        self._permissions: Collection = database.collection("permissions")
        self._idempotency: Collection = database.collection("idempotency")

    # --- creating and reading

    async def create(
        self,
        session: SessionDoc,
        *,
        prompt: PromptDoc | None = None,
        idempotency: IdempotencyDoc | None = None,
        traceparent: str | None = None,
        also: Callable[[Transaction], Awaitable[None]] | None = None,
    ) -> SessionDoc:
        """Write a new session with its first prompt, its events and its idempotency key in one transaction.

        A session with a volume gets it in the same transaction: a new one of its own name, or one that is free.
        `also` writes what must be so exactly when the session is there; what it raises gives all of it up.

        Raises:
            AlreadyDoneError: the idempotency key was used before.
            DuplicateKeyError: the session's id is taken.
            VolumeRefusedError: the volume is not to be had.
        """
        events = [NewEvent("session.created", _created_data(session), traceparent)]
        if prompt is not None:
            events.append(NewEvent("prompt.queued", prompt_data(prompt), traceparent))
        made = session.model_copy(
            update={
                "event_seq": len(events),
                "event_at": session.created_at,
                "prompt_seq": 0 if prompt is None else prompt.number,
            }
        )
        raw = made.encode()

        async def write(run: Transaction) -> None:
            if also is not None:
                await also(run)
            if idempotency is not None:
                await self._idempotency.insert_one(idempotency.encode(), transaction=run)
            await self._take_volume(made, run)
            await self._sessions.insert_one(raw, transaction=run)
            if prompt is not None:
                announced = prompt.model_copy(update={"announced": True})
                await self._prompts.insert_one(announced.encode(), transaction=run)
            await self._recorder.insert(run, raw, events)

        try:
            await self._database.transaction(write, on=session.id)
        except DuplicateKeyError:
            if idempotency is not None:
                done = await self._idempotency.find_one({"_id": idempotency.id})
                if done is not None:
                    before = IdempotencyDoc.decode(done)
                    raise AlreadyDoneError(before.resource_id, before.body_hash, before.response) from None
            raise
        return made

    async def _take_volume(self, session: SessionDoc, run: Transaction) -> None:
        if session.volume_id is None:
            return
        if session.volume_id != session.id:
            await self._volumes.claim(session.volume_id, session.owner, session.id, transaction=run)
            return
        own = VolumeDoc(
            id=session.id,
            owner=session.owner,
            size=str(session.config["pvc_storage_size"]),
            created_at=session.created_at,
            holder=session.id,
            last_holder=session.id,
        )
        await self._volumes.insert(own, transaction=run)

    async def get(self, session_id: str) -> SessionDoc | None:
        """Return a session, whoever owns it."""
        return SessionDoc.decode_optional(await self._sessions.find_one({"_id": session_id}))

    async def get_owned(
        self, session_id: str, owner: str, *, include_deleted: bool = True
    ) -> SessionDoc | None:
        """Return a session of this owner; another's is as if it were not there."""
        query: dict[str, Any] = {"_id": session_id, "owner": owner}
        if not include_deleted:
            query["deleted"] = False
        return SessionDoc.decode_optional(await self._sessions.find_one(query))

    async def list(self, query: ListQuery) -> Page[SessionListing]:
        """Return one page of an owner's sessions.

        Raises:
            InvalidCursorError: the cursor is not one of this list.
        """
        rows, total = await asyncio.gather(
            self._sessions.find(
                query.page_filter(),
                projection=LISTED,
                sort=query.ordering(),
                limit=query.limit + 1,
                skip=0 if query.cursor is not None else query.offset,
            ),
            self._sessions.count(query.filter(), limit=TOTAL_CAP + 1),
        )
        items = await self._listed.all(rows[: query.limit])
        more = len(rows) > query.limit and bool(items)
        return Page(
            items=items,
            total=min(total, TOTAL_CAP),
            total_capped=total > TOTAL_CAP,
            has_more=more,
            next_cursor=query.cursor_after(items[-1]) if more else None,
        )

    async def names(self, session_ids: Sequence[str]) -> dict[str, str]:
        """Return what sessions are called, in one query; those that are gone are missing."""
        rows = await self._sessions.find(
            {"_id": {"$in": list(session_ids)}}, projection={"name": 1}, limit=max(1, len(session_ids))
        )
        return {str(row["_id"]): str(row["name"]) for row in rows}

    async def many(self, session_ids: Sequence[str]) -> dict[str, SessionListing]:
        """Return these sessions as lists show them, in one query, deleted ones too; those that are gone are missing."""
        rows = await self._sessions.find(
            {"_id": {"$in": list(session_ids)}}, projection=LISTED, limit=max(1, len(session_ids))
        )
        return {session.id: session for session in await self._listed.all(rows)}

    async def watched(self, session_ids: Sequence[str]) -> dict[str, Watched]:
        """Return how these sessions stand, in one query; those that are gone are missing."""
        rows = await self._sessions.find(
            {"_id": {"$in": list(session_ids)}},
            projection={"version": 1, "stored_to": 1, "event_seq": 1, "launch.id": 1, "settled": 1},
            limit=max(1, len(session_ids)),
        )
        return {
            row["_id"]: Watched(
                version=row["version"],
                stored_to=row["stored_to"],
                event_seq=row["event_seq"],
                launch_id=(row.get("launch") or {}).get("id"),
                closed=row["settled"],
            )
            for row in rows
        }

    # --- changing

    async def change(
        self,
        session: SessionDoc,
        *,
        set: Mapping[str, object],  # noqa: A002 - MongoDB's own word
        events: Sequence[NewEvent] = (),
        expect: Mapping[str, object] | None = None,
        at: datetime | None = None,
    ) -> SessionDoc | None:
        """Change the document if it still has `session`'s version; None where somebody else was faster.

        Args:
            session: the document that the decision was made on.
            set: fields (dotted paths allowed) and their new values.
            events: what subscribers are told, in the same transaction.
            expect: further fields that must have these values, such as `prompt_seq`.
            at: the time of the change, else now.
        """
        now = at or self._clock.now()
        query = {"_id": session.id, "version": session.version, **(expect or {})}
        update: dict[str, Any] = {
            "$set": _fields(session, set),
            "$inc": {"version": 1, "event_seq": len(events)},
            "$max": {"updated_at": now},
        }
        if not events:
            return SessionDoc.decode_optional(await self._sessions.find_one_and_update(query, update))
        update["$max"]["event_at"] = now

        async def write(run: Transaction) -> Raw | None:
            changed = await self._sessions.find_one_and_update(query, update, transaction=run)
            if changed is not None:
                await self._recorder.insert(run, changed, events)
            return changed

        return SessionDoc.decode_optional(await self._database.transaction(write, on=session.id))

    async def transition(
        self,
        session: SessionDoc,
        reason: Reason,
        *,
        now: datetime,
        facts: Mapping[str, object] | None = None,
        diagnosis: Mapping[str, object] | None = None,
        set: Mapping[str, object] | None = None,  # noqa: A002
        expect: Mapping[str, object] | None = None,
    ) -> SessionDoc | None:
        """Bring a session into the status that `reason` leads to; None where somebody else was faster.

        Raises:
            IllegalTransitionError: the status cannot follow the present one.
        """
        status = transition(session.status, reason)
        fields: dict[str, object] = {
            "status": status.value,
            "status_reason": reason.value,
            "facts": dict(facts or {}),
            "open": not status.final,
            **(set or {}),
        }
        if diagnosis is not None:
            fields["diagnosis"] = dict(diagnosis)
        if status is Status.RUNNING:
            fields["running_at"] = now
        if status.final:
            fields["ended_at"] = now
            fields["delete_at"] = deletion_time(session.config, status, now)
        data: dict[str, object] = {"status": status.value, "reason": reason.value, "facts": dict(facts or {})}
        return await self.change(
            session, set=fields, events=[NewEvent(_status_event(status), data)], expect=expect, at=now
        )

    async def request_stop(
        self,
        session_id: str,
        stop: StopRequested,
        *,
        owner: str | None = None,
        if_prompt_seq: int | None = None,
        if_version: int | None = None,
    ) -> SessionDoc | None:
        """Write that the end is wanted, and return the session as it is then.

        The first wish wins, but a deletion upgrades a stop and `force` is added. A deletion sets `deleted_at` at once.
        A session that has ended is returned unchanged. None: no such session of this owner, a prompt came
        after `if_prompt_seq`, or the session is not what it was at `if_version`.
        """
        for _ in range(_TRIES):
            session = await self._find(session_id, owner)
            if session is None or (if_prompt_seq is not None and session.prompt_seq != if_prompt_seq):
                return None
            if if_version is not None and session.version != if_version:
                return None
            merged = merge_stop(session.stop_requested, stop)
            if not session.open or merged is None:
                return session
            data = {"reason": merged.reason.value, "by": merged.by, "force": merged.force}
            fields: dict[str, object] = {"stop_requested": merged.model_dump()}
            events = [NewEvent("session.stop_requested", data)]
            if stop.reason is StopReason.DELETED and not session.deleted:
                fields |= {"deleted": True, "deleted_at": stop.at}
                events.append(NewEvent("session.deleted", {"by": stop.by}))
            expect = None if if_prompt_seq is None else {"prompt_seq": if_prompt_seq}
            changed = await self.change(session, set=fields, events=events, expect=expect)
            if changed is not None:
                return changed
        raise TransactionContentionError(f"{session_id} changed {_TRIES} times while its end was requested")

    async def mark_deleted(
        self,
        session_id: str,
        *,
        by: str,
        at: datetime,
        owner: str | None = None,
        delete_pvc: bool | None = None,
    ) -> SessionDoc | None:
        """Take an ended session from the lists; again: nothing happens. None: no such session of this owner.

        One whose volume was kept has to be settled once more: the deletion decides about the volume.
        """
        for _ in range(_TRIES):
            session = await self._find(session_id, owner)
            if session is None or session.deleted:
                return session
            changed = await self.change(
                session,
                set={
                    "deleted": True,
                    "deleted_at": at,
                    "delete_pvc": delete_pvc,
                    "settled": session.settled and not session.workspace_kept,
                },
                events=[NewEvent("session.deleted", {"by": by})],
            )
            if changed is not None:
                return changed
        raise TransactionContentionError(f"{session_id} changed {_TRIES} times while it was deleted")

    async def request_purge(self, session_id: str, *, owner: str | None = None) -> SessionDoc | None:
        """Have everything that is recorded of a session erased once it has ended and settled."""
        for _ in range(_TRIES):
            session = await self._find(session_id, owner)
            if session is None or session.purge_requested:
                return session
            changed = await self.change(session, set={"purge_requested": True})
            if changed is not None:
                return changed
        raise TransactionContentionError(f"{session_id} changed {_TRIES} times while its purge was requested")

    async def extend(
        self, session: SessionDoc, *, timeout_minutes: int, deadline_at: datetime | None, by: str
    ) -> SessionDoc | None:
        """Move an open session's time limit; None where somebody else was faster or it has ended."""
        if not session.open:
            return None
        return await self.change(
            session,
            set={
                "config": {**session.config, "timeout_minutes": timeout_minutes},
                "deadline_at": deadline_at,
            },
            events=[NewEvent("session.extended", {"timeout_minutes": timeout_minutes, "by": by})],
        )

    async def rename(self, session: SessionDoc, name: str) -> SessionDoc | None:
        """Give a session another name; None where somebody else was faster."""
        return await self.change(session, set={"name": name})

    async def mark_reachable(self, session_id: str, *, reachable: bool, now: datetime) -> SessionDoc | None:
        """Note that a running session's runner is silent or heard again; None where that is no news."""
        for _ in range(_TRIES):
            session = await self.get(session_id)
            if session is None or session.status is not Status.RUNNING:
                return None
            if session.reachable is reachable or (reachable and session.reachable is None):
                return None
            event = NewEvent("session.reachable" if reachable else "session.unreachable")
            changed = await self.change(session, set={"reachable": reachable}, events=[event], at=now)
            if changed is not None:
                return changed
        return None

    async def keep_transcript(self, session_id: str, transcript: Transcript) -> Transcript:
        """Write how far the transcript goes, once, while it can still be known; return what is written."""
        kept = await self._sessions.find_one_and_update(
            {"_id": session_id, "transcript": None},
            {"$set": {"transcript": to_bson(transcript)}, "$inc": {"version": 1}},
            projection={"_id": 1},
        )
        if kept is not None:
            return transcript
        session = await self.get(session_id)
        return transcript if session is None or session.transcript is None else session.transcript

    async def mark_settled(
        self, session_id: str, transcript: Transcript, *, keeps_workspace: bool, deleted: bool = False
    ) -> SessionDoc | None:
        """Note that nothing is open about an ended session any more; None where it is not so or was so before.

        A prompt or a permission request that came between its closing and this mark would stay open for ever. Each
        moves `event_seq` when it is told of, so what is looked at here is either seen or makes the write fail; what is told
        of later finds the mark. The same holds for a deletion, which decides about the volume: one that came after its
        fate was decided on what `deleted` says has to be looked at again.
        """
        for _ in range(_TRIES):
            session = await self.get(session_id)
            if session is None or session.open or session.settled or session.deleted != deleted:
                return None
            if await self._prompts.count({"session_id": session_id, "open": True}, limit=1):
                return None
            if await self._permissions.count({"session_id": session_id, "state": "pending"}, limit=1):
                return None
            fields: dict[str, object] = {
                "settled": True,
                "transcript": transcript.model_dump(),
                "workspace_kept": keeps_workspace,
                "attempts": 0,
                "next_attempt_at": None,
            }
            if session.launch is not None:
                fields["launch.released"] = True
            changed = await self.change(session, set=fields, expect={"event_seq": session.event_seq})
            if changed is not None:
                return changed
        return None

    async def _find(self, session_id: str, owner: str | None) -> SessionDoc | None:
        return await self.get(session_id) if owner is None else await self.get_owned(session_id, owner)

    # --- outside the version

    async def take_prompt_number(self, session_id: str, owner: str) -> int | None:
        """Give the next prompt its number; None where the session takes none (ended, or its end is wanted)."""
        taken = await self._sessions.find_one_and_update(
            {"_id": session_id, "owner": owner, "open": True, "stop_requested": None},
            {"$inc": {"prompt_seq": 1}, "$max": {"updated_at": self._clock.now()}},
            projection={"prompt_seq": 1},
        )
        return None if taken is None else int(taken["prompt_seq"])

    async def touch(self, session_id: str, at: datetime) -> None:
        """Move `updated_at`, at most once a second."""
        await self._sessions.update_one(
            {"_id": session_id, "updated_at": {"$lt": at - _TOUCH_EVERY}}, {"$max": {"updated_at": at}}
        )

    async def advance(self, session_id: str, from_: int, to: int, *, at: datetime) -> bool:
        """Move the end of the stored prefix if it still is `from_`; `updated_at` goes with it once a second."""
        last = {"$max": ["$updated_at", {"$cond": [_stale(at), at, "$updated_at"]}]}
        moved = await self._sessions.update_one(
            {"_id": session_id, "stored_to": from_}, [{"$set": {"stored_to": to, "updated_at": last}}]
        )
        return moved.matched == 1

    async def apply_output(self, session_id: str, seq: int, fields: Mapping[str, object]) -> int | None:
        """Set what event `seq` of the output says of the session; None where a later one was applied already."""
        changed = await self._sessions.find_one_and_update(
            {"_id": session_id, "applied_seq": {"$lt": seq}},
            {"$set": {**_encoded(fields), "applied_seq": seq}, "$inc": {"version": 1}},
            projection={"version": 1},
        )
        return None if changed is None else int(changed["version"])

    async def back_off(self, session_id: str, *, error: str, until: datetime, counts: bool = True) -> None:
        """Count a failed try (where it counts), and leave the session alone until then."""
        await self._sessions.update_one(
            {"_id": session_id},
            {
                "$inc": {"attempts": int(counts), "version": 1},
                "$set": {"next_attempt_at": until, "last_error": to_bson(error)},
            },
        )

    async def latest(self, owner: str, *, name: str | None = None) -> SessionListing | None:
        """Return the owner's session that was created last, of those with that name where one is given."""
        query: dict[str, Any] = {"owner": owner, "deleted": False}
        if name is not None:
            query["name"] = name
        rows = await self._sessions.find(
            query,
            projection=LISTED,
            sort=[("created_at", DESC), ("_id", DESC)],
            limit=1,
        )
        return SessionListing.decode(rows[0]) if rows else None


def prompt_data(prompt: PromptDoc) -> dict[str, object]:
    """Return what subscribers are told about a prompt; never its text, which may hold anything."""
    return {"prompt_id": prompt.id, "number": prompt.number, "by": prompt.by}


def _created_data(session: SessionDoc) -> dict[str, object]:
    return {
        "status": session.status.value,
        "reason": session.status_reason.value,
        "name": session.name,
        "mode": session.mode.value,
        "repository": session.repository,
        "branch": session.branch,
        "recreated_from": session.recreated_from,
    }


def _status_event(status: Status) -> Any:
    return f"session.{status.value}"


def _stale(at: datetime) -> dict[str, object]:
    return {"$lt": ["$updated_at", at - _TOUCH_EVERY]}


def _encoded(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: json_text(value) if name == "config" else to_bson(value) for name, value in fields.items()}


def _fields(session: SessionDoc, fields: Mapping[str, object]) -> dict[str, object]:
    """Add what follows from a change: why the resync has to look, and that it may do so at once."""
    work = work_of(
        status=Status(str(fields.get("status", session.status))),
        settled=bool(fields.get("settled", session.settled)),
        stop_requested=fields.get("stop_requested", session.stop_requested) is not None,
        purge_requested=bool(fields.get("purge_requested", session.purge_requested)),
    )
    encoded = _encoded(fields)
    encoded["work"] = work
    wanted_anew = work != session.work or "stop_requested" in fields or "purge_requested" in fields
    if wanted_anew and "next_attempt_at" not in fields:
        encoded["next_attempt_at"] = None
    return encoded
