"""Permission requests in MongoDB.

The answer is one compare-and-set from `pending`: of two people who click at once one has answered, and both read the
same. Nothing here ever turns silence into a yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ccplant_contracts.prompt import OptionKind, PermissionAnswer, PermissionOption
from ccplant_contracts.status import PermissionDelivery, PermissionState
from ccplant_contracts.stream import PermissionRequest
from ccplant_platform.clock import Clock
from ccplant_store.documents import Raw, to_bson
from ccplant_store.driver import ASC, Collection, Database, Transaction
from ccplant_store.errors import DuplicateKeyError, TombstonedError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.permissions.model import PermissionDoc

_MOST = 1_000
_PENDING = PermissionState.PENDING
_WAITING = PermissionDelivery.WAITING


class PermissionStore:
    """Permission requests."""

    def __init__(self, database: Database, clock: Clock, recorder: EventRecorder) -> None:
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._permissions: Collection = database.collection("permissions")

    # --- reading

    async def get(self, session_id: str, permission_id: str) -> PermissionDoc | None:
        """Return a request of this session."""
        return PermissionDoc.decode_optional(
            await self._permissions.find_one({"_id": permission_id, "session_id": session_id})
        )

    async def list_for(self, session_id: str, *, limit: int = 200) -> Sequence[PermissionDoc]:
        """Return a session's requests, the newest first."""
        rows = await self._permissions.find(
            {"session_id": session_id}, sort=[("requested_at", -1), ("_id", -1)], limit=limit
        )
        return [PermissionDoc.decode(row) for row in rows]

    async def pending(self, session_id: str) -> Sequence[PermissionDoc]:
        """Return the requests that wait for an answer."""
        return await self._find({"session_id": session_id, "state": _PENDING.value})

    async def undelivered(self, session_id: str) -> Sequence[PermissionDoc]:
        """Return the answers that the runner has not acted on."""
        return await self._find({"session_id": session_id, "delivery": _WAITING.value})

    async def sessions_with_work(self, *, limit: int) -> Sequence[str]:
        """Return sessions with an answer that the runner has not acted on."""
        return (await self._permissions.distinct("session_id", {"delivery": _WAITING.value}))[:limit]

    async def versions(self, session_ids: Sequence[str], *, since: datetime) -> dict[str, dict[str, int]]:
        """Return the versions of requests that wait for anything or changed since then, per session and request."""
        rows = await self._permissions.find(
            {"session_id": {"$in": list(session_ids)}, "changed_at": {"$gte": since}},
            projection={"session_id": 1, "version": 1},
            limit=10_000,
        )
        versions: dict[str, dict[str, int]] = {}
        for row in rows:
            versions.setdefault(row["session_id"], {})[row["_id"]] = row["version"]
        return versions

    # --- changing

    async def insert_requested(
        self, session_id: str, owner: str, request: PermissionRequest, *, at: datetime, expires_at: datetime
    ) -> PermissionDoc | None:
        """Record a request, with its answer where the policy gave one; None where it is recorded already.

        One that arrives after its session was settled is withdrawn at once: nobody is there to hear an answer.
        """
        answered = request.policy_answer is not None
        document = PermissionDoc(
            id=request.permission_id,
            session_id=session_id,
            owner=owner,
            prompt_id=request.prompt_id,
            tool_call_id=request.tool_call_id,
            title=str(to_bson(request.title)),
            tool=request.tool,
            options=request.options,
            policy_rule=request.policy_rule,
            state=PermissionState.ANSWERED if answered else _PENDING,
            answer=_policy_answer(request, at),
            delivery=PermissionDelivery.APPLIED if answered else None,
            requested_at=at,
            expires_at=None if answered else expires_at,
            changed_at=self._clock.now(),
        )
        events = [NewEvent("permission.requested", _data(document))]
        if answered:
            events.append(_answered_event(document))

        async def write(run: Transaction) -> PermissionDoc:
            session = await self._recorder.append(
                run,
                session_id,
                events,
                at=self._clock.now(),
                increments=None if answered else {"pending_permissions": 1, "version": 1},
            )
            if session["settled"] and not answered:
                raise _SettledError
            await self._permissions.insert_one(document.encode(), transaction=run)
            return document

        try:
            return await self._database.transaction(write, on=session_id)
        except _SettledError:
            return await self._insert_withdrawn(document)
        except (DuplicateKeyError, TombstonedError):
            return None

    async def _insert_withdrawn(self, document: PermissionDoc) -> PermissionDoc | None:
        withdrawn = document.model_copy(
            update={"state": PermissionState.WITHDRAWN, "delivery": PermissionDelivery.NOT_APPLIED}
        )
        try:
            await self._permissions.insert_one(withdrawn.encode())
        except DuplicateKeyError:
            return None
        return withdrawn

    async def answer(
        self, session_id: str, permission_id: str, answer: PermissionAnswer
    ) -> PermissionDoc | None:
        """Answer a pending request; None where it is not pending any more: then `get` says who was faster."""
        return await self._close(
            session_id, permission_id, PermissionState.ANSWERED, {"answer": answer, "delivery": _WAITING}
        )

    async def expire(self, now: datetime, *, limit: int = 200) -> Sequence[PermissionDoc]:
        """Reject every request that nobody answered in time; the runner is told like of any other answer."""
        overdue = await self._permissions.find(
            {"state": _PENDING.value, "expires_at": {"$lte": now}},
            projection={"session_id": 1, "options": 1},
            sort=[("expires_at", ASC)],
            limit=limit,
        )
        expired: list[PermissionDoc] = []
        for row in overdue:
            options = [PermissionOption.model_validate(option) for option in row["options"]]
            answer = PermissionAnswer(
                option_id=_option_id(options, "reject_once"),
                kind="reject_once",
                source="expiry",
                by="system",
                at=now,
            )
            closed = await self._close(
                row["session_id"],
                row["_id"],
                PermissionState.EXPIRED,
                {"answer": answer, "delivery": _WAITING},
            )
            if closed is not None:
                expired.append(closed)
        return expired

    async def close_for_session(self, session_id: str, *, at: datetime) -> Sequence[PermissionDoc]:
        """After the end: nobody waits for an answer any more, and none will be acted on."""
        closed: list[PermissionDoc] = []
        while pending := await self.pending(session_id):
            for permission in pending:
                answer = PermissionAnswer(
                    option_id=None, kind="reject_once", source="end", by="system", at=at
                )
                withdrawn = await self._close(
                    session_id,
                    permission.id,
                    PermissionState.WITHDRAWN,
                    {"answer": answer, "delivery": PermissionDelivery.NOT_APPLIED},
                )
                if withdrawn is not None:
                    closed.append(withdrawn)
        for permission in await self.undelivered(session_id):
            marked = await self.mark_delivery(session_id, permission.id, PermissionDelivery.NOT_APPLIED)
            if marked is not None:
                closed.append(marked)
        return closed

    async def mark_delivery(
        self, session_id: str, permission_id: str, delivery: PermissionDelivery
    ) -> PermissionDoc | None:
        """Note what the runner did with the answer; None where that is no news.

        For a request without an answer it means that the agent does not wait any more: it is withdrawn.
        """
        marked = await self._permissions.find_one_and_update(
            {"_id": permission_id, "session_id": session_id, "delivery": _WAITING.value},
            {"$set": {"delivery": delivery.value, "changed_at": self._clock.now()}, "$inc": {"version": 1}},
        )
        if marked is not None:
            return PermissionDoc.decode(marked)
        return await self._close(session_id, permission_id, PermissionState.WITHDRAWN, {"delivery": delivery})

    async def _close(
        self, session_id: str, permission_id: str, state: PermissionState, fields: Mapping[str, object]
    ) -> PermissionDoc | None:
        now = self._clock.now()
        change = {name: to_bson(value) for name, value in fields.items()}

        async def write(run: Transaction) -> Raw | None:
            closed = await self._permissions.find_one_and_update(
                {"_id": permission_id, "session_id": session_id, "state": _PENDING.value},
                {"$set": {**change, "state": state.value, "changed_at": now}, "$inc": {"version": 1}},
                transaction=run,
            )
            if closed is not None:
                event = _answered_event(PermissionDoc.decode(closed))
                await self._recorder.append(
                    run, session_id, [event], at=now, increments={"pending_permissions": -1, "version": 1}
                )
            return closed

        try:
            return PermissionDoc.decode_optional(await self._database.transaction(write, on=session_id))
        except TombstonedError:
            return None

    async def _find(self, query: Mapping[str, object]) -> Sequence[PermissionDoc]:
        rows = await self._permissions.find(query, sort=[("requested_at", ASC), ("_id", ASC)], limit=_MOST)
        return [PermissionDoc.decode(row) for row in rows]


class _SettledError(Exception):
    """The session was settled before the request arrived."""


def _policy_answer(request: PermissionRequest, at: datetime) -> PermissionAnswer | None:
    kind = request.policy_answer
    if kind is None:
        return None
    return PermissionAnswer(
        option_id=_option_id(request.options, kind), kind=kind, source="policy", by="policy", at=at
    )


def _option_id(options: Sequence[PermissionOption], kind: OptionKind) -> str | None:
    return next((option.option_id for option in options if option.kind == kind), None)


def _data(permission: PermissionDoc) -> dict[str, object]:
    return {
        "permission_id": permission.id,
        "prompt_id": permission.prompt_id,
        "tool_call_id": permission.tool_call_id,
        "title": permission.title,
    }


def _answered_event(permission: PermissionDoc) -> NewEvent:
    answer = permission.answer
    return NewEvent(
        "permission.answered",
        {
            "permission_id": permission.id,
            "state": permission.state.value,
            "kind": None if answer is None else answer.kind,
            "source": None if answer is None else answer.source,
            "by": None if answer is None else answer.by,
        },
    )
