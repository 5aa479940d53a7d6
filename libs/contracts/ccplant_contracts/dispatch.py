"""Dispatches: what a trigger wants said to an agent, and to which session (W3).

A webhook's delivery and a schedule's tick both end here, so that reuse, the order of messages and the owner's limit are
decided in one place. A dispatch stands in a *queue*: all that is meant for one place (a reuse key, a session's
name, the last session) shares one and is resolved in the order of its numbers; any other has one of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.ids import is_session_id

DispatchState = Literal["waiting", "dispatched", "failed", "cancelled"]
"""`waiting` is the only one that is open. `dispatched`: its prompt is in a session."""

WaitingFor = Literal["turn", "place", "earlier_run", "retry"]
"""Why one waits: those before it, a place under the owner's limit of sessions, the end of its schedule's run before,
the next try after a failure of ours."""

TriggerKind = Literal["webhook", "schedule"]

TargetKind = Literal["new", "session", "name", "last", "key"]


@dataclass(frozen=True, slots=True)
class Target:
    """Which session a dispatch is meant for; `value` is the id, name or reuse key."""

    kind: TargetKind
    value: str = ""

    def queue(self, owner: str, dispatch_id: str) -> str:
        """Return the queue in which a dispatch to this target stands; pure and injective.

        Names and keys are users' text of any length and content: a digest stands for them.
        """
        if self.kind == "new":
            return dispatch_id
        text = f"{owner}\0{self.kind}\0{self.value}"
        return f"slot-{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def reuse_target(*, reuse: bool, session: str | None, key: str | None) -> Target:
    """Return the target that a webhook's or schedule's fields mean (W3); `key` is the rendered reuse key."""
    if not reuse:
        return Target("new")
    if key is not None:
        return Target("key", key)
    if session is None:
        return Target("last")
    return Target("session" if is_session_id(session) else "name", session)


class DispatchFailure(Message):
    """Why nothing came of it."""

    code: str
    message: dict[Literal["ja", "en"], str]


class DispatchSource(Message):
    """What it came from."""

    kind: TriggerKind
    id: str
    """The webhook's or schedule's id."""
    name: str
    """What it was called then."""
    delivery_id: str | None = None
    run_id: str | None = None


class DispatchResource(Message):
    """A dispatch as clients see it."""

    dispatch_id: str
    source: DispatchSource
    state: DispatchState
    waiting_for: WaitingFor | None = None
    place: int | None = None
    """While it waits: how many of this owner's have to go before it, and itself; 1 is next."""
    message: str
    target: str
    """For people: `new`, `last`, `session …`, `name …` or `key …`."""
    session_id: str | None = None
    session_created: bool | None = None
    """Whether that session was made for it; False: it was there already."""
    prompt_id: str | None = None
    failure: DispatchFailure | None = None
    created_at: UtcTime
    resolved_at: UtcTime | None = None
    version: int


class DispatchList(Message):
    """A page of dispatches: those that wait, the next first; or of all, newest first."""

    dispatches: tuple[DispatchResource, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None
