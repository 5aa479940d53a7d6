"""When a schedule fires next, at its creation and after a change of its times; pure.

A tick that has come and that no scheduler has decided on yet survives the change: whoever edits a schedule in the moment in
which it fires, or while the scheduler is away, loses no run.
"""

from __future__ import annotations

from datetime import datetime

from ccplant_api.schedules.definition import checked_times
from ccplant_contracts.schedule import CreateSchedule
from ccplant_triggers.ticks import Rule, due_at, first_tick, rule_of

TIME_FIELDS = frozenset({"cron", "timezone", "enabled", "starts_at", "ends_at", "jitter_seconds"})
"""What decides when a schedule fires."""

Times = tuple[datetime | None, datetime | None]
"""The next tick, and when it is due."""


def _rule(schedule_id: str, definition: CreateSchedule) -> Rule:
    return rule_of(schedule_id, definition, checked_times(definition.cron, definition.timezone))


def first_times(schedule_id: str, definition: CreateSchedule, now: datetime) -> Times:
    """Return when a schedule fires first that begins now.

    Raises:
        InvalidRequestError: expression or zone are wrong.
    """
    if not definition.enabled:
        return None, None
    rule = _rule(schedule_id, definition)
    tick = first_tick(rule, now)
    return (None, None) if tick is None else (tick, due_at(rule, tick))


def times_after_change(
    schedule_id: str, definition: CreateSchedule, undecided: datetime | None, now: datetime
) -> Times:
    """Return when a schedule fires next whose times were changed; `undecided` is its next tick so far.

    Raises:
        InvalidRequestError: expression or zone are wrong.
    """
    if not definition.enabled or undecided is None or undecided > now:
        return first_times(schedule_id, definition, now)
    if definition.starts_at is not None and undecided < definition.starts_at:
        return first_times(schedule_id, definition, now)
    if definition.ends_at is not None and undecided > definition.ends_at:
        return first_times(schedule_id, definition, now)
    return undecided, due_at(_rule(schedule_id, definition), undecided)


def differ(one: CreateSchedule, other: CreateSchedule) -> bool:
    """Tell whether two definitions fire at different times."""
    return any(getattr(one, name) != getattr(other, name) for name in TIME_FIELDS)
