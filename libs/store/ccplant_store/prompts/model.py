"""A prompt's document, and the pure rule of how the runner's word moves it."""

from __future__ import annotations

from collections.abc import Mapping

from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.prompt import PromptResource
from ccplant_contracts.status import PROMPT_TRANSITIONS, PromptState
from ccplant_store.documents import Document


class CancelDoc(Message):
    """Who wants it cancelled."""

    by: str
    at: UtcTime


class PromptDoc(Document):
    """A prompt and what became of it."""

    session_id: str
    owner: str
    number: int
    text: str
    attachments: tuple[AttachedFile, ...] = ()
    by: str
    state: PromptState = PromptState.QUEUED
    under_way: bool = False
    """Delivering or in progress; at most one per session, by a unique index."""
    open: bool = True
    announced: bool = False
    """Whether its `prompt.queued` is recorded; the outbox does it where it is not."""
    version: int = 1
    idempotency_key: str | None = None
    body_hash: str | None = None
    cancel_requested: CancelDoc | None = None
    source: str = "api"
    launch_id: str | None = None
    dispatch_id: str | None = None
    """The dispatch that it is the prompt of; one that no runner has seen goes back to it."""
    confirmed: bool = False
    """Whether its dispatch knows of it; written with that, so that neither misses what becomes of the other."""
    created_at: UtcTime
    delivered_at: UtcTime | None = None
    started_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    stop_reason: str | None = None
    error: str | None = None

    def resource(self) -> PromptResource:
        """Return it as clients see it."""
        return PromptResource(
            prompt_id=self.id,
            session_id=self.session_id,
            number=self.number,
            text=self.text,
            attachments=tuple(file.ref() for file in self.attachments),
            state=self.state,
            by=self.by,
            created_at=self.created_at,
            delivered_at=self.delivered_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            cancel_requested=self.cancel_requested is not None,
            stop_reason=self.stop_reason,
            error=self.error,
            version=self.version,
        )


class PromptStanding(Document):
    """How a prompt stands, without its text."""

    state: PromptState
    started_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    stop_reason: str | None = None
    error: str | None = None


STANDING: Mapping[str, int] = dict.fromkeys(("state", "started_at", "ended_at", "stop_reason", "error"), 1)


def moves(current: PromptState, target: PromptState) -> bool:
    """Tell whether a prompt in `current` goes to `target`; a repeat or a step back does not; pure."""
    return target in PROMPT_TRANSITIONS[current]
