"""When a schedule fires after its creation and after a change, and what its owner is warned of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_api.schedules.outlook import interval_words, shortest_interval, upcoming, warnings
from ccplant_api.schedules.times import differ, first_times, times_after_change
from ccplant_api.schedules.views import previewed
from ccplant_contracts.schedule import CreateSchedule
from ccplant_triggers.cron import parse

NOW = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
SCHEDULE = "sched-1"


def definition(cron: str = "*/10 * * * *", **fields: Any) -> CreateSchedule:
    return CreateSchedule.model_validate({"name": "n", "cron": cron, "message": "m", **fields})


def test_a_new_schedule_begins_with_the_first_tick_after_now() -> None:
    assert first_times(SCHEDULE, definition(), NOW) == (NOW.replace(minute=10, second=0),) * 2
    assert first_times(SCHEDULE, definition(enabled=False), NOW) == (None, None)
    assert first_times(SCHEDULE, definition(ends_at="2026-06-01T12:05:00Z"), NOW) == (None, None)
    later = definition(starts_at="2026-06-02T00:00:00Z")
    assert first_times(SCHEDULE, later, NOW)[0] == datetime(2026, 6, 2, tzinfo=UTC), "starts_at itself counts"
    tick, due = first_times(SCHEDULE, definition(jitter_seconds=60), NOW)
    assert tick is not None
    assert due is not None
    assert tick <= due <= tick + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("changed", "undecided", "expected"),
    [
        # what has come and was not decided on yet survives
        (definition("0 0 * * *"), NOW - timedelta(seconds=30), NOW - timedelta(seconds=30)),
        (definition("0 0 * * *"), NOW - timedelta(hours=2), NOW - timedelta(hours=2)),
        # unless it is not wanted any more
        (definition("0 0 * * *", enabled=False), NOW - timedelta(seconds=30), None),
        (definition("0 0 * * *", starts_at=NOW.isoformat()), NOW - timedelta(seconds=30), datetime(2026, 6, 2, tzinfo=UTC)),
        (definition("0 0 * * *", ends_at="2026-05-31T00:00:00Z"), NOW - timedelta(seconds=30), None),
        # what is still to come goes by the new times
        (definition("0 0 * * *"), NOW + timedelta(seconds=30), datetime(2026, 6, 2, tzinfo=UTC)),
        (definition("0 0 * * *"), None, datetime(2026, 6, 2, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_change_of_the_times_loses_no_tick_that_has_come(
    changed: CreateSchedule, undecided: datetime | None, expected: datetime | None
) -> None:
    assert times_after_change(SCHEDULE, changed, undecided, NOW)[0] == expected


@given(st.integers(min_value=-86_400, max_value=86_400), st.integers(min_value=0, max_value=3_600))
def test_whatever_is_changed_the_next_tick_is_undecided_and_due_after_it(offset: int, jitter: int) -> None:
    undecided = NOW + timedelta(seconds=offset)
    tick, due = times_after_change(SCHEDULE, definition(jitter_seconds=jitter), undecided, NOW)
    assert tick is not None
    assert due is not None
    assert tick > NOW or tick == undecided
    assert timedelta(0) <= due - tick <= timedelta(seconds=jitter)


@pytest.mark.parametrize(
    ("fields", "moves"),
    [
        ({"message": "x"}, False),
        ({"overlap": "allow"}, False),
        ({"config": {"timeout_minutes": 5}}, False),
        ({"timezone": "Asia/Tokyo"}, True),
        ({"enabled": False}, True),
        ({"jitter_seconds": 1}, True),
        ({"ends_at": "2030-01-01T00:00:00Z"}, True),
    ],
)
def test_only_what_decides_when_it_fires_moves_its_times(fields: dict[str, Any], moves: bool) -> None:
    assert differ(definition(), definition(**fields)) is moves


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"reuse_session": True, "config": {"timeout_minutes": 10}}, 1),
        ({"reuse_session": True, "config": {"timeout_minutes": 11}}, 0),
        ({"reuse_session": True, "config": {"timeout_minutes": 0}}, 0),
        ({"reuse_session": False, "config": {"timeout_minutes": 5}}, 0),
        ({"ends_at": "2026-06-01T12:05:00Z"}, 1),
        ({"reuse_session": True, "config": {"timeout_minutes": 5}, "ends_at": "2026-06-01T12:15:00Z"}, 0),
    ],
)
def test_its_owner_is_warned_of_what_it_cannot_do(fields: dict[str, Any], codes: int) -> None:
    wanted = definition(**fields)
    found = warnings(wanted, parse(wanted.cron, wanted.timezone), NOW)
    assert len(found) == codes
    assert all(words["ja"] and words["en"] for words in found)


def test_the_shortest_interval_counts_where_they_differ() -> None:
    wanted = definition("0 9,10 * * 1-5", reuse_session=True, config={"timeout_minutes": 60})
    runs = upcoming(parse(wanted.cron), after=NOW, count=50)
    assert shortest_interval(runs) == timedelta(hours=1)
    (words,) = warnings(wanted, parse(wanted.cron), NOW)
    assert "(1 h)" in words["en"]
    assert shortest_interval(runs[:1]) is None


@pytest.mark.parametrize(
    ("minutes", "ja", "en"), [(5, "5 分", "5 min"), (60, "1 時間", "1 h"), (90, "90 分", "90 min"), (2_880, "2 日", "2 d")]
)  # fmt: skip
def test_an_interval_is_told_in_the_unit_that_divides_it(minutes: int, ja: str, en: str) -> None:
    words = interval_words(timedelta(minutes=minutes))
    assert (words.ja, words.en) == (ja, en)


def test_a_preview_shows_the_offset_of_that_day() -> None:
    assert (
        previewed(datetime(2026, 12, 31, 15, tzinfo=UTC), "Asia/Tokyo").local == "2027-01-01T00:00:00+09:00"
    )


def test_a_start_at_the_edge_of_the_calendar_is_a_start_long_ago() -> None:
    times = parse("*/10 * * * *")
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert upcoming(times, after=NOW, count=1, starts_at=first) == (NOW.replace(minute=10, second=0),)
