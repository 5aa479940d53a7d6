"""What a schedule does when somebody looks at the clock: pure.

A *tick* is a moment of the expression; it is due a little later where there is jitter, always by the same amount. Whoever
looks decides on all ticks that have come due since the last look: the newest one fires if it is not too late for it, the
others were missed. Ticks follow each other on the calendar and not on the clock of whoever looks: a clock that is set
back fires nothing again, and one that is set forward misses what it jumped over.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from ccplant_contracts.schedule import CreateSchedule
from ccplant_triggers.cron import FireTimes

ON_TIME = timedelta(seconds=30)
"""So late a tick still is no missed one: services are started again, and machines are busy."""
FAR_AHEAD = timedelta(hours=1)
"""A last tick so far in the future was decided on by a clock that has been set back since."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a schedule the decision needs."""

    schedule_id: str
    times: FireTimes
    catch_up: timedelta
    jitter: timedelta = timedelta(0)
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def rule_of(schedule_id: str, definition: CreateSchedule, times: FireTimes) -> Rule:
    """Return what of a definition decides when it fires."""
    return Rule(
        schedule_id=schedule_id,
        times=times,
        catch_up=timedelta(seconds=definition.catch_up_seconds),
        jitter=timedelta(seconds=definition.jitter_seconds),
        starts_at=definition.starts_at,
        ends_at=definition.ends_at,
    )


@dataclass(frozen=True, slots=True)
class Missed:
    """Ticks that nobody was there for."""

    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written now."""

    fire: datetime | None
    """The tick that runs."""
    missed: Missed | None
    last_tick: datetime
    """The newest one that was decided on."""
    next_tick: datetime | None
    """None: it never fires again."""


def first_tick(rule: Rule, now: datetime) -> datetime | None:
    """Return the first tick of a schedule that begins, or begins anew, now."""
    moment = now
    if rule.starts_at is not None and rule.starts_at > now:
        moment = rule.starts_at - timedelta(microseconds=1)
    return _after(rule, moment)


def due_at(rule: Rule, tick: datetime) -> datetime:
    """Return when a tick is due: later by a share of the jitter that depends on the tick alone, before the next tick."""
    span = rule.jitter
    if not span:
        return tick
    following = rule.times.after(tick)
    if following is not None:
        span = min(span, following - tick)
    key = f"{rule.schedule_id} {tick.isoformat()}".encode()
    share = int.from_bytes(hashlib.sha256(key).digest()[:8]) / 2**64
    return tick + timedelta(milliseconds=int(share * span / timedelta(milliseconds=1)))


def plan(rule: Rule, next_tick: datetime, now: datetime) -> Plan | None:
    """Decide on all ticks that are due; None: none is.

    Args:
        rule: the schedule's.
        next_tick: the first one that was not decided on yet.
        now: the time of whoever looks.
    """
    if due_at(rule, next_tick) > now:
        return None
    newest = _newest(rule, next_tick, now)
    runs = now - due_at(rule, newest) <= max(rule.catch_up, ON_TIME)
    return Plan(
        fire=newest if runs else None,
        missed=_missed(rule, next_tick, newest, newest_runs=runs),
        last_tick=newest,
        next_tick=_after(rule, newest),
    )


def _newest(rule: Rule, next_tick: datetime, now: datetime) -> datetime:
    """Return the newest tick that is due, `next_tick` or a later one."""
    newest = rule.times.until(now if rule.ends_at is None else min(now, rule.ends_at))
    # of ticks that have come the newest one alone may be waiting for its jitter, which ends before the next one
    if newest is not None and due_at(rule, newest) > now:
        newest = rule.times.until(newest - timedelta(microseconds=1))
    return next_tick if newest is None or newest < next_tick else newest


def _missed(rule: Rule, first: datetime, newest: datetime, *, newest_runs: bool) -> Missed | None:
    # the newest one that there is before a moment, where the newest of all runs
    last = rule.times.until(newest - timedelta(microseconds=1)) if newest_runs else newest
    if last is None or last < first:
        # a first tick that is none of the expression, since that was changed, is missed like any other
        return Missed(first, first, 1) if first < newest else None
    extra = 0 if rule.times.until(first) == first else 1
    return Missed(first, last, rule.times.count(first, last) + extra)


def _after(rule: Rule, moment: datetime) -> datetime | None:
    following = rule.times.after(moment)
    if following is not None and rule.ends_at is not None and following > rule.ends_at:
        return None
    return following
