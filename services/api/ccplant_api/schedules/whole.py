"""A schedule in full: with its last run, its next ones, and what its owner should know."""

from __future__ import annotations

from ccplant_api.gateway import Gateway
from ccplant_api.schedules import views
from ccplant_api.schedules.definition import checked_times
from ccplant_api.schedules.joining import shown_runs
from ccplant_api.schedules.outlook import SHOWN_RUNS, upcoming, warnings
from ccplant_contracts.schedule import ScheduleResource
from ccplant_store.schedules.model import ScheduleDoc


async def whole(gateway: Gateway, schedule: ScheduleDoc) -> ScheduleResource:
    """Return a schedule as its owner sees it."""
    now = gateway.clock.now()
    definition = schedule.parsed()
    times = checked_times(definition.cron, definition.timezone)
    last = schedule.last_run_id
    runs = await gateway.store.schedules.many_runs([last]) if last is not None else {}
    shown = await shown_runs(gateway, schedule.owner, list(runs.values()))
    next_runs = (
        upcoming(
            times,
            after=now,
            count=SHOWN_RUNS,
            starts_at=definition.starts_at,
            ends_at=definition.ends_at,
        )
        if definition.enabled
        else ()
    )
    return views.schedule(
        schedule,
        shown[0] if shown else None,
        next_runs=next_runs,
        warnings=warnings(definition, times, now),
    )
