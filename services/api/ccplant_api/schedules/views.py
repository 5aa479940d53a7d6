"""From the documents of schedules and runs to what clients see: pure, and masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ccplant_api.schedules.fate import Fate
from ccplant_api.triggers.words import Words, words_of
from ccplant_contracts.dispatch import DispatchResource
from ccplant_contracts.schedule import CreateSchedule, PreviewedRun, RunResource, ScheduleResource
from ccplant_contracts.session import Mode, seconds_between
from ccplant_store.schedules.model import RunDoc, ScheduleDoc


def schedule(
    doc: ScheduleDoc,
    last_run: RunResource | None,
    *,
    next_runs: Sequence[datetime] = (),
    warnings: Sequence[Words] = (),
) -> ScheduleResource:
    """Return a schedule, its configuration masked."""
    definition = doc.parsed()
    shown = {name: getattr(definition, name) for name in CreateSchedule.model_fields}
    mode = definition.mode or (Mode.INTERACTIVE if definition.reuse_session else Mode.TASK)
    return ScheduleResource(
        **{**shown, "mode": mode, "config": definition.config.masked()},
        schedule_id=doc.id,
        owner=doc.owner,
        created_at=doc.created_at,
        updated_at=doc.updated_at,
        next_run_at=doc.next_fire_at,
        next_runs=tuple(next_runs),
        last_run=last_run,
        warnings=tuple(warnings),
        version=doc.version,
    )


def run(doc: RunDoc, dispatch: DispatchResource | None, fate: Fate) -> RunResource:
    """Return a run; `fate` is that of one that was handed on."""
    if doc.outcome == "handed":
        outcome, reason, words = fate.outcome, fate.reason, fate.words
    else:
        outcome, reason = doc.outcome, doc.reason
        words = words_of("run_missed" if outcome == "missed" else f"run_{reason}")
    return RunResource(
        run_id=doc.id,
        schedule_id=doc.schedule_id,
        trigger=doc.trigger,
        tick_at=doc.tick_at,
        missed_until=doc.missed_until,
        missed_count=doc.missed_count,
        fired_at=doc.fired_at,
        late_seconds=seconds_between(doc.due_at, doc.fired_at),
        outcome=outcome,
        reason=reason,
        reason_message=words,
        waiting_for=None if dispatch is None else dispatch.waiting_for,
        dispatch_id=doc.dispatch_id,
        session_id=None if dispatch is None else dispatch.session_id,
        prompt_id=None if dispatch is None else dispatch.prompt_id,
        started_at=fate.started_at,
        ended_at=fate.ended_at,
        duration_seconds=seconds_between(fate.started_at, fate.ended_at),
    )


def previewed(moment: datetime, zone: str) -> PreviewedRun:
    """Return a fire time in UTC and as the clocks of its zone show it."""
    return PreviewedRun(at=moment, local=moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"))
