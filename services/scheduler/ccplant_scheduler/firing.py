"""One tick of one schedule: decided, and written at once (W4).

The decision is pure (`ccplant_triggers.ticks`); what it needs is read before, and all that follows from it is one
transaction on the schedule's `fire_version`. So of any number of schedulers one fires a tick, and one that dies has
fired it or has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog
from pydantic import ValidationError

from ccplant_contracts.base import rfc3339
from ccplant_contracts.ids import new_run_id
from ccplant_contracts.schedule import CreateSchedule
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.events.model import NewEvent
from ccplant_store.schedules.dispatching import schedule_dispatch
from ccplant_store.schedules.model import RunDoc, ScheduleDoc, run_key
from ccplant_triggers.cron import CronError, parse
from ccplant_triggers.ticks import Missed, Plan, Rule, due_at, first_tick, plan, rule_of

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What one look at a schedule wrote."""

    queue: str | None
    """The queue in which its dispatch stands; None: nothing was started."""


class Passed(Enum):
    """Why a look at a schedule wrote no tick."""

    LOST = auto()
    """Somebody was faster, another scheduler or its owner: it is not as it was seen any more."""
    NOT_DUE = auto()


class NotUnderstoodError(Exception):
    """A schedule's definition means nothing to this scheduler, an older one or one without its zone, say."""


class Firing:
    """Fires ticks."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def fire(self, schedule: ScheduleDoc) -> Written | Passed:
        """Decide on a schedule's ticks that are due and write it.

        Raises:
            NotUnderstoodError: this scheduler cannot tell when it fires; its times stay for one that can.
        """
        if schedule.next_tick_at is None:
            return Passed.NOT_DUE
        rule = _rule(schedule)
        now = self._clock.now()
        found = plan(rule[0], schedule.next_tick_at, now)
        if found is None:
            await self._correct(schedule, due_at(rule[0], schedule.next_tick_at), now)
            return Passed.NOT_DUE
        return await self._write(schedule, rule[1], rule[0], found, now)

    async def begin_anew(self, schedule: ScheduleDoc) -> None:
        """Put the next time of a schedule that was decided on by a clock which has been set back since.

        Raises:
            NotUnderstoodError: as above.
        """
        rule = _rule(schedule)
        tick = first_tick(rule[0], self._clock.now())
        if await self._store.schedules.begin_anew(
            schedule, tick, None if tick is None else due_at(rule[0], tick)
        ):
            _log.warning("clock_was_ahead", schedule_id=schedule.id, last_tick=str(schedule.last_tick_at))

    async def _correct(self, schedule: ScheduleDoc, due: datetime, now: datetime) -> None:
        """Put right when a schedule is due that was found as due and is not, or each look would find it again."""
        if due > now and schedule.next_fire_at is not None and schedule.next_fire_at != due:
            await self._store.schedules.begin_anew(schedule, schedule.next_tick_at, due)

    async def _write(
        self, schedule: ScheduleDoc, definition: CreateSchedule, rule: Rule, found: Plan, now: datetime
    ) -> Written | Passed:
        runs: list[RunDoc] = []
        events: list[NewEvent] = []
        if found.missed is not None:
            runs.append(_missed_run(schedule, found.missed, rule, now))
            events.append(NewEvent("schedule.missed", _missed_data(found.missed)))
        dispatch = None
        if found.fire is not None:
            run_id = new_run_id()
            over = await self._store.run_standing.is_over(schedule.last_dispatch_id)
            if over or definition.overlap != "skip":
                dispatch = await self._dispatch(schedule, definition, found.fire, run_id, now, over=over)
            else:
                events.append(NewEvent("schedule.skipped", {"tick_at": rfc3339(found.fire)}))
            due = due_at(rule, found.fire)
            runs.append(_run(schedule, found.fire, due, now, run_id=run_id, dispatch=dispatch))
        written = await self._store.schedules.fire(
            schedule,
            last_tick=found.last_tick,
            next_tick=found.next_tick,
            next_fire=None if found.next_tick is None else due_at(rule, found.next_tick),
            runs=runs,
            dispatch=dispatch,
            events=events,
        )
        if not written:
            return Passed.LOST
        fault_point("sched.tick.written")
        _log.info(
            "tick",
            schedule_id=schedule.id,
            tick=str(found.last_tick),
            outcome=runs[-1].outcome if runs else None,
            missed=0 if found.missed is None else found.missed.count,
        )
        return Written(None if dispatch is None else dispatch.queue)

    async def _dispatch(
        self,
        schedule: ScheduleDoc,
        definition: CreateSchedule,
        tick: datetime,
        run_id: str,
        now: datetime,
        *,
        over: bool,
    ) -> DispatchDoc:
        waits = not over and definition.overlap in ("queue", "replace")
        dispatch = await schedule_dispatch(
            self._store.slots,
            schedule,
            definition,
            trigger=f"tick:{run_key(schedule.id, tick)}",
            run_id=run_id,
            at=now,
            after=schedule.last_dispatch_id if waits else None,
            replace=waits and definition.overlap == "replace",
        )
        fault_point("sched.dispatch.numbered")
        return dispatch


def _rule(schedule: ScheduleDoc) -> tuple[Rule, CreateSchedule]:
    try:
        definition = schedule.parsed()
        times = parse(definition.cron, definition.timezone)
    except CronError as error:
        raise NotUnderstoodError(error.message) from error
    except ValidationError as error:
        raise NotUnderstoodError(f"{error.error_count()} fields are wrong") from error
    return rule_of(schedule.id, definition, times), definition


def _run(
    schedule: ScheduleDoc,
    tick: datetime,
    due: datetime,
    now: datetime,
    *,
    run_id: str,
    dispatch: DispatchDoc | None,
) -> RunDoc:
    """Return the run of a tick; without a dispatch it was skipped, since the run before had not ended."""
    return RunDoc(
        id=run_id,
        schedule_id=schedule.id,
        owner=schedule.owner,
        trigger="tick",
        key=run_key(schedule.id, tick),
        tick_at=tick,
        due_at=due,
        fired_at=now,
        outcome="skipped" if dispatch is None else "handed",
        reason="overlap" if dispatch is None else None,
        dispatch_id=None if dispatch is None else dispatch.id,
        created_at=now,
    )


def _missed_run(schedule: ScheduleDoc, missed: Missed, rule: Rule, now: datetime) -> RunDoc:
    return RunDoc(
        id=new_run_id(),
        schedule_id=schedule.id,
        owner=schedule.owner,
        trigger="tick",
        tick_at=missed.first,
        due_at=due_at(rule, missed.first),
        missed_until=missed.last,
        missed_count=missed.count,
        outcome="missed",
        # just before the run of the same look, so that lists show both in their order
        created_at=now - timedelta(milliseconds=1),
    )


def _missed_data(missed: Missed) -> dict[str, object]:
    return {"from": rfc3339(missed.first), "to": rfc3339(missed.last), "count": missed.count}
