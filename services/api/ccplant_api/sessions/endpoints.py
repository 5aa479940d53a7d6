"""``/api/v1/sessions``: the resource itself. What can be looked up about one is in `insight`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep, PlaceDep
from ccplant_api.http.answers import answer, answer_json
from ccplant_api.http.idempotency import REPLAYED, IdempotencyKey, body_hash, earlier_answer
from ccplant_api.sessions import views
from ccplant_api.sessions.changing import patch_session
from ccplant_api.sessions.creation import create_session
from ccplant_api.sessions.ending import delete_session, end_session
from ccplant_api.sessions.find import SessionDep, SessionIdPath, checked_id
from ccplant_api.sessions.recreation import recreation
from ccplant_contracts.lists import SessionList
from ccplant_contracts.session import (
    CreatedSession,
    CreateSession,
    PatchSession,
    RecreateSession,
    SessionResource,
    Terminating,
)
from ccplant_contracts.status import Status, StopReason
from ccplant_store.errors import InvalidCursorError
from ccplant_store.sessions.listing import ListQuery
from ccplant_store.sessions.model import SessionDoc

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])

_LISTED_STATUS = Literal["pending", "running", "completed", "failed", "terminated", "ended", "all"]


async def _whole(gateway: Gateway, session: SessionDoc, place: views.Place) -> SessionResource:
    activity, timeline = await asyncio.gather(
        gateway.store.activity.get(session.id), gateway.store.events.timeline(session.id)
    )
    return views.resource(session, activity, timeline, place, gateway.clock.now())


def _created(made: CreatedSession | Mapping[str, Any], *, repeated: bool) -> Response:
    headers = REPLAYED if repeated else None
    if isinstance(made, CreatedSession):
        return answer(made, status=201, exclude_none=True, headers=headers)
    return answer_json(made, status=201, headers=headers)


@router.post(
    "",
    status_code=201,
    operation_id="createSession",
    response_model=CreatedSession,
    responses=error_answers(409, 413, 429),
)
async def create(
    body: CreateSession, caller: CallerDep, gateway: GatewayDep, place: PlaceDep, key: IdempotencyKey = None
) -> Response:
    """Create a session; it is `pending` until its agent can answer."""
    digest = body_hash(body) if key is not None else ""
    before = await earlier_answer(gateway.store.idempotency, caller.user_id, "sessions", key, digest)
    if before is not None:
        return _created(before, repeated=True)
    made, repeated = await create_session(
        gateway, caller, body, place, route="sessions", key=key, digest=digest
    )
    return _created(made, repeated=repeated)


@router.get("", operation_id="listSessions", response_model=SessionList, responses=error_answers())
async def list_sessions(
    caller: CallerDep,
    gateway: GatewayDep,
    place: PlaceDep,
    status: Annotated[
        _LISTED_STATUS, Query(description="Only sessions in this status; `ended`: however they ended.")
    ] = "all",
    sort: Annotated[
        Literal["started_at", "updated_at"], Query(description="`started_at` orders by creation.")
    ] = "started_at",
    order: Annotated[Literal["asc", "desc"], Query(description="`desc`: newest first.")] = "desc",
    name: Annotated[
        str | None, Query(max_length=200, description="Only sessions of exactly this name.")
    ] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=100,
            description="Only sessions with each of these words somewhere in the name or the id, in whatever case.",
        ),
    ] = None,
    include_deleted: Annotated[bool, Query(description="Whether deleted sessions are shown too.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    cursor: Annotated[
        str | None,
        Query(max_length=500, description="`next_cursor` of the page before; goes before `offset`."),
    ] = None,
) -> Response:
    """List the caller's sessions."""
    query = ListQuery(
        owner=caller.user_id,
        status=None if status in ("all", "ended") else Status(status),
        ended=status == "ended",
        name=name,
        words=q,
        include_deleted=include_deleted,
        sort=sort,
        order=order,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )
    try:
        page = await gateway.store.sessions.list(query)
    except InvalidCursorError:
        raise invalid_field("cursor", "is not one that this list gave") from None
    activities = await gateway.store.activity.get_many([item.id for item in page.items])
    now = gateway.clock.now()
    return answer(
        SessionList(
            sessions=tuple(views.summary(item, activities.get(item.id), place, now) for item in page.items),
            total=page.total,
            total_capped=page.total_capped,
            limit=limit,
            offset=offset,
            has_more=page.has_more,
            next_offset=offset + limit
            if page.has_more and cursor is None and offset + limit <= 10_000
            else None,
            next_cursor=page.next_cursor,
        )
    )


@router.get(
    "/{session_id}", operation_id="getSession", response_model=SessionResource, responses=error_answers(404)
)
async def show(session: SessionDep, gateway: GatewayDep, place: PlaceDep) -> Response:
    """Show a session, deleted ones too."""
    return answer(await _whole(gateway, session, place))


@router.patch(
    "/{session_id}",
    operation_id="patchSession",
    response_model=SessionResource,
    responses=error_answers(404, 409, 413),
)
async def patch(
    body: PatchSession, session: SessionDep, caller: CallerDep, gateway: GatewayDep, place: PlaceDep
) -> Response:
    """Change the name, or the total running time while the session is open (S7)."""
    return answer(await _whole(gateway, await patch_session(gateway, caller, session, body), place))


@router.delete(
    "/{session_id}",
    status_code=202,
    operation_id="deleteSession",
    response_model=Terminating,
    responses=error_answers(404),
)
async def delete(
    session_id: SessionIdPath,
    caller: CallerDep,
    gateway: GatewayDep,
    force: Annotated[bool, Query(description="Do not wait for the agent to end by itself.")] = False,
    delete_pvc: Annotated[
        bool | None, Query(description="Whether the volume goes too; else `pvc_retain` decides.")
    ] = None,
    purge: Annotated[
        bool, Query(description="Erase record and history too, once the session has ended.")
    ] = False,
) -> Response:
    """End the session where it is open and take it from the lists; its history stays readable by id."""
    session = await delete_session(
        gateway, caller, checked_id(session_id), force=force, delete_pvc=delete_pvc, purge=purge
    )
    words = (
        "Its record and history are being erased." if purge else "Its record and history stay readable by id."
    )
    state = "The session is being ended." if session.open else "The session is deleted."
    return answer(Terminating(session_id=session.id, message=f"{state} {words}"), status=202)


@router.post(
    "/{session_id}/stop",
    status_code=202,
    operation_id="stopSession",
    response_model=SessionResource,
    responses=error_answers(404, 409),
)
async def stop(
    session_id: SessionIdPath, caller: CallerDep, gateway: GatewayDep, place: PlaceDep
) -> Response:
    """End the session; it becomes `terminated` with the reason `stopped` (S10b)."""
    session = await end_session(gateway, caller, checked_id(session_id), StopReason.STOPPED)
    return answer(await _whole(gateway, session, place), status=202)


@router.post(
    "/{session_id}/complete",
    status_code=202,
    operation_id="completeSession",
    response_model=SessionResource,
    responses=error_answers(404, 409),
)
async def complete(
    session_id: SessionIdPath, caller: CallerDep, gateway: GatewayDep, place: PlaceDep
) -> Response:
    """Declare the session complete; a turn under way is interrupted (S4)."""
    session = await end_session(gateway, caller, checked_id(session_id), StopReason.OWNER_COMPLETED)
    return answer(await _whole(gateway, session, place), status=202)


@router.post(
    "/{session_id}/recreate",
    status_code=201,
    operation_id="recreateSession",
    response_model=CreatedSession,
    responses=error_answers(404, 409, 413, 429),
)
async def recreate(
    session: SessionDep,
    caller: CallerDep,
    gateway: GatewayDep,
    place: PlaceDep,
    body: RecreateSession | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Create a new session from an ended one, with parts of its configuration replaced (S13), on its kept volume.

    With `resume` the agent goes on with the conversation (S14): it needs the kept volume and the same agent.
    """
    wanted = body or RecreateSession()
    route = f"recreate:{session.id}"
    digest = body_hash(wanted) if key is not None else ""
    before = await earlier_answer(gateway.store.idempotency, caller.user_id, route, key, digest)
    if before is not None:
        return _created(before, repeated=True)
    again = await recreation(gateway, session, wanted)
    made, repeated = await create_session(
        gateway,
        caller,
        again.body,
        place,
        route=route,
        key=key,
        digest=digest,
        recreated_from=session.id,
        resumes=again.resumes,
    )
    return _created(made, repeated=repeated)
