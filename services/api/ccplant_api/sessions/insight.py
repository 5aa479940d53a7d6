"""What can be looked up about a session: diagnosis, log, use over time, timeline, blobs (S9, D1–D3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response, StreamingResponse

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.sessions import views
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.control import CONTROL_LOGS, LogsAnswer, LogsRequest
from ccplant_contracts.errors import NotFoundError, SessionNotReadyError, UnavailableError
from ccplant_contracts.lists import Logs, Timeline, Usage
from ccplant_contracts.session import Diagnosis
from ccplant_contracts.status import Status
from ccplant_store.sessions.model import SessionDoc

router = APIRouter(prefix="/api/v1/sessions/{session_id}", tags=["sessions"])

_LOG_SECONDS = 5.0


@router.get(
    "/diagnosis", operation_id="getDiagnosis", response_model=Diagnosis | None, responses=error_answers(404)
)
async def diagnosis(session: SessionDep) -> Response:
    """Tell why the session is not running; `null` where it is and all is well."""
    found = views.diagnosis(session)
    return Response(b"null", media_type="application/json") if found is None else answer(found)


@router.get("/logs", operation_id="getLogs", response_model=Logs, responses=error_answers(404))
async def logs(
    session: SessionDep,
    gateway: GatewayDep,
    tail: Annotated[int, Query(ge=1, le=2_000, description="How many lines at most.")] = 200,
) -> Response:
    """Read the last lines of the runner's and the agent's log, redacted."""
    try:
        told = await gateway.bus.ask(
            CONTROL_LOGS, LogsRequest(session_id=session.id, tail=tail), LogsAnswer, timeout=_LOG_SECONDS
        )
    except UnavailableError:
        if session.open:
            raise
        told = LogsAnswer(available=False)
    if told.available and (told.lines or session.open):
        return answer(Logs(session_id=session.id, lines=told.lines[-tail:], source="runtime"))
    if session.status is Status.PENDING:
        raise SessionNotReadyError(
            "The session has no log yet.", details=views.waiting_details(session), retry_after=2
        )
    if session.open:
        raise UnavailableError(told.detail or "The log cannot be read now.", retry_after=5)
    return answer(Logs(session_id=session.id, lines=_kept_lines(session, tail), source="record"))


def _kept_lines(session: SessionDoc, tail: int) -> tuple[str, ...]:
    evidence = (session.diagnosis or {}).get("evidence")
    lines = evidence.get("log_tail", ()) if isinstance(evidence, dict) else ()
    return tuple(str(line) for line in lines)[-tail:] if isinstance(lines, list | tuple) else ()


@router.get("/usage", operation_id="getUsage", response_model=Usage, responses=error_answers(404))
async def usage(session: SessionDep, gateway: GatewayDep) -> Response:
    """Give the samples of CPU and memory in use, also after the end."""
    samples = await gateway.store.activity.history(session.id)
    return answer(Usage(session_id=session.id, samples=tuple(samples)))


@router.get("/timeline", operation_id="getTimeline", response_model=Timeline, responses=error_answers(404))
async def timeline(session: SessionDep, gateway: GatewayDep) -> Response:
    """Give the lifecycle events of the session."""
    entries = await gateway.store.events.timeline(session.id)
    return answer(Timeline(session_id=session.id, timeline=tuple(entries)))


@router.get(
    "/blobs/{blob_id}",
    operation_id="getBlob",
    response_class=Response,
    responses={
        200: {
            "description": "The bytes, always as a download.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **error_answers(404),
    },
)
async def blob(
    session: SessionDep, gateway: GatewayDep, blob_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """Read a large tool result or diff that the stream names; what an agent made is never shown inline."""
    found = await gateway.store.blobs.open(session.id, blob_id)
    if found is None:
        raise NotFoundError("There is no such blob in this session.")
    pieces: AsyncIterator[bytes] = gateway.store.blobs.read(found)
    return StreamingResponse(
        pieces,
        media_type="application/octet-stream",
        headers={
            "Content-Length": str(found.length),
            "Content-Disposition": f'attachment; filename="{found.id}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
