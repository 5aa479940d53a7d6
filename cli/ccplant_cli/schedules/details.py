"""A schedule and its runs, for people: times are shown in the schedule's own zone, because that is what was asked for."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.text import Text

from ccplant_cli.catalogue import current
from ccplant_cli.documents import Document
from ccplant_cli.outcomes import outcome_of, reason
from ccplant_cli.schedules.messages import text
from ccplant_cli.tables import clock, duration
from ccplant_cli.terminal import harmless
from ccplant_cli.trigger_details import Rows, enabled, session_rows, time_rows
from ccplant_contracts.cron_words import describe

_DAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "ja": tuple("月火水木金土日")}


def weekday(local: str) -> str:
    """Return the day of the week of a moment that is written in some zone."""
    try:
        return _DAYS[current()][datetime.fromisoformat(local).weekday()]
    except ValueError:
        return ""


def in_zone(time: str, zone: str) -> str:
    """Return a moment in a zone, with its day of the week; in the terminal's where this machine does not know the zone."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = moment.astimezone()
    return f"{_DAYS[current()][local.weekday()]} {local.strftime('%Y-%m-%d %H:%M:%S %Z')}"


def in_words(cron: str) -> list[str]:
    """Return when an expression runs in the terminal's language; nothing where it cannot be told."""
    words = describe(cron)
    return [] if words is None else [words.ja if current() == "ja" else words.en]


def warnings(schedule: Document) -> list[str]:
    """Return what may surprise about it, in the terminal's language."""
    return [harmless(warning.text(current()) or warning.text("en")) for warning in schedule.each("warnings")]


def schedule_rows(schedule: Document) -> Rows:
    """Return the rows that a schedule has."""
    zone = schedule.text("timezone")
    rows: Rows = [
        ("id", schedule.text("schedule_id")),
        ("name", harmless(schedule.text("name"))),
        ("status", enabled(schedule)),
        (
            "cron",
            "\n".join((f"{harmless(schedule.text('cron'))} ({zone})", *in_words(schedule.text("cron")))),
        ),
        ("next_runs", "\n".join(in_zone(time, zone) for time in schedule.texts("next_runs")) or "-"),
    ]
    if last := schedule.inner("last_run"):
        shown = Text(in_zone(last.text("tick_at"), zone) + "  ").append_text(outcome_of(last))
        rows.append(("last_run", shown))
    rows += [("warning", warning) for warning in warnings(schedule)]
    rows += [
        (name, in_zone(schedule.text(name), zone)) for name in ("starts_at", "ends_at") if name in schedule
    ]
    rows.append(("overlap", schedule.text("overlap")))
    rows.append(("catch_up", duration(schedule.number("catch_up_seconds"))))
    if schedule.integer("jitter_seconds"):
        rows.append(("jitter", duration(schedule.number("jitter_seconds"))))
    rows.append(("message", harmless(schedule.text("message").rstrip("\n"))))
    return rows + session_rows(schedule) + time_rows(schedule)


def run_row(run: Document) -> tuple[str | Text, ...]:
    """Return a run as a row of the table."""
    tick = clock(run.time("tick_at"))
    if run.integer("missed_count") > 1:
        tick += " " + text("and_more_ticks", count=run.integer("missed_count") - 1)
    elif run.text("trigger") == "manual":
        tick += " " + text("by_hand")
    return (
        run.text("run_id"),
        tick,
        clock(run.time("started_at")),
        outcome_of(Document({**run.fields, "reason": None})),
        duration(run.number("duration_seconds")),
        run.text("session_id") or "-",
        harmless(reason(run)) or "-",
    )
