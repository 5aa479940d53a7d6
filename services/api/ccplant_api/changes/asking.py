"""Asks a session's runner what changed, piece by piece, and says plainly why there is no answer.

What a runner says is said beside an agent that may be hostile, so it is bounded and read as the model that it must be.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import structlog
from pydantic import ValidationError

from ccplant_api.sessions import views
from ccplant_contracts import subjects
from ccplant_contracts.base import Message
from ccplant_contracts.changes import PIECE_BYTES, ChangesAnswer, ChangesRequest
from ccplant_contracts.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    SessionNotReadyError,
    UnavailableError,
)
from ccplant_contracts.status import Status
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)

_FIRST_SECONDS = 30.0
"""Longer than a runner lets git work."""
_PIECE_SECONDS = 5.0
_TRIES = 2
M = TypeVar("M", bound=Message)


class RunnerLine(Protocol):
    """How a runner is asked."""

    async def ask_runner(self, subject: str, question: Message, *, timeout: float) -> bytes | None:
        """Return its answer; None: none came in time."""


class _GoneError(Exception):
    """The runner did not keep the rest of its answer."""


async def ask_for_changes(line: RunnerLine, session: SessionDoc, path: str | None, kind: type[M]) -> M:
    """Return what the runner answers, as `kind`.

    Raises:
        SessionNotReadyError: the session is pending.
        ConflictError: it has ended, or its repository is not what it was.
        NotFoundError: the file is not among the changes.
        UnavailableError: the runner does not answer, or cannot now.
    """
    subject = subjects.runner_in(_running_launch(session), "changes")
    for _ in range(_TRIES):
        try:
            whole = await _collected(line, subject, path)
        except _GoneError:
            continue
        try:
            return kind.model_validate_json(whole)
        except ValidationError as error:
            _log.warning("runner_changes_refused", session_id=session.id, errors=error.error_count())
            break
    raise UnavailableError("The session's runner gave no whole answer; try again in a moment.", retry_after=2)


def _running_launch(session: SessionDoc) -> str:
    if session.status is Status.PENDING:
        raise SessionNotReadyError(
            "The session is not running yet; its changes can be seen once it is.",
            details=views.waiting_details(session),
            retry_after=2,
        )
    if session.status is not Status.RUNNING or session.launch is None:
        raise ConflictError(
            "The session has ended: what it changed can be seen while it runs.",
            details={"status": session.status.value},
        )
    return session.launch.id


async def _collected(line: RunnerLine, subject: str, path: str | None) -> bytes:
    head, whole = await _piece(line, subject, ChangesRequest(path=path), _FIRST_SECONDS)
    parts = [whole]
    for index in range(1, head.pieces):
        further = ChangesRequest(answer_id=head.answer_id, index=index)
        parts.append((await _piece(line, subject, further, _PIECE_SECONDS))[1])
    return b"".join(parts)


async def _piece(
    line: RunnerLine, subject: str, question: ChangesRequest, timeout: float
) -> tuple[ChangesAnswer, bytes]:
    reply = await line.ask_runner(subject, question, timeout=timeout)
    if reply is None:
        raise UnavailableError(
            "The session's runner does not answer. Try again in a moment; if that goes on, look at the session's state "
            "and its log.",
            retry_after=5,
        )
    first, _, piece = reply.partition(b"\n")
    try:
        head = ChangesAnswer.model_validate_json(first)
    except ValidationError:
        raise UnavailableError("The session's runner answered something else.", retry_after=5) from None
    if not head.ok:
        raise _refusal(head)
    if len(piece) > PIECE_BYTES:
        raise UnavailableError("The session's runner answered too much.", retry_after=5)
    return head, piece


def _refusal(head: ChangesAnswer) -> Exception:
    """Return why there is no answer; pure."""
    refusal: ApiError
    match head.fault:
        case "gone":
            return _GoneError()
        case "not_changed":
            refusal = NotFoundError("The file is not among the changes of this session.")
        case "no_repository":
            refusal = ConflictError(
                "The clone is not in the workspace any more, so there is nothing to compare with.",
                details={"reason": "no_repository"},
            )
        case "no_base":
            refusal = ConflictError(
                "The commit that was cloned is not in the repository any more, so there is nothing to compare with.",
                details={"reason": "no_base"},
            )
        case "busy":
            refusal = UnavailableError("Too many ask this session for its changes at once.", retry_after=2)
        case "failed":
            words = f" ({head.detail})" if head.detail else ""
            refusal = UnavailableError(
                f"Git could not compare the workspace with the clone{words}; try again in a moment.",
                retry_after=5,
            )
        case None:
            refusal = ConflictError(
                "The session's runner is of an earlier version, which does not tell changes; sessions that start now do.",
                details={"reason": "earlier_version"},
            )
    return refusal
