"""A dispatch's document, and how a trigger makes one; pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.dispatch import (
    DispatchFailure,
    DispatchResource,
    DispatchSource,
    DispatchState,
    Target,
    TargetKind,
    WaitingFor,
)
from ccplant_contracts.ids import RandomText, new_dispatch_id, random_text
from ccplant_contracts.session import Mode, SessionConfig
from ccplant_store.documents import Document, Raw, json_text
from ccplant_store.sessions.model import JsonDict


class StartDoc(Message):
    """What a new session is made from, should one have to be made."""

    name: str
    repository: str | None = None
    branch: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    mode: Mode = Mode.TASK
    config: SessionConfig
    """Unmasked, with the trigger's own `auto_delete_…` in it."""


class TriedDoc(Message):
    """A session that ended before the prompt was delivered."""

    session_id: str
    created: bool
    """Whether it had been made for this dispatch."""


class DispatchDoc(Document):
    """One dispatch."""

    owner: str
    source: DispatchSource
    trigger: str
    """What made it, unique: whoever adds it again finds it there."""
    queue: str
    number: int = 1
    """Its turn in the queue; a number without a dispatch is passed over."""
    target_kind: TargetKind
    target_value: str = ""
    text: str
    start: JsonDict
    """A `StartDoc`."""
    after: str | None = None
    """The dispatch of its schedule's run before, which must have ended."""
    replace: bool = False
    """Whether that one is ended for it."""
    state: DispatchState = "waiting"
    open: bool = True
    waiting_for: WaitingFor | None = None
    session_id: str | None = None
    """While it waits: where its prompt is about to be put; else where it is."""
    session_created: bool = False
    prompt_id: str | None = None
    tried: tuple[TriedDoc, ...] = ()
    failure: DispatchFailure | None = None
    cancelled_by: str | None = None
    attempts: int = 0
    next_attempt_at: UtcTime | None = None
    created_at: UtcTime
    updated_at: UtcTime
    resolved_at: UtcTime | None = None
    version: int = 1
    event_seq: int = 0
    event_at: UtcTime

    @property
    def target(self) -> Target:
        """Which session it is meant for."""
        return Target(self.target_kind, self.target_value)

    def new_session(self) -> StartDoc:
        """Return what a new session is made from."""
        return StartDoc.model_validate(self.start)

    def encode(self) -> Raw:
        raw = super().encode()
        raw["start"] = json_text(self.start)
        return raw

    def resource(self, place: int | None = None) -> DispatchResource:
        """Return it as clients see it."""
        return DispatchResource(
            dispatch_id=self.id,
            source=self.source,
            state=self.state,
            waiting_for=self.waiting_for if self.open else None,
            place=place if self.open else None,
            message=self.text,
            target=f"{self.target_kind} {self.target_value}".strip(),
            session_id=None if self.open else self.session_id,
            session_created=self.session_created if self.state == "dispatched" else None,
            prompt_id=self.prompt_id,
            failure=self.failure,
            created_at=self.created_at,
            resolved_at=self.resolved_at,
            version=self.version,
        )


def start_of(
    *,
    name: str,
    repository: str | None,
    branch: str | None,
    labels: dict[str, str],
    mode: Mode | None,
    reuse: bool,
    config: SessionConfig,
    auto_delete_on_complete: bool | None,
    auto_delete_after_hours: int | None,
) -> StartDoc:
    """Return what a trigger's new sessions are made from: a task, or with reuse an interactive one (C6)."""
    given: dict[str, Any] = {
        "auto_delete_on_complete": auto_delete_on_complete,
        "auto_delete_after_hours": auto_delete_after_hours,
    }
    overrides = {field: value for field, value in given.items() if value is not None}
    return StartDoc(
        name=name,
        repository=repository,
        branch=branch,
        labels=labels,
        mode=mode or (Mode.INTERACTIVE if reuse else Mode.TASK),
        config=config.model_copy(update=overrides),
    )


def new_dispatch(
    *,
    owner: str,
    source: DispatchSource,
    trigger: str,
    target: Target,
    text: str,
    start: StartDoc,
    at: datetime,
    number: int | None = None,
    dispatch_id: str | None = None,
    after: str | None = None,
    replace: bool = False,
    random: RandomText = random_text,
) -> DispatchDoc:
    """Return a waiting dispatch.

    Args:
        owner: whose sessions it is about.
        source: what it came from.
        trigger: unique text of the occurrence, ``delivery:…`` or ``tick:…``.
        target: which session it is meant for.
        text: what the agent is told.
        start: what a new session is made from.
        at: now.
        number: its turn, from `SlotStore.next_number`; None for a target of kind ``new``, alone in its queue.
        dispatch_id: its id where that is known already.
        after: the dispatch that must have ended before.
        replace: whether that one is ended for it.
        random: source of the id.

    Raises:
        ValueError: a shared queue needs a number.
    """
    identity = dispatch_id or new_dispatch_id(random)
    if number is None and target.kind != "new":
        raise ValueError("a dispatch to a session that may be there needs its number in the queue")
    return DispatchDoc(
        id=identity,
        owner=owner,
        source=source,
        trigger=trigger,
        queue=target.queue(owner, identity),
        number=number or 1,
        target_kind=target.kind,
        target_value=target.value,
        text=text,
        start=start.model_dump(mode="json"),
        after=after,
        replace=replace,
        created_at=at,
        updated_at=at,
        event_at=at,
    )
