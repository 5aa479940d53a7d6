"""``…/schedules/{id}/runs`` and ``…/run``: what ran and what became of it, and running it now."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_api.http.answers import answer, answer_json
from ccplant_api.http.idempotency import REPLAYED, IdempotencyKey
from ccplant_api.http.pages import LimitQuery, OffsetQuery, page_fields
from ccplant_api.schedules.find import ScheduleDep
from ccplant_api.schedules.joining import shown_runs
from ccplant_api.schedules.running import run_schedule
from ccplant_contracts.schedule import RunList, RunResource

router = APIRouter(prefix="/api/v1/schedules/{schedule_id}", tags=["schedules"])


@router.get("/runs", operation_id="listRuns", response_model=RunList, responses=error_answers(404))
async def list_runs(
    schedule: ScheduleDep, gateway: GatewayDep, limit: LimitQuery = 50, offset: OffsetQuery = 0
) -> Response:
    """List what ran, was skipped or missed, the newest first; kept for 90 days."""
    found, total = await gateway.store.schedules.runs(schedule.id, limit=limit + 1, offset=offset)
    return answer(
        RunList(
            runs=await shown_runs(gateway, schedule.owner, found[:limit]),
            **page_fields(total=total, limit=limit, offset=offset, more=len(found) > limit),
        )
    )


@router.post(
    "/run",
    status_code=202,
    operation_id="runSchedule",
    response_model=RunResource,
    responses=error_answers(404, 409),
)
async def run_now(
    schedule: ScheduleDep, caller: CallerDep, gateway: GatewayDep, key: IdempotencyKey = None
) -> Response:
    """Run a schedule now, also one that is disabled, whatever the run before it does; its times stay as they are."""
    made, repeated = await run_schedule(gateway, caller, schedule, key=key)
    return answer_json(made, status=202, headers=REPLAYED if repeated else None)
