"""``GET …/changes`` and ``…/changes/file``: the workspace against the clone, asked of the session's runner."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from ccplant_api.changes.asking import ask_for_changes
from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.changes import Changes, FileDiff

router = APIRouter(prefix="/api/v1/sessions/{session_id}/changes", tags=["sessions"])

_MAX_PATH = 8_192


@router.get("", operation_id="getChanges", response_model=Changes, responses=error_answers(404, 409))
async def changes(session: SessionDep, gateway: GatewayDep) -> Response:
    """List the files of the workspace that are not as they were cloned, the agent's own commits included."""
    return answer(await ask_for_changes(gateway.bus, session, None, Changes))


@router.get("/file", operation_id="getFileChange", response_model=FileDiff, responses=error_answers(404, 409))
async def file(
    session: SessionDep,
    gateway: GatewayDep,
    path: Annotated[
        str, Query(min_length=1, max_length=_MAX_PATH, description="The file's `path`, as the list says it.")
    ],
) -> Response:
    """Give what changed in one file, as one unified diff."""
    return answer(await ask_for_changes(gateway.bus, session, path, FileDiff))
