"""Running a schedule now: a run and its dispatch, written in one transaction; the schedule's own times stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_api.gateway import Gateway
from ccplant_api.http.idempotency import earlier_answer
from ccplant_api.principals.authentication import Principal
from ccplant_api.schedules import views
from ccplant_api.schedules.fate import Fate
from ccplant_api.schedules.find import no_such_schedule
from ccplant_contracts.ids import new_run_id
from ccplant_platform.faults import fault_point
from ccplant_store.errors import AlreadyDoneError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.schedules.dispatching import schedule_dispatch
from ccplant_store.schedules.model import RunDoc, ScheduleDoc
from ccplant_store.schedules.repository import LostTickError

_NO_BODY = ""
"""What a key protects is the request itself: it has no body that could differ."""


async def run_schedule(
    gateway: Gateway, caller: Principal, schedule: ScheduleDoc, *, key: str | None
) -> tuple[Mapping[str, Any], bool]:
    """Run a schedule; return the answer, and whether it is that of an earlier request with the same key.

    Raises:
        NotFoundError: it was deleted meanwhile.
    """
    route = f"run:{schedule.id}"
    before = await earlier_answer(gateway.store.idempotency, caller.user_id, route, key, _NO_BODY)
    if before is not None:
        return before, True
    now = gateway.clock.now()
    run_id = new_run_id()
    dispatch = await schedule_dispatch(
        gateway.store.slots, schedule, schedule.parsed(), trigger=f"run:{run_id}", run_id=run_id, at=now
    )
    run = RunDoc(
        id=run_id,
        schedule_id=schedule.id,
        owner=schedule.owner,
        trigger="manual",
        tick_at=now,
        due_at=now,
        fired_at=now,
        outcome="handed",
        dispatch_id=dispatch.id,
        created_at=now,
    )
    answer = views.run(run, dispatch.resource(), Fate("waiting")).model_dump(mode="json")
    protected = None
    if key is not None:
        protected = IdempotencyDoc(
            id=idempotency_id(caller.user_id, route, key),
            body_hash=_NO_BODY,
            resource_id=run_id,
            response=answer,
            created_at=now,
        )
    try:
        await gateway.store.schedules.run_now(run, dispatch, idempotency=protected)
    except AlreadyDoneError as done:
        return done.response or {}, True
    except LostTickError:
        raise no_such_schedule() from None
    fault_point("api.intent.written")
    gateway.bus.command("session.dispatch", None, target=dispatch.queue)
    return answer, False
