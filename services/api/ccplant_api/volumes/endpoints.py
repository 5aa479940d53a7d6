"""``/api/v1/volumes``: volumes of the caller's sessions, in use and kept; free ones can be deleted (S13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_api.http.answers import answer
from ccplant_contracts.errors import ConflictError, NotFoundError
from ccplant_contracts.ids import is_session_id
from ccplant_contracts.lists import VolumeList
from ccplant_contracts.session import seconds_between
from ccplant_contracts.volume import VolumeResource
from ccplant_platform.faults import fault_point
from ccplant_store.errors import VolumeRefusedError
from ccplant_store.sessions.listing import TOTAL_CAP
from ccplant_store.volumes.model import VolumeDoc

router = APIRouter(prefix="/api/v1/volumes", tags=["volumes"])


def shown(volume: VolumeDoc, names: Mapping[str, str], now: datetime) -> VolumeResource:
    """Return a volume as clients see it."""
    return VolumeResource(
        volume_id=volume.id,
        session_id=volume.last_holder,
        session_name=names.get(volume.last_holder),
        owner=volume.owner,
        size=volume.size,
        created_at=volume.created_at,
        age_seconds=seconds_between(volume.created_at, now) or 0.0,
        kept_at=volume.kept_at,
        in_use_by=volume.holder,
        deleting=volume.deleting,
    )


@router.get("", operation_id="listVolumes", response_model=VolumeList, responses=error_answers())
async def list_volumes(
    caller: CallerDep,
    gateway: GatewayDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """List the volumes of the caller's sessions, the newest first, those in use too."""
    volumes, total = await gateway.store.volumes.list(caller.user_id, limit=limit + 1, offset=offset)
    more = len(volumes) > limit
    page = volumes[:limit]
    names = await gateway.store.sessions.names([volume.last_holder for volume in page])
    now = gateway.clock.now()
    return answer(
        VolumeList(
            volumes=tuple(shown(volume, names, now) for volume in page),
            total=min(total, TOTAL_CAP),
            total_capped=total > TOTAL_CAP,
            limit=limit,
            offset=offset,
            has_more=more,
            next_offset=offset + limit if more and offset + limit <= TOTAL_CAP else None,
        )
    )


@router.delete(
    "/{volume_id}",
    status_code=202,
    operation_id="deleteVolume",
    response_model=VolumeResource,
    responses=error_answers(404, 409),
)
async def delete_volume(
    volume_id: Annotated[str, Path(max_length=63, description="The volume's id.")],
    caller: CallerDep,
    gateway: GatewayDep,
) -> Response:
    """Delete a volume that no session has, with all that is on it; it leaves the list when it is gone."""
    now = gateway.clock.now()
    if not is_session_id(volume_id):
        raise _no_such_volume()
    try:
        volume = await gateway.store.volumes.condemn(volume_id, caller.user_id, at=now)
    except VolumeRefusedError as refused:
        if refused.why == "absent":
            raise _no_such_volume() from None
        details: dict[str, object] = {"state": "in_use", "volume_id": volume_id}
        if refused.holder is not None:
            details["in_use_by"] = refused.holder
        raise ConflictError("The volume is in use by a session.", details=details) from None
    fault_point("api.intent.written")
    names = await gateway.store.sessions.names([volume.last_holder])
    return answer(shown(volume, names, now), status=202)


def _no_such_volume() -> NotFoundError:
    return NotFoundError("There is no such volume.")
