"""A cron expression in Japanese and English; pure.

From what it means and not from how it is written: ``1-5`` and ``mon,tue,wed,thu,fri`` are the same words. Libraries that
do this translate an English sentence piece by piece, which no Japanese reader takes for Japanese.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ccplant_contracts.cron import LAST, CronFields, read
from ccplant_contracts.sentences import Text

_MOST_TIMES = 4
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_YOUBI = "日月火水木金土"
_NTH = ("last", "first", "second", "third", "fourth", "fifth")


def describe(expression: str) -> Text | None:
    """Return when an expression runs, in words; None: nothing can be said of it."""
    fields = read(expression)
    if fields is None:
        return None
    english, japanese = _times(fields)
    if fields.any_day and len(fields.months) == 12 and _goes_round(fields):
        return Text(ja=japanese, en=_sentence(english))
    days = _days(fields)
    return Text(ja=f"{days.ja} {japanese}", en=_sentence(f"{english}, {days.en}"))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


# --- shapes of sets


def _step(values: Sequence[int]) -> int | None:
    """Return the distance of values that are all equally far apart; None: they are not, or they are too few."""
    steps = {later - earlier for earlier, later in itertools.pairwise(values)}
    return steps.pop() if len(values) >= 3 and len(steps) == 1 else None


def _round(values: Sequence[int], whole: int) -> int | None:
    """Return the step of values that go round evenly from 0, as every hour of a day; None: they do not."""
    step = whole // len(values)
    return step if len(values) > 1 and list(values) == list(range(0, whole, step)) else None


def _goes_round(fields: CronFields) -> bool:
    """Tell whether its times say already that they come every day."""
    return not _at_times(fields) and _round(fields.hours, 24) is not None


def _at_times(fields: CronFields) -> bool:
    return len(fields.minutes) * len(fields.hours) <= _MOST_TIMES and _round(fields.hours, 24) is None


def _apart(text: str) -> str:
    """Leave a blank between Japanese and a number that follows it."""
    return f" {text}" if text[0].isascii() else text


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _span(values: Sequence[int], words: Sequence[str]) -> Text:
    """Name values one by one, or as a range where they follow each other."""
    if _step(values) == 1:
        return Text(ja=f"{words[0]}から{_apart(words[-1])}", en=f"{words[0]} to {words[-1]}")
    return Text(ja="、".join(words), en=_and(words))


# --- times of a day


def _times(fields: CronFields) -> tuple[str, str]:
    minutes, hours = fields.minutes, fields.hours
    if _at_times(fields):
        clock = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        return f"at {_and(clock)}", "、".join(clock)
    if len(minutes) == 1:
        return _hourly(minutes[0], hours)
    english, japanese = _within_an_hour(minutes)
    if len(hours) == 24:
        return (
            (english, japanese) if _round(minutes, 60) else (f"{english} of every hour", f"毎時 {japanese}")
        )
    if (every := _round(hours, 24)) is not None:
        return f"{english} of every {_ordinal(every)} hour", f"{every} 時間ごとに {japanese}"
    if len(hours) == 1 or _step(hours) == 1:
        begin, end = f"{hours[0]:02}:00", f"{hours[-1]:02}:59"
        return f"{english} from {begin} to {end}", f"{begin} から {end} まで {japanese}"
    listed = [str(hour) for hour in hours]
    return f"{english} in the hours {_and(listed)}", f"{'、'.join(listed)} 時台に {japanese}"


def _hourly(minute: int, hours: Sequence[int]) -> tuple[str, str]:
    every = _round(hours, 24)
    if every is not None:
        english = "every hour" if every == 1 else f"every {every} hours"
        japanese = "毎時" if every == 1 else f"{every} 時間ごと"
        if every == 1:
            return f"{english}, at minute {minute}", f"{japanese} {minute} 分"
        if minute == 0:
            return english, japanese
        return f"{english}, at minute {minute}", f"{japanese} ({minute} 分)"
    step = _step(hours)
    clock = [f"{hour:02}:{minute:02}" for hour in hours]
    if step is None:
        return f"at {_and(clock)}", "、".join(clock)
    english = "every hour" if step == 1 else f"every {step} hours"
    japanese = "1 時間ごと" if step == 1 else f"{step} 時間ごと"
    return f"{english} from {clock[0]} to {clock[-1]}", f"{clock[0]} から {clock[-1]} まで {japanese}"


def _within_an_hour(minutes: Sequence[int]) -> tuple[str, str]:
    if (every := _round(minutes, 60)) is not None:
        return ("every minute", "毎分") if every == 1 else (f"every {every} minutes", f"{every} 分ごと")
    if (step := _step(minutes)) is not None:
        first, last = minutes[0], minutes[-1]
        english = "every minute" if step == 1 else f"every {step} minutes"
        return (
            f"{english} from minute {first} to {last}",
            f"{first} 分から {last} 分まで {'毎分' if step == 1 else f'{step} 分ごと'}",
        )
    listed = [str(minute) for minute in minutes]
    return f"at minutes {_and(listed)}", f"{'、'.join(listed)} 分"


def _ordinal(number: int) -> str:
    return f"{number}{ {2: 'nd', 3: 'rd'}.get(number, 'th') }"


# --- days


def _days(fields: CronFields) -> Text:
    whole_year = len(fields.months) == 12
    months = _span(fields.months, [_MONTHS[month - 1] for month in fields.months]).en
    in_months = "" if whole_year else f" in {months}"
    gatsu = "毎月" if whole_year else _span(fields.months, [f"{month} 月" for month in fields.months]).ja
    if fields.any_day:
        return Text(ja="毎日" if whole_year else f"{gatsu}の毎日", en=f"every day{in_months}")
    of_week = _of_week(fields)
    if len(fields.days) == 31:
        if fields.nth is not None:
            return Text(ja=f"{gatsu}の{of_week.ja}", en=f"on {of_week.en}{in_months or ' of every month'}")
        english = of_week.en if " to " in of_week.en else f"on {of_week.en}"
        return Text(
            ja=f"毎週{of_week.ja}" if whole_year else f"{gatsu}の{of_week.ja}", en=f"{english}{in_months}"
        )
    of_month = _of_month(fields)
    no = "" if whole_year and of_month.ja[0].isascii() else "の"
    day_of_month = f"{gatsu}{no}{_apart(of_month.ja)}"
    in_months = in_months or " of every month"
    if len(fields.weekdays) == 7:
        if len(fields.days) == len(fields.months) == 1:
            return Text(ja=f"毎年 {gatsu} {of_month.ja}", en=f"on {fields.days[0]} {months}")
        return Text(ja=day_of_month, en=f"on {of_month.en}{in_months}")
    if fields.either_day:
        return Text(ja=f"{day_of_month}と{of_week.ja}", en=f"on {of_month.en} and on {of_week.en}{in_months}")
    return Text(
        ja=f"{day_of_month}のうち{of_week.ja}",
        en=f"on {of_month.en}{in_months}, where that is {of_week.en}",
    )


def _of_month(fields: CronFields) -> Text:
    if fields.last_day is not None:
        if fields.last_day == "L":
            return Text(ja="最終日", en="the last day")
        return Text(ja="最後の平日", en="the last weekday")
    step = _step(fields.days)
    if step is not None and step > 1:
        first, last = fields.days[0], fields.days[-1]
        return Text(
            ja=f"{first} 日から {last} 日まで {step} 日ごと",
            en=f"every {_ordinal(step)} day from day {first} to {last}",
        )
    japanese = _span(fields.days, [f"{day} 日" for day in fields.days]).ja
    english = _span(fields.days, [str(day) for day in fields.days]).en
    return Text(ja=japanese, en=f"day{'s' if len(fields.days) > 1 else ''} {english}")


def _of_week(fields: CronFields) -> Text:
    # a week begins on Monday, or a weekend would be no range
    days = sorted(fields.weekdays, key=lambda day: day or 7)
    if fields.nth is not None:
        which = "最終" if fields.nth == LAST else f"第 {fields.nth} "
        return Text(ja=f"{which}{_YOUBI[days[0]]}曜日", en=f"the {_NTH[fields.nth]} {_WEEKDAYS[days[0]]}")
    in_order = [day or 7 for day in days]
    japanese = _span(in_order, [f"{_YOUBI[day]}曜日" for day in days]).ja
    return Text(ja=japanese, en=_span(in_order, [_WEEKDAYS[day] for day in days]).en)
