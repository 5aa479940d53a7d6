"""When a cron expression fires, in a zone with summer time; pure.

Five fields with names, steps and lists as Debian's cron has them, or ``@daily`` and its like. A wall-clock time that
a zone skips (02:30 when clocks go from 02:00 to 03:00) fires once, at the end of the gap; one that comes twice fires
once, the first time. An expression that fires every hour or minute goes by the hours that really pass. Six fields are
refused: half of the tools that take them read the first as seconds, and half the last as years.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from ccplant_contracts.cron import NAMES

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_LAST = datetime(9990, 1, 1, tzinfo=UTC)
"""Behind it there is no calendar to count in."""
MOST_DAYS = 36_525
"""Ticks are counted over a century at most."""
_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)


class CronError(ValueError):
    """An expression or a zone is wrong; `message` says how and what to write instead."""

    def __init__(self, field: Literal["cron", "timezone"], message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class FireTimes:
    """The moments at which an expression fires, in UTC."""

    expression: str
    """Five fields."""
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """Return the first one strictly after a moment; None: there is none any more."""
        return next(self.walk(moment), None)

    def walk(self, moment: datetime) -> Iterator[datetime]:
        """Yield all strictly after a moment, in their order."""
        if moment >= _LAST:
            return
        if self._goes_by_hours:
            yield from self._hourly(moment)
            return
        for found in CronSim(self.expression, self._local(moment)):
            fired = found.astimezone(UTC)
            # at the end of a gap and in an hour that comes twice it may answer what was there already
            if fired > moment:
                moment = fired
                yield fired

    def until(self, moment: datetime) -> datetime | None:
        """Return the last one at or before a moment; None: there was none in the years that are looked at."""
        if self._goes_by_hours:
            return self._hourly_until(moment)
        start = self._local(moment + timedelta(minutes=1))
        for found in CronSim(self.expression, start, reverse=True):
            fired = found.astimezone(UTC)
            if fired <= moment:
                # a time in a gap is fired at its end, which only the way forward knows
                following = self.after(fired - timedelta(seconds=1))
                return following if following is not None and following <= moment else fired
        return None

    def count(self, first: datetime, last: datetime) -> int:
        """Return how many there are from one moment to another, both included, without a walk through all of them.

        A day without a change of the clock has as many as its hours and minutes say; only days near one are walked.
        Beyond `MOST_DAYS` nothing is counted.
        """
        fields = CronSim(self.expression, datetime(2000, 1, 1))  # noqa: DTZ001 - only read
        each_day = len(fields.hours) * len(fields.minutes)
        day = self._local(first).date() + _DAY
        ends = min(self._local(last).date(), day + MOST_DAYS * _DAY)
        if day >= ends:
            return self._walked(first, last)
        total = self._walked(first, self._midnight(day) - _INSTANT)
        while day < ends:
            if not self._is_even(day):
                total += self._walked(self._midnight(day), self._midnight(day + _DAY) - _INSTANT)
            elif day.month in fields.months and fields.match_day(day):
                total += each_day
            day += _DAY
        return total + self._walked(self._midnight(day), min(last, self._midnight(day + _DAY) - _INSTANT))

    @property
    def _goes_by_hours(self) -> bool:
        """Whether it fires by the hours that pass and not at fixed times of the day, by Debian's rule."""
        return self.zone.key != "UTC" and any(field.startswith("*") for field in self.expression.split()[:2])

    def _hourly(self, moment: datetime) -> Iterator[datetime]:
        """Yield as `walk` does. cronsim loses ticks of these the day after a clock has moved by half an hour."""
        fields = CronSim(self.expression, datetime(2000, 1, 1))  # noqa: DTZ001 - only read
        day = self._local(moment).date()
        for _ in range(MOST_DAYS):
            if day.month in fields.months and fields.match_day(day):
                yield from (tick for tick in self._of_day(day, fields) if tick > moment)
            day += _DAY

    def _hourly_until(self, moment: datetime) -> datetime | None:
        fields = CronSim(self.expression, datetime(2000, 1, 1))  # noqa: DTZ001 - only read
        day = self._local(moment).date()
        for _ in range(MOST_DAYS):
            if day.month in fields.months and fields.match_day(day):
                there = [tick for tick in self._of_day(day, fields) if tick <= moment]
                if there:
                    return there[-1]
            day -= _DAY
        return None

    def _of_day(self, day: date, fields: CronSim) -> Iterator[datetime]:
        """Yield those of one day; where clocks move, by a look at each minute that passes."""
        moment = self._midnight(day)
        if self._is_even(day):
            for hour in sorted(fields.hours):
                for minute in sorted(fields.minutes):
                    yield moment + timedelta(hours=hour, minutes=minute)
            return
        ends = self._midnight(day + _DAY)
        while moment < ends:
            there = self._local(moment)
            if there.date() == day and there.hour in fields.hours and there.minute in fields.minutes:
                yield moment
            moment += timedelta(minutes=1)

    def _walked(self, first: datetime, last: datetime) -> int:
        return sum(1 for _ in takewhile(lambda tick: tick <= last, self.walk(first - _INSTANT)))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def _is_even(self, day: date) -> bool:
        """Tell whether clocks stay as they are the day before, that day and the day after."""
        near = (datetime.combine(day + number * _DAY, time(), self.zone) for number in (-1, 0, 1, 2))
        return len({moment.utcoffset() for moment in near}) == 1

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)


def parse(expression: str, timezone: str = "UTC") -> FireTimes:
    """Return when an expression fires.

    Args:
        expression: five fields, or a name such as ``@daily``.
        timezone: a name of the IANA database, ``Asia/Tokyo`` say.

    Raises:
        CronError: the expression or the zone is wrong, or it would never fire.
    """
    zone = parse_zone(timezone)
    fields = five_fields(expression)
    try:
        times = FireTimes(fields, zone)
        never = times.after(datetime(2000, 1, 1, tzinfo=UTC)) is None
    except CronSimError as error:
        raise CronError("cron", f"{_words(error)}; for example: 30 9 * * mon-fri") from None
    except (OverflowError, ValueError) as error:
        raise CronError("cron", f"is not a cron expression: {error}") from None
    if never:
        raise CronError("cron", "never fires: there is no such day in any year")
    return times


def parse_zone(timezone: str) -> ZoneInfo:
    """Return a zone by its name.

    Raises:
        CronError: there is none of this name.
    """
    if _ZONE.fullmatch(timezone) is not None:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(timezone)
    raise CronError(
        "timezone", "is no time zone of the IANA database; for example: Asia/Tokyo, Europe/Berlin, UTC"
    )


def five_fields(expression: str) -> str:
    """Return an expression as five fields, names resolved.

    Raises:
        CronError: it has more or fewer, or is an unknown name.
    """
    text = " ".join(expression.split())
    if text.startswith("@"):
        if text.lower() not in NAMES:
            raise CronError("cron", f"knows only these names: {', '.join(sorted(NAMES))}")
        return NAMES[text.lower()]
    fields = text.split(" ")
    if len(fields) in (6, 7):
        raise CronError(
            "cron",
            f"has {len(fields)} fields; seconds and years are not supported. Write five: {', '.join(_FIELDS)}",
        )
    if len(fields) != len(_FIELDS):
        raise CronError("cron", f"has {len(fields)} fields and needs five: {', '.join(_FIELDS)}")
    return text


_FIELD_NAMES = {"day-of-month": "day of the month", "day-of-week": "day of the week"}


def _words(error: CronSimError) -> str:
    """Say in which field it is; the library says no more."""
    bad, _, field = str(error).partition(" ")
    if bad.lower() != "bad" or not field:
        return "is not a cron expression"
    if field == "day-of-month":
        return "the day of the month is not right, or its months have no such day"
    return f"the {_FIELD_NAMES.get(field, field)} is not right"
