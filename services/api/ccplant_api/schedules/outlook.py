"""When a schedule will run, and whether it can do what it is meant to; pure.

A session that is to be reused and always ends before the next run is not reused: nobody finds that out from a schedule that
works, only from the bill. So it is said at creation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from ccplant_api.triggers.words import Words, words_of
from ccplant_contracts.schedule import CreateSchedule
from ccplant_contracts.sentences import Text
from ccplant_triggers.cron import FireTimes

SHOWN_RUNS = 5
_LOOKED_AT = 50
"""Runs whose intervals are looked at; an expression's pattern shows within a few weeks."""


def upcoming(
    times: FireTimes,
    *,
    after: datetime,
    count: int,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> tuple[datetime, ...]:
    """Return the next runs within the schedule's dates, without jitter."""
    moment = after
    if starts_at is not None and starts_at > after:
        moment = starts_at - timedelta(microseconds=1)
    found: list[datetime] = []
    while len(found) < count:
        following = times.after(moment)
        if following is None or (ends_at is not None and following > ends_at):
            break
        found.append(following)
        moment = following
    return tuple(found)


def warnings(definition: CreateSchedule, times: FireTimes, now: datetime) -> tuple[Words, ...]:
    """Return what its owner should know."""
    found: list[Words | None] = []
    runs = upcoming(
        times, after=now, count=_LOOKED_AT, starts_at=definition.starts_at, ends_at=definition.ends_at
    )
    if not runs:
        found.append(words_of("never_runs"))
    minutes = definition.config.timeout_minutes
    interval = shortest_interval(runs)
    if (
        definition.reuse_session
        and minutes
        and interval is not None
        and timedelta(minutes=minutes) <= interval
    ):
        found.append(
            words_of("reuse_ends_before_next_run", {"minutes": minutes, "interval": interval_words(interval)})
        )
    return tuple(words for words in found if words is not None)


def shortest_interval(runs: Sequence[datetime]) -> timedelta | None:
    """Return the shortest time between two runs; None: there are no two."""
    return min((later - earlier for earlier, later in pairwise(runs)), default=None)


def interval_words(interval: timedelta) -> Text:
    """Return a length of time for people, in the largest unit that divides it."""
    minutes = round(interval.total_seconds() / 60)
    for size, ja, en in ((1_440, "日", "d"), (60, "時間", "h")):
        if minutes and minutes % size == 0:
            return Text(ja=f"{minutes // size} {ja}", en=f"{minutes // size} {en}")
    return Text(ja=f"{minutes} 分", en=f"{minutes} min")
