"""Creating a schedule: checked as a whole, its first tick computed, written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_api.gateway import Gateway
from ccplant_api.http.idempotency import earlier_answer, same_or_conflict
from ccplant_api.principals.authentication import Principal
from ccplant_api.schedules.definition import checked_definition
from ccplant_api.schedules.times import first_times
from ccplant_api.schedules.whole import whole
from ccplant_api.triggers.limits import require_room
from ccplant_contracts import subjects
from ccplant_contracts.ids import new_schedule_id
from ccplant_contracts.schedule import CreateSchedule
from ccplant_platform.faults import fault_point
from ccplant_store.errors import AlreadyDoneError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.schedules.model import ScheduleDoc

_ROUTE = "schedules"


async def create_schedule(
    gateway: Gateway, caller: Principal, body: CreateSchedule, *, key: str | None, digest: str
) -> tuple[Mapping[str, Any], bool]:
    """Create a schedule; return the answer, and whether it is that of an earlier, equal request.

    Raises:
        InvalidRequestError: the definition is not possible here.
        QuotaExceededError: the owner has as many as allowed.
        ConflictError: the key was used with another body.
    """
    store = gateway.store
    before = await earlier_answer(store.idempotency, caller.user_id, _ROUTE, key, digest)
    if before is not None:
        return before, True
    _, there = await store.schedules.list(caller.user_id, limit=1)
    require_room(there, gateway.settings.max_schedules_per_owner, "schedules")
    definition = await checked_definition(gateway, caller.user_id, body)
    now = gateway.clock.now()
    schedule_id = new_schedule_id()
    next_tick, next_fire = first_times(schedule_id, definition, now)
    schedule = ScheduleDoc(
        id=schedule_id,
        owner=caller.user_id,
        name=definition.name,
        enabled=definition.enabled,
        definition=definition.model_dump(mode="json"),
        created_at=now,
        updated_at=now,
        next_tick_at=next_tick,
        next_fire_at=next_fire,
    )
    answer = (await whole(gateway, schedule)).model_dump(mode="json")
    protected = None
    if key is not None:
        protected = IdempotencyDoc(
            id=idempotency_id(caller.user_id, _ROUTE, key),
            body_hash=digest,
            resource_id=schedule_id,
            response=answer,
            created_at=now,
        )
    try:
        await store.schedules.insert(schedule, idempotency=protected)
    except AlreadyDoneError as done:
        same_or_conflict(done.body_hash, digest, key or "")
        return done.response or {}, True
    fault_point("api.intent.written")
    gateway.bus.wake(subjects.WAKE_SCHEDULES)
    return answer, False
