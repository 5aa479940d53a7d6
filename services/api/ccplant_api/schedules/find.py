"""The caller's schedule, or the same 404 whether it is another's or nobody's."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_api.triggers.ids import checked_id, not_found
from ccplant_contracts.errors import NotFoundError
from ccplant_store.schedules.model import ScheduleDoc

ScheduleIdPath = Annotated[str, Path(description="The schedule's id.", examples=["sched-0123456789abcdef"])]
_THING = "schedule"


def no_such_schedule() -> NotFoundError:
    """Return the one answer for what is not there and what is another's."""
    return not_found(_THING)


def checked_schedule_id(text: str) -> str:
    """Return the id where it can be one at all.

    Raises:
        NotFoundError: no schedule is called so.
    """
    return checked_id(text, "sched", _THING)


async def owned(schedule_id: ScheduleIdPath, caller: CallerDep, gateway: GatewayDep) -> ScheduleDoc:
    """Return the caller's schedule.

    Raises:
        NotFoundError: there is none of this id, or it is another's.
    """
    schedule = await gateway.store.schedules.get_owned(checked_schedule_id(schedule_id), caller.user_id)
    if schedule is None:
        raise no_such_schedule()
    return schedule


ScheduleDep = Annotated[ScheduleDoc, Depends(owned)]
"""The schedule that the path names, of this caller."""
