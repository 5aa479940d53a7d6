"""``…/permissions``: what the agent asks for, and the answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.permissions.answering import answer_permission
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.lists import PermissionList
from ccplant_contracts.prompt import AnswerPermission, PermissionResource
from ccplant_contracts.status import PermissionState

router = APIRouter(prefix="/api/v1/sessions/{session_id}/permissions", tags=["permissions"])

_MOST = 1_000


@router.get("", operation_id="listPermissions", response_model=PermissionList, responses=error_answers(404))
async def list_permissions(
    session: SessionDep,
    gateway: GatewayDep,
    state: Annotated[PermissionState | None, Query(description="Only requests in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """List the session's requests, newest first; the last 1,000 are listed."""
    known = await gateway.store.permissions.list_for(session.id, limit=_MOST)
    matching = [item for item in known if state is None or item.state is state]
    page = matching[offset : offset + limit]
    more = offset + limit < len(matching)
    return answer(
        PermissionList(
            permissions=tuple(item.resource() for item in page),
            total=len(matching),
            total_capped=len(known) == _MOST,
            limit=limit,
            offset=offset,
            has_more=more,
            next_offset=offset + limit if more else None,
        )
    )


@router.post(
    "/{permission_id}",
    operation_id="answerPermission",
    response_model=PermissionResource,
    responses=error_answers(404, 409, 413),
)
async def answer_one(
    body: AnswerPermission,
    permission_id: Annotated[str, Path(max_length=64)],
    session: SessionDep,
    caller: CallerDep,
    gateway: GatewayDep,
) -> Response:
    """Answer a request, exactly once; `applied` is false until the runner has acted on it."""
    return answer(await answer_permission(gateway, caller, session.id, permission_id, body.option))
