"""The dispatch of a schedule's run, whoever runs it: the clock, or somebody who does not want to wait."""

from __future__ import annotations

from datetime import datetime

from ccplant_contracts.dispatch import DispatchSource, reuse_target
from ccplant_contracts.ids import new_dispatch_id
from ccplant_contracts.schedule import CreateSchedule
from ccplant_store.dispatches.model import DispatchDoc, new_dispatch, start_of
from ccplant_store.dispatches.slots import SlotStore
from ccplant_store.schedules.model import ScheduleDoc


async def schedule_dispatch(
    slots: SlotStore,
    schedule: ScheduleDoc,
    definition: CreateSchedule,
    *,
    trigger: str,
    run_id: str,
    at: datetime,
    after: str | None = None,
    replace: bool = False,
) -> DispatchDoc:
    """Return the dispatch of a run, with its number in the queue where that is shared; it is not written yet.

    Args:
        slots: gives the number; one that is not used is passed over.
        schedule: whose run it is.
        definition: the schedule's, parsed.
        trigger: unique text of the run.
        run_id: the run's id.
        at: now.
        after: the dispatch of the run that must have ended before.
        replace: whether that one is ended for it.
    """
    target = reuse_target(reuse=definition.reuse_session, session=definition.session_id, key=None)
    dispatch_id = new_dispatch_id()
    number = None
    if target.kind != "new":
        number = await slots.next_number(target.queue(schedule.owner, dispatch_id))
    return new_dispatch(
        owner=schedule.owner,
        source=DispatchSource(kind="schedule", id=schedule.id, name=schedule.name, run_id=run_id),
        trigger=trigger,
        target=target,
        text=definition.message,
        start=start_of(
            name=definition.name,
            repository=definition.repository,
            branch=definition.branch,
            labels=definition.labels,
            mode=definition.mode,
            reuse=definition.reuse_session,
            config=definition.config,
            auto_delete_on_complete=definition.auto_delete_on_complete,
            auto_delete_after_hours=definition.auto_delete_after_hours,
        ),
        at=at,
        number=number,
        dispatch_id=dispatch_id,
        after=after,
        replace=replace,
    )
