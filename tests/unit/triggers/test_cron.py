"""When expressions fire: against a walk through every minute, in zones whose clocks jump (W4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ccplant_triggers.cron import CronError, five_fields, parse

MINUTE = timedelta(minutes=1)


def local(expression: str, zone: str, start: str, count: int = 3) -> list[str]:
    """The next moments in the zone's own time, with offsets."""
    times = parse(expression, zone)
    moment, found = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), []
    for _ in range(count):
        following = times.after(moment)
        assert following is not None
        found.append(following.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
        moment = following
    return found


GAPS = [
    # New York: 02:00 -> 03:00 on 8 March 2026
    (
        "30 2 * * *",
        "America/New_York",
        "2026-03-07T12:00",
        "2026-03-08T03:00-04:00",
        "2026-03-09T02:30-04:00",
    ),
    # London: 01:00 -> 02:00 on 29 March 2026
    ("15 1 * * *", "Europe/London", "2026-03-28T12:00", "2026-03-29T02:00+01:00", "2026-03-30T01:15+01:00"),
    # Lord Howe: 02:00 -> 02:30 on 4 October 2026
    (
        "10 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T12:00",
        "2026-10-04T02:30+11:00",
        "2026-10-05T02:10+11:00",
    ),
    # Sydney: 02:00 -> 03:00 on 4 October 2026
    (
        "30 2 * * *",
        "Australia/Sydney",
        "2026-10-03T12:00",
        "2026-10-04T03:00+11:00",
        "2026-10-05T02:30+11:00",
    ),
    # Sao Paulo: midnight itself did not exist on 4 November 2018
    (
        "0 0 * * *",
        "America/Sao_Paulo",
        "2018-11-03T12:00",
        "2018-11-04T01:00-02:00",
        "2018-11-05T00:00-02:00",
    ),
]


@pytest.mark.parametrize(("expression", "zone", "start", "first", "second"), GAPS)
def test_a_time_that_does_not_exist_fires_once_at_the_end_of_the_gap(
    expression: str, zone: str, start: str, first: str, second: str
) -> None:
    assert local(expression, zone, start, 2) == [first, second]


FOLDS = [
    (
        "30 1 * * *",
        "America/New_York",
        "2026-10-31T12:00",
        "2026-11-01T01:30-04:00",
        "2026-11-02T01:30-05:00",
    ),
    ("30 1 * * *", "Europe/London", "2026-10-24T12:00", "2026-10-25T01:30+01:00", "2026-10-26T01:30+00:00"),
    (
        "45 1 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T12:00",
        "2026-04-05T01:45+11:00",
        "2026-04-06T01:45+10:30",
    ),
    (
        "30 23 * * *",
        "America/Sao_Paulo",
        "2018-02-17T12:00",
        "2018-02-17T23:30-02:00",
        "2018-02-18T23:30-03:00",
    ),
]


@pytest.mark.parametrize(("expression", "zone", "start", "first", "second"), FOLDS)
def test_a_time_that_comes_twice_fires_once_the_first_time(
    expression: str, zone: str, start: str, first: str, second: str
) -> None:
    assert local(expression, zone, start, 2) == [first, second]


def test_each_hour_that_passes_has_its_tick_also_when_the_clock_shows_it_twice() -> None:
    assert local("0 * * * *", "America/New_York", "2026-11-01T00:30", 3) == [
        "2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00", "2026-11-01T02:00-05:00",
    ]  # fmt: skip


def test_tokyo_has_no_summer_time() -> None:
    assert local("0 9 * * mon-fri", "Asia/Tokyo", "2026-03-06T10:00", 2) == [
        "2026-03-09T09:00+09:00", "2026-03-10T09:00+09:00",
    ]  # fmt: skip


ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo"]
MOMENTS = st.integers(
    int(datetime(2017, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
EXPRESSIONS = st.builds(
    "{} {} * * *".format,
    st.sampled_from(["0", "30", "*/15", "5,35", "59"]),
    st.sampled_from(["*", "*/2", "1", "2", "0", "1,2,3", "23"]),
)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, st.sampled_from(ZONES), MOMENTS)
@example("30 2 * * *", "America/New_York", datetime(2026, 3, 8, 6, 59, tzinfo=UTC))
@example("45 1 * * *", "Australia/Lord_Howe", datetime(2026, 4, 4, 14, 50, tzinfo=UTC))
def test_ticks_ascend_and_looking_back_finds_the_same_ones(
    expression: str, zone: str, moment: datetime
) -> None:
    times = parse(expression, zone)
    ticks = []
    for tick in times.walk(moment):
        ticks.append(tick)
        if len(ticks) == 6:
            break
    assert ticks == sorted(set(ticks))
    assert ticks[0] > moment
    assert times.after(moment) == ticks[0]
    for tick, following in pairwise(ticks):
        assert times.until(tick) == tick
        assert times.until(following - timedelta(seconds=1)) == tick
        assert times.after(tick) == following


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, st.sampled_from(["UTC", "Asia/Tokyo"]), MOMENTS)
def test_where_clocks_never_jump_a_walk_through_the_minutes_finds_the_same(
    expression: str, zone: str, moment: datetime
) -> None:
    minutes, hours = expression.split()[:2]

    def matches(value: int, field: str) -> bool:
        if field == "*":
            return True
        if field.startswith("*/"):
            return value % int(field[2:]) == 0
        return value in {int(part) for part in field.split(",")}

    walked = moment.replace(second=0, microsecond=0)
    while True:
        walked += MINUTE
        there = walked.astimezone(ZoneInfo(zone))
        if matches(there.minute, minutes) and matches(there.hour, hours):
            break
    assert parse(expression, zone).after(moment) == walked


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 * * * *", "6 fields"),
        ("0 0 0 * * * 2026", "7 fields"),
        ("* * * *", "needs five"),
        ("", "needs five"),
        ("@reboot", "@daily"),
        ("61 * * * *", "minute"),
        ("0 0 30 2 *", "day of the month"),
        ("0 0 * * someday", "day of the week"),
        ("rm -rf / now ok", "for example"),
    ],
)
def test_a_wrong_expression_is_told_what_is_wrong(expression: str, words: str) -> None:
    with pytest.raises(CronError) as refused:
        parse(expression)
    assert refused.value.field == "cron"
    assert words in refused.value.message


@pytest.mark.parametrize(
    "zone", ["Tokyo", "Asia/Nowhere", "../../etc/passwd", "", "UTC\x00", "/etc/localtime", "+09:00"]
)
def test_an_unknown_zone_is_refused_and_no_file_of_that_name_is_opened(zone: str) -> None:
    with pytest.raises(CronError) as refused:
        parse("@daily", zone)
    assert refused.value.field == "timezone"


def test_names_and_blanks_come_to_five_fields() -> None:
    assert five_fields(" @Daily ") == "0 0 * * *"
    assert five_fields("0\t9  * * mon") == "0 9 * * mon"


FIXED_TIMES = st.builds(
    "{} {} * * *".format,
    st.sampled_from(["0", "10", "30", "45", "5,35", "59"]),
    st.sampled_from(["0", "1", "2", "3", "1,2,3", "23"]),
)
JUMPS = [
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("Europe/London", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/London", datetime(2026, 10, 25, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Australia/Sydney", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Australia/Sydney", datetime(2026, 4, 4, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 17, tzinfo=UTC)),
]


def walked(expression: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Fire as the rule says it, by looking at each minute that passes and at the minutes that its clock skips."""
    minutes, hours = ({int(part) for part in field.split(",")} for field in expression.split()[:2])
    there = ZoneInfo(zone)
    fired, seen = [], set()
    moment, before = start, start.astimezone(there).replace(tzinfo=None) - MINUTE
    while moment <= end:
        wall = moment.astimezone(there).replace(tzinfo=None)
        skipped = before + MINUTE
        shown = [wall]
        while skipped < wall:
            shown.append(skipped)
            skipped += MINUTE
        fresh = [each for each in shown if each not in seen]
        seen.update(shown)
        if any(each.minute in minutes and each.hour in hours for each in fresh):
            fired.append(moment)
        moment, before = moment + MINUTE, max(before, wall)
    return fired


@settings(max_examples=60, deadline=None)
@given(FIXED_TIMES, st.sampled_from(JUMPS), st.integers(0, 600))
def test_where_clocks_jump_a_walk_through_the_minutes_finds_the_same(
    expression: str, jump: tuple[str, datetime], earlier: int
) -> None:
    zone, day = jump
    start, end = day - timedelta(minutes=1_200 + earlier), day + timedelta(days=2)
    found = []
    for tick in parse(expression, zone).walk(start - MINUTE):
        if tick > end:
            break
        found.append(tick)
    assert found == walked(expression, zone, start, end)


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        EXPRESSIONS, FIXED_TIMES, st.sampled_from(["0 */6 1-7 * mon", "30 2 L 3,10 *", "15 1 * * sun#2"])
    ),
    st.sampled_from(JUMPS),
    st.integers(0, 20_000),
    st.integers(0, 30_000),
)
def test_counting_by_days_finds_as_many_as_a_walk_through_all(
    expression: str, jump: tuple[str, datetime], before: int, after: int
) -> None:
    zone, day = jump
    times = parse(expression, zone)
    first, last = day - before * MINUTE, day + after * MINUTE
    found = 0
    for tick in times.walk(first - MINUTE):
        if tick > last:
            break
        found += tick >= first
    assert times.count(first, last) == found
