"""What a cron expression says, as sets of minutes, hours and days; pure.

For whoever shows one. When it fires is the scheduler's to decide, which knows zones; this only reads the same words, so
that a person may see in their own whether they wrote what they meant.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""Names, and the expressions that they stand for."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_WORDS: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {name: number for number, name in enumerate(_MONTHS, 1)},
    {name: number for number, name in enumerate(_DAYS)},
)
LAST = 0
"""The place of the last one of its kind in a month."""


@dataclass(frozen=True, slots=True)
class CronFields:
    """The five fields; days of the week from 0, a Sunday."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool
    """Whether a day of the month or of the week is enough, as cron has it where neither begins with ``*``."""
    last_day: str | None = None
    """``L`` or ``LW``: the last day, or the last one from Monday to Friday, of the month; `days` is empty then."""
    nth: int | None = None
    """Which one in the month the single weekday is, or `LAST`."""

    @property
    def any_day(self) -> bool:
        """Whether it is every day of its months."""
        days, weekdays = self.last_day is None and len(self.days) == 31, len(self.weekdays) == 7
        return (days or weekdays) if self.either_day else (days and weekdays)


def read(expression: str) -> CronFields | None:
    """Return what an expression says; None: it cannot be told."""
    text = " ".join(expression.lower().split())
    parts = NAMES.get(text, text).split(" ")
    if len(parts) != len(_BOUNDS):
        return None
    last_day = parts[2].upper() if parts[2] in ("l", "lw") else None
    weekday, nth = _nth(parts[4])
    wanted = (*parts[:2], "*" if last_day else parts[2], parts[3], weekday)
    try:
        minutes, hours, days, months, weekdays = (
            _values(part, *_BOUNDS[field], _WORDS[field]) for field, part in enumerate(wanted)
        )
    except ValueError:
        return None
    if nth is not None and len(weekdays) != 1:
        return None
    return CronFields(
        minutes=minutes,
        hours=hours,
        days=() if last_day else days,
        months=months,
        weekdays=tuple(sorted({day % 7 for day in weekdays})),
        either_day=not parts[2].startswith("*") and not parts[4].startswith("*"),
        last_day=last_day,
        nth=nth,
    )


def _nth(part: str) -> tuple[str, int | None]:
    weekday, mark, number = part.partition("#")
    if mark and number in ("1", "2", "3", "4", "5"):
        return weekday, int(number)
    if part[:-1].isdigit() and part.endswith("l"):
        return part[:-1], LAST
    return part, None


def _values(part: str, low: int, high: int, words: dict[str, int]) -> tuple[int, ...]:
    found: set[int] = set()
    for term in part.split(","):
        span, mark, step = term.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, low, high, words)
            end = _number(last, low, high, words) if dash else begin
            if mark and begin == end:
                end = high  # a step from a single value goes on to the end
        every = int(step) if mark and step.isdecimal() and step.isascii() else 0 if mark else 1
        if every < 1 or end < begin:
            raise ValueError(term)
        found.update(range(begin, end + 1, every))
    return tuple(sorted(found))


def _number(text: str, low: int, high: int, words: dict[str, int]) -> int:
    number = words.get(text)
    if number is None:
        if not (text.isdecimal() and text.isascii() and len(text) <= 4):
            raise ValueError(text)
        number = int(text)
    if not low <= number <= high:
        raise ValueError(text)
    return number
