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
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

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

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_LAST = datetime(9990, 1, 1, tzinfo=UTC)
"""Behind it there is no calendar to count in."""


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
        for found in CronSim(self.expression, self._local(moment)):
            fired = found.astimezone(UTC)
            # at the end of a gap and in an hour that comes twice it may answer what was there already
            if fired > moment:
                moment = fired
                yield fired

    def until(self, moment: datetime) -> datetime | None:
        """Return the last one at or before a moment; None: there was none in the years that are looked at."""
        start = self._local(moment + timedelta(minutes=1))
        for found in CronSim(self.expression, start, reverse=True):
            fired = found.astimezone(UTC)
            if fired <= moment:
                # a time in a gap is fired at its end, which only the way forward knows
                following = self.after(fired - timedelta(seconds=1))
                return following if following is not None and following <= moment else fired
        return None

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


def _words(error: CronSimError) -> str:
    text = str(error) or "is not a cron expression"
    return text[0].lower() + text[1:]
