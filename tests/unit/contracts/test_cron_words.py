"""What a cron expression says in words is what the scheduler takes it for."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.cron import read
from ccplant_contracts.cron_words import describe

WORDS = [
    ("0 3 * * *", "毎日 03:00", "At 03:00, every day"),
    ("0 9,18 * * *", "毎日 09:00、18:00", "At 09:00 and 18:00, every day"),
    ("* * * * *", "毎分", "Every minute"),
    ("*/15 * * * *", "15 分ごと", "Every 15 minutes"),
    ("7 * * * *", "毎時 7 分", "Every hour, at minute 7"),
    ("0 */6 * * *", "6 時間ごと", "Every 6 hours"),
    ("30 */6 * * *", "6 時間ごと (30 分)", "Every 6 hours, at minute 30"),
    (
        "0 9-17 * * 1-5",
        "毎週月曜日から金曜日 09:00 から 17:00 まで 1 時間ごと",
        "Every hour from 09:00 to 17:00, Monday to Friday",
    ),
    (
        "*/10 9-17 * * *",
        "毎日 09:00 から 17:59 まで 10 分ごと",
        "Every 10 minutes from 09:00 to 17:59, every day",
    ),
    ("30 9 * * mon-fri", "毎週月曜日から金曜日 09:30", "At 09:30, Monday to Friday"),
    ("0 0 * * sat,7", "毎週土曜日、日曜日 00:00", "At 00:00, on Saturday and Sunday"),
    ("0 0 1 * *", "毎月 1 日 00:00", "At 00:00, on day 1 of every month"),
    ("0 0 1-7 mar-may *", "3 月から 5 月の 1 日から 7 日 00:00", "At 00:00, on days 1 to 7 in March to May"),
    ("0 12 L * *", "毎月の最終日 12:00", "At 12:00, on the last day of every month"),
    ("0 9 * * mon#1", "毎月の第 1 月曜日 09:00", "At 09:00, on the first Monday of every month"),
    ("0 9 * 6 5L", "6 月の最終金曜日 09:00", "At 09:00, on the last Friday in June"),
    ("0 3 * 1 *", "1 月の毎日 03:00", "At 03:00, every day in January"),
    # cron takes either day where neither begins with a star, and both where one does
    ("0 0 13 * 5", "毎月 13 日と金曜日 00:00", "At 00:00, on day 13 and on Friday of every month"),
    (
        "0 0 */10 * 1",
        "毎月 1 日から 31 日まで 10 日ごとのうち月曜日 00:00",
        "At 00:00, on every 10th day from day 1 to 31 of every month, where that is Monday",
    ),
    ("0 0 13 * 0-6", "毎日 00:00", "At 00:00, every day"),
    ("@hourly", "毎時 0 分", "Every hour, at minute 0"),
    ("@Daily", "毎日 00:00", "At 00:00, every day"),
    ("@weekly", "毎週日曜日 00:00", "At 00:00, on Sunday"),
    ("@monthly", "毎月 1 日 00:00", "At 00:00, on day 1 of every month"),
    ("@yearly", "毎年 1 月 1 日 00:00", "At 00:00, on 1 January"),
]


@pytest.mark.parametrize(("expression", "japanese", "english"), WORDS)
def test_an_expression_is_told_as_a_person_would_say_it(expression: str, japanese: str, english: str) -> None:
    words = describe(expression)
    assert words is not None
    assert (words.ja, words.en) == (japanese, english)


@pytest.mark.parametrize(
    "expression", ["", "nonsense", "0 3 * *", "0 0 3 * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", "@never",
                   "0 0 * * 1,2#1", "٣ * * * *", "0 0 1-2-3 * *", "-1 * * * *", "0 0 L,1 * *", "*/ * * * *"],
)  # fmt: skip
def test_of_what_is_no_expression_nothing_is_said(expression: str) -> None:
    assert describe(expression) is None


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    values = st.integers(low, high)
    ranges = st.tuples(values, values).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(st.one_of(st.just("*"), ranges, values.map(str)), st.integers(1, 20)).map(
        lambda pair: f"{pair[0]}/{pair[1]}"
    )
    term = st.one_of(values.map(str), ranges, steps)
    return st.one_of(st.just("*"), st.lists(term, min_size=1, max_size=3).map(",".join))


EXPRESSIONS = st.tuples(_field(0, 59), _field(0, 23), _field(1, 31), _field(1, 12), _field(0, 7)).map(
    " ".join
)


@given(EXPRESSIONS)
def test_what_is_told_is_read_from_the_same_minutes_and_days_at_which_it_fires(expression: str) -> None:
    fields, words = read(expression), describe(expression)
    assert fields is not None
    assert words is not None
    assert words.ja
    assert words.en
    assert "  " not in words.ja + words.en
    try:
        fires = CronSim(expression, datetime(2026, 1, 1))  # noqa: DTZ001 - only read
    except Exception:  # noqa: BLE001 - a day that no month has
        return
    assert set(fields.minutes) == fires.minutes
    assert set(fields.hours) == fires.hours
    assert set(fields.months) == fires.months
    for day in (date(2026, 1, 1) + timedelta(days=number) for number in range(60)):
        of_month, of_week = day.day in fields.days, day.isoweekday() % 7 in fields.weekdays
        matches = of_month or of_week if fields.either_day else of_month and of_week
        assert matches == fires.match_day(day)
        assert matches or not fields.any_day
