"""``/api/v1/dispatches``: what webhooks and schedules set off and no session has yet, its place, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.http.pages import LimitQuery, OffsetQuery, page_fields
from ccplant_api.triggers.ids import checked_id, not_found
from ccplant_contracts.dispatch import DispatchList, DispatchResource
from ccplant_contracts.errors import ConflictError
from ccplant_platform.faults import fault_point
from ccplant_store.dispatches.model import DispatchDoc

router = APIRouter(prefix="/api/v1/dispatches", tags=["dispatches"])

DispatchIdPath = Annotated[str, Path(description="The dispatch's id.", examples=["disp-0123456789abcdef"])]
_THING = "dispatch"


@router.get("", operation_id="listDispatches", response_model=DispatchList, responses=error_answers())
async def list_dispatches(
    caller: CallerDep,
    gateway: GatewayDep,
    waiting: Annotated[
        bool, Query(description="Only those that wait, the next first; false: all, the newest first.")
    ] = True,
    limit: LimitQuery = 50,
    offset: OffsetQuery = 0,
) -> Response:
    """List what webhooks and schedules set off; what waits tells for what, and its place."""
    found, total = await gateway.store.dispatches.list(
        caller.user_id, waiting_only=waiting, limit=limit + 1, offset=offset
    )
    page = found[:limit]
    return answer(
        DispatchList(
            # those that wait come in the order of their places
            dispatches=tuple(item.resource(place) for place, item in enumerate(page, start=offset + 1))
            if waiting
            else await _with_places(gateway, caller.user_id, page),
            **page_fields(total=total, limit=limit, offset=offset, more=len(found) > limit),
        )
    )


async def _with_places(
    gateway: Gateway, owner: str, page: Sequence[DispatchDoc]
) -> tuple[DispatchResource, ...]:
    queue = await gateway.store.dispatches.waiting(owner) if any(item.open for item in page) else ()
    standing = {dispatch_id: place for place, dispatch_id in enumerate(queue, start=1)}
    return tuple(item.resource(standing.get(item.id)) for item in page)


@router.get(
    "/{dispatch_id}",
    operation_id="getDispatch",
    response_model=DispatchResource,
    responses=error_answers(404),
)
async def show(dispatch_id: DispatchIdPath, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Show a dispatch: what is to be said, to which session, and what became of it."""
    found = await gateway.store.dispatches.get_owned(checked_id(dispatch_id, "disp", _THING), caller.user_id)
    if found is None:
        raise not_found(_THING)
    return answer(found.resource(await gateway.store.dispatches.place_of(found)))


@router.delete(
    "/{dispatch_id}",
    operation_id="cancelDispatch",
    response_model=DispatchResource,
    responses=error_answers(404, 409),
)
async def cancel(dispatch_id: DispatchIdPath, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Take a dispatch out of its queue while it waits; it stays on record as `cancelled`. Again: the same."""
    found = await gateway.store.dispatches.cancel(
        checked_id(dispatch_id, "disp", _THING), caller.user_id, by=caller.user_id, at=gateway.clock.now()
    )
    if found is None:
        raise not_found(_THING)
    if found.state != "cancelled":
        state = "dispatching" if found.open else found.state
        raise ConflictError(
            f"Only a dispatch that waits can be cancelled; this one is {state}.",
            details={"state": state, "dispatch_id": found.id},
        )
    fault_point("api.intent.written")
    gateway.bus.command("session.dispatch", None, target=found.queue)  # whoever stood behind it is next
    return answer(found.resource())
