"""What a schedule does when somebody looks at the clock, however late, and whatever the clock does (W4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccplant_triggers.cron import parse
from ccplant_triggers.ticks import Missed, Rule, due_at, first_tick, plan

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def rule(expression: str = "*/10 * * * *", **fields: Any) -> Rule:
    return Rule("sched-1", parse(expression), **{"catch_up": HOUR, **fields})


def test_a_tick_fires_when_it_is_due_and_the_next_one_follows() -> None:
    assert plan(rule(), NOON, NOON - timedelta(milliseconds=1)) is None
    found = plan(rule(), NOON, NOON)
    assert found is not None
    assert (found.fire, found.missed, found.next_tick) == (NOON, None, NOON + 10 * MINUTE)


def test_after_an_outage_the_newest_tick_runs_and_the_others_are_one_missed_record() -> None:
    found = plan(rule(), NOON, NOON + HOUR)
    assert found is not None
    assert found.fire == NOON + HOUR
    assert found.missed == Missed(NOON, NOON + 50 * MINUTE, 6)
    assert found.next_tick == NOON + 70 * MINUTE


def test_what_is_too_late_for_its_window_does_not_run() -> None:
    daily = rule("0 12 * * *")
    found = plan(daily, NOON, NOON + HOUR + timedelta(seconds=1))
    assert found is not None
    assert found.fire is None
    assert found.missed == Missed(NOON, NOON, 1)
    on_time = plan(daily, NOON, NOON + HOUR)
    assert on_time is not None
    assert on_time.fire == NOON


def test_without_a_window_a_service_may_still_be_started_again() -> None:
    found = plan(rule(catch_up=timedelta(0)), NOON, NOON + timedelta(seconds=20))
    assert found is not None
    assert found.fire == NOON


def test_years_of_outage_are_counted_to_the_minute() -> None:
    found = plan(rule("* * * * *"), NOON, NOON + timedelta(days=2_000))
    assert found is not None
    assert found.missed is not None
    assert found.missed.count == 2_000 * 24 * 60
    assert found.missed.last == NOON + timedelta(days=2_000) - MINUTE
    assert found.fire == NOON + timedelta(days=2_000)


def test_a_schedule_keeps_to_its_dates() -> None:
    bounded = rule(starts_at=NOON + HOUR, ends_at=NOON + HOUR + 10 * MINUTE)
    assert first_tick(bounded, NOON) == NOON + HOUR
    found = plan(bounded, NOON + HOUR, NOON + 10 * HOUR)
    assert found is not None
    assert (found.last_tick, found.next_tick) == (NOON + HOUR + 10 * MINUTE, None)
    assert first_tick(rule(ends_at=NOON), NOON) is None


def test_a_clock_that_is_set_back_fires_nothing_again() -> None:
    found = plan(rule(), NOON, NOON)
    assert found is not None
    assert found.next_tick is not None
    assert plan(rule(), found.next_tick, NOON - HOUR) is None


@given(st.integers(0, 10_000), st.integers(0, 3_600))
def test_jitter_is_the_same_for_the_same_tick_and_ends_before_the_next_one(number: int, jitter: int) -> None:
    shaken = rule(jitter=timedelta(seconds=jitter))
    tick = NOON + number * 10 * MINUTE
    due = due_at(shaken, tick)
    assert due == due_at(shaken, tick)
    assert tick <= due <= tick + timedelta(seconds=jitter)
    assert due < tick + 10 * MINUTE


LOOKS = st.lists(st.integers(1, 4_000), min_size=1, max_size=40)


@settings(deadline=None)
@given(LOOKS, st.sampled_from([0, 45, 3_600]), st.sampled_from([0, 600, 604_800]))
def test_every_tick_has_exactly_one_outcome_however_late_the_looks_are(
    looks: list[int], jitter: int, window: int
) -> None:
    shaken = rule("*/7 * * * *", jitter=timedelta(seconds=jitter), catch_up=timedelta(seconds=window))
    start = first_tick(shaken, NOON)
    assert start is not None
    next_tick: datetime | None = start
    now, outcomes = NOON, []
    for seconds in looks:
        now += timedelta(seconds=seconds)
        assert next_tick is not None
        found = plan(shaken, next_tick, now)
        if found is None:
            continue
        if found.missed is not None:
            missed = [found.missed.first]
            while missed[-1] < found.missed.last:
                following = shaken.times.after(missed[-1])
                assert following is not None
                missed.append(following)
            assert len(missed) == found.missed.count
            outcomes += missed
        if found.fire is not None:
            assert due_at(shaken, found.fire) <= now
            outcomes.append(found.fire)
        next_tick = found.next_tick
    expected = []
    for tick in shaken.times.walk(start - timedelta(seconds=1)):
        if due_at(shaken, tick) > now:
            break
        expected.append(tick)
    assert outcomes == expected
