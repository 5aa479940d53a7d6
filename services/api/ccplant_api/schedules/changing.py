"""Changing a schedule on the newest version of its document; its times only where no tick comes between."""

from __future__ import annotations

from typing import Any

from ccplant_api.gateway import Gateway
from ccplant_api.principals.authentication import Principal
from ccplant_api.schedules.definition import changed_definition, checked_definition
from ccplant_api.schedules.find import no_such_schedule
from ccplant_api.schedules.times import differ, times_after_change
from ccplant_contracts import subjects
from ccplant_contracts.errors import ConflictError
from ccplant_platform.faults import fault_point
from ccplant_store.schedules.model import ScheduleDoc

_TRIES = 20


async def patch_schedule(
    gateway: Gateway, caller: Principal, schedule: ScheduleDoc, changes: dict[str, Any]
) -> ScheduleDoc:
    """Apply what is given.

    Raises:
        InvalidRequestError: what it would be then is not possible.
        ConflictError: others change it all the time.
        NotFoundError: it was deleted meanwhile.
    """
    for _ in range(_TRIES):
        wanted = await checked_definition(
            gateway, caller.user_id, changed_definition(schedule.definition, changes), touched=changes
        )
        definition = wanted.model_dump(mode="json")
        if definition == schedule.definition:
            return schedule
        moves = differ(schedule.parsed(), wanted)
        times = None
        if moves:
            times = times_after_change(schedule.id, wanted, schedule.next_tick_at, gateway.clock.now())
        changed = await gateway.store.schedules.change(
            schedule,
            set={"definition": definition, "name": wanted.name, "enabled": wanted.enabled},
            times=times,
        )
        if changed is not None:
            fault_point("api.intent.written")
            if moves:
                gateway.bus.wake(subjects.WAKE_SCHEDULES)
            return changed
        newest = await gateway.store.schedules.get_owned(schedule.id, schedule.owner)
        if newest is None:
            raise no_such_schedule()
        schedule = newest
    raise ConflictError("The schedule changes too fast; try again.", details={"state": "changing"})
