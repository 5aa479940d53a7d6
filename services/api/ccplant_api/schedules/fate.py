"""What became of a run: pure.

With reuse a run ends when its prompt does, as the session goes on; else it ends with its session (W4). Whether it succeeded
is what both say: a task whose turn failed is no success, however orderly its session ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ccplant_api.triggers.words import Words, words_of, words_of_reason
from ccplant_contracts.dispatch import DispatchResource
from ccplant_contracts.schedule import RunOutcome
from ccplant_contracts.status import PromptState, Reason, Status
from ccplant_store.prompts.model import PromptStanding
from ccplant_store.sessions.model import SessionListing

_OF_PROMPT: dict[PromptState, RunOutcome] = {
    PromptState.QUEUED: "waiting",
    PromptState.DELIVERING: "running",
    PromptState.IN_PROGRESS: "running",
    PromptState.DONE: "succeeded",
    PromptState.FAILED: "failed",
    PromptState.INTERRUPTED: "interrupted",
    PromptState.CANCELLED: "cancelled",
    PromptState.REMOVED: "cancelled",
    PromptState.UNDELIVERED: "waiting",  # it goes back to its dispatch within moments
}
_BY_SOMEBODY = frozenset({Reason.STOPPED, Reason.DELETED})
_NO_SUCCESS = ("failed", "interrupted", "cancelled")
_CUT_OFF = frozenset({Reason.NODE_SHUTDOWN, Reason.EVICTED, Reason.POD_DELETED})


@dataclass(frozen=True)
class Fate:
    """What became of a run."""

    outcome: RunOutcome
    reason: str | None = None
    words: Words | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


def fate_of(
    dispatch: DispatchResource | None,
    *,
    ends_with_session: bool,
    prompt: PromptStanding | None,
    session: SessionListing | None,
) -> Fate:
    """Return what became of a run that was handed on."""
    if dispatch is None:
        return Fate("erased")
    if dispatch.state == "waiting":
        waits = dispatch.waiting_for
        return Fate("waiting", waits, words_of_reason("waiting", waits, {}))
    if dispatch.state == "cancelled":
        return Fate("cancelled", ended_at=dispatch.resolved_at)
    if dispatch.failure is not None:
        failure = dispatch.failure
        return Fate("failed", failure.code, failure.message, ended_at=dispatch.resolved_at)
    if ends_with_session:
        return _by_session(session, prompt)
    return _by_prompt(prompt)


def _by_prompt(prompt: PromptStanding | None) -> Fate:
    if prompt is None:
        return Fate("erased")
    outcome = _OF_PROMPT[prompt.state]
    if prompt.state is PromptState.QUEUED:
        return Fate(outcome, "in_session_queue", words_of("run_in_session_queue"))
    reason = prompt.stop_reason if outcome == "failed" else None
    detail = prompt.error if outcome == "failed" else None
    return Fate(
        outcome,
        reason or ("agent_error" if outcome == "failed" else None),
        None if detail is None else {"ja": detail, "en": detail},
        prompt.started_at,
        prompt.ended_at,
    )


def _by_session(session: SessionListing | None, prompt: PromptStanding | None) -> Fate:
    if session is None:
        return Fate("erased")
    if session.open:
        return Fate("running", started_at=session.running_at)
    ended = Fate("succeeded", started_at=session.running_at, ended_at=session.ended_at)
    if session.status is Status.COMPLETED:
        said = _by_prompt(prompt) if prompt is not None else ended
        if said.outcome not in _NO_SUCCESS:
            return ended
        return replace(ended, outcome=said.outcome, reason=said.reason, words=said.words)
    why = session.status_reason
    outcome: RunOutcome = "failed"
    if why in _BY_SOMEBODY:
        outcome = "cancelled"
    elif why in _CUT_OFF:
        outcome = "interrupted"
    return replace(ended, outcome=outcome, reason=why.value, words=words_of(why.value, session.facts))
