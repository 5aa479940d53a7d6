"""``/api/v1/schedules``: the resource itself, and when an expression fires. What ran is in `runs`."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer, answer_json, no_content
from ccplant_api.http.idempotency import REPLAYED, IdempotencyKey, body_hash
from ccplant_api.http.pages import LimitQuery, OffsetQuery, page_fields
from ccplant_api.schedules import views
from ccplant_api.schedules.changing import patch_schedule
from ccplant_api.schedules.creation import create_schedule
from ccplant_api.schedules.definition import checked_times
from ccplant_api.schedules.find import ScheduleDep, ScheduleIdPath, checked_schedule_id, no_such_schedule
from ccplant_api.schedules.joining import shown_runs
from ccplant_api.schedules.outlook import upcoming
from ccplant_api.schedules.whole import whole
from ccplant_contracts import subjects
from ccplant_contracts.schedule import (
    CreateSchedule,
    PatchSchedule,
    PreviewSchedule,
    ScheduleList,
    SchedulePreview,
    ScheduleResource,
)
from ccplant_platform.faults import fault_point
from ccplant_store.schedules.model import ScheduleDoc

router = APIRouter(prefix="/api/v1/schedules", tags=["schedules"])


@router.post(
    "",
    status_code=201,
    operation_id="createSchedule",
    response_model=ScheduleResource,
    responses=error_answers(409, 413, 429),
)
async def create(
    body: CreateSchedule, caller: CallerDep, gateway: GatewayDep, key: IdempotencyKey = None
) -> Response:
    """Create a schedule. The answer tells its next runs, and warns of what it cannot do."""
    digest = body_hash(body) if key is not None else ""
    made, repeated = await create_schedule(gateway, caller, body, key=key, digest=digest)
    return answer_json(made, status=201, headers=REPLAYED if repeated else None)


@router.get("", operation_id="listSchedules", response_model=ScheduleList, responses=error_answers())
async def list_schedules(
    caller: CallerDep, gateway: GatewayDep, limit: LimitQuery = 50, offset: OffsetQuery = 0
) -> Response:
    """List the caller's schedules, the newest first, each with its last run."""
    found, total = await gateway.store.schedules.list(caller.user_id, limit=limit + 1, offset=offset)
    page = found[:limit]
    return answer(
        ScheduleList(
            schedules=await _listed(gateway, caller.user_id, page),
            **page_fields(total=total, limit=limit, offset=offset, more=len(found) > limit),
        )
    )


async def _listed(
    gateway: Gateway, owner: str, schedules: Sequence[ScheduleDoc]
) -> tuple[ScheduleResource, ...]:
    last = [item.last_run_id for item in schedules if item.last_run_id is not None]
    runs = await gateway.store.schedules.many_runs(last) if last else {}
    shown = {run.run_id: run for run in await shown_runs(gateway, owner, list(runs.values()))}
    return tuple(views.schedule(item, shown.get(item.last_run_id or "")) for item in schedules)


@router.post(
    "/preview",
    operation_id="previewSchedule",
    response_model=SchedulePreview,
    responses=error_answers(413),
)
async def preview(body: PreviewSchedule, _caller: CallerDep, gateway: GatewayDep) -> Response:
    """Tell when an expression fires next, in UTC and as the clocks of its zone show it."""
    times = checked_times(body.cron, body.timezone)
    runs = upcoming(
        times, after=gateway.clock.now(), count=body.count, starts_at=body.starts_at, ends_at=body.ends_at
    )
    return answer(
        SchedulePreview(
            cron=body.cron,
            timezone=body.timezone,
            runs=tuple(views.previewed(moment, body.timezone) for moment in runs),
        )
    )


@router.get(
    "/{schedule_id}",
    operation_id="getSchedule",
    response_model=ScheduleResource,
    responses=error_answers(404),
)
async def show(schedule: ScheduleDep, gateway: GatewayDep) -> Response:
    """Show a schedule, its next runs and what its owner should know."""
    return answer(await whole(gateway, schedule))


@router.patch(
    "/{schedule_id}",
    operation_id="patchSchedule",
    response_model=ScheduleResource,
    responses=error_answers(404, 409, 413),
)
async def patch(
    body: PatchSchedule, schedule: ScheduleDep, caller: CallerDep, gateway: GatewayDep
) -> Response:
    """Change single fields; null takes one back to its default. A run that was set off goes on as it was."""
    return answer(await whole(gateway, await patch_schedule(gateway, caller, schedule, body.changes())))


@router.delete("/{schedule_id}", status_code=204, operation_id="deleteSchedule", responses=error_answers(404))
async def delete(schedule_id: ScheduleIdPath, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Delete a schedule: it fires no more. What it set off goes on."""
    if not await gateway.store.schedules.delete(checked_schedule_id(schedule_id), caller.user_id):
        raise no_such_schedule()
    fault_point("api.intent.written")
    gateway.bus.wake(subjects.WAKE_SCHEDULES)
    return no_content()
