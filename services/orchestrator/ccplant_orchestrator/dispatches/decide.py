"""What is to be done next about a dispatch; pure.

Asked again after every step, by any replica, it never remembers anything. The one thing that must never happen is a
prompt in two sessions. So the session is written down before the prompt is put into it, and a dispatch leaves a session
only when no runner can get its prompt there any more: the session takes none, or gave it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ccplant_contracts.dispatch import DispatchFailure, WaitingFor
from ccplant_contracts.messages import explain
from ccplant_contracts.status import PromptState, Reason, Status
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionListing

MOST_SESSIONS = 3
"""Sessions that may end under a dispatch before its prompt was delivered; then it is given up, and says so."""
_ENDED_BY_SOMEBODY = frozenset({Reason.STOPPED, Reason.DELETED, Reason.OWNER_COMPLETED})
GAP_PATIENCE = timedelta(seconds=2)
"""How long a number that was given is waited for, before the ones behind it: its maker may have died."""


@dataclass(frozen=True)
class Sight:
    """What is known besides the document."""

    gap: bool = False
    """Whether a number before this one was given, and nobody knows yet what it is for."""
    assigned: SessionListing | None = None
    """The session into which the prompt was about to be put."""
    prompt: PromptDoc | None = None
    """The prompt that is there already."""
    replaced: bool = False
    """Whether a run that is to take this one's place waits already, behind it in the same queue, say."""
    earlier_over: bool = True
    """Whether the run that it must not overlap has ended."""
    last_tried: SessionListing | None = None
    current: SessionListing | None = None
    """The session that stands in the place."""
    returning: bool = False
    """Whether prompts of that session have yet to come back to their dispatches, which go before this one."""


@dataclass(frozen=True)
class Hold:
    """Nothing can be done now."""

    waiting_for: WaitingFor
    seconds: float
    """Look again after so long, should nothing happen before."""


@dataclass(frozen=True)
class GiveWay:
    """End it before it has begun: the run that replaces it is there."""


@dataclass(frozen=True)
class EndEarlier:
    """End the run before, for which this one is to take the place."""


@dataclass(frozen=True)
class Assign:
    """Write down the session that is about to get the prompt."""

    session_id: str


@dataclass(frozen=True)
class PutIn:
    """Put the prompt into the session that was written down."""

    session_id: str


@dataclass(frozen=True)
class Confirm:
    """The prompt is there: say so."""

    prompt: PromptDoc


@dataclass(frozen=True)
class Unassign:
    """That session ended before the prompt was delivered."""


@dataclass(frozen=True)
class CreateSession:
    """Have a new session take the place, the prompt its first."""


@dataclass(frozen=True)
class Fail:
    """Give it up."""

    failure: DispatchFailure


Step = Hold | GiveWay | EndEarlier | Assign | PutIn | Confirm | Unassign | CreateSession | Fail


def decide_dispatch(dispatch: DispatchDoc, sight: Sight, now: datetime) -> Step:
    """Return the one thing to do next about an open dispatch."""
    if sight.replaced and dispatch.session_id is None:
        # whatever it waits for: the one behind it would never be looked at while it does
        return GiveWay()
    if dispatch.next_attempt_at is not None and now < dispatch.next_attempt_at:
        return Hold("retry", (dispatch.next_attempt_at - now).total_seconds())
    # by two machines' clocks: one that is ahead must not make others wait for as long as it is
    if sight.gap and abs(now - dispatch.created_at) < GAP_PATIENCE:
        return Hold("turn", 0.2)
    if dispatch.session_id is not None:
        return _assigned(dispatch.session_id, sight)
    if not sight.earlier_over:
        return EndEarlier() if dispatch.replace else Hold("earlier_run", 2.0)
    given_up = _given_up(dispatch, sight.last_tried)
    if given_up is not None:
        return Fail(given_up)
    if sight.current is not None and takes_prompts(sight.current):
        return Assign(sight.current.id)
    if sight.returning:
        return Hold("turn", 0.5)
    return CreateSession()


def _assigned(session_id: str, sight: Sight) -> Step:
    if sight.prompt is not None:
        return Unassign() if sight.prompt.state is PromptState.UNDELIVERED else Confirm(sight.prompt)
    if sight.assigned is not None and takes_prompts(sight.assigned):
        return PutIn(session_id)
    # whoever took a number there before and puts the prompt in late puts it where nobody delivers it any more
    return Unassign()


def _given_up(dispatch: DispatchDoc, last: SessionListing | None) -> DispatchFailure | None:
    if not dispatch.tried:
        return None
    tried = dispatch.tried[-1]
    if tried.created and last is not None and last.status is Status.FAILED:
        reason = explain(last.status_reason.value, **last.facts).message
        return failure("session_failed", session_id=last.id, reason=reason)
    if tried.created and last is not None and last.status_reason in _ENDED_BY_SOMEBODY:
        # made again, it would be what somebody has just ended
        return failure("session_ended_by", session_id=last.id, by=_ended_by(last))
    if len(dispatch.tried) >= MOST_SESSIONS:
        return failure("sessions_ended", count=len(dispatch.tried), session_id=tried.session_id)
    return None


def _ended_by(session: SessionListing) -> str:
    stop = session.stop_requested
    return "?" if stop is None else stop.by


def takes_prompts(session: SessionListing) -> bool:
    """Tell whether a session takes prompts: running, or as soon as it runs."""
    return session.open and session.stop_requested is None


FailureCode = Literal[
    "session_failed", "session_ended_by", "sessions_ended", "volume_refused", "dispatch_error"
]


def failure(code: FailureCode, **facts: object) -> DispatchFailure:
    """Return why a dispatch is given up, in words."""
    message = explain(code, **facts).message
    return DispatchFailure(code=code, message={"ja": message.ja, "en": message.en})
