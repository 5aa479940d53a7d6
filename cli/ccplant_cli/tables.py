"""Tables for people: who pipes them gets plain text as wide as it needs to be, never cut in the middle of an id."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ccplant_cli.documents import Document
from ccplant_cli.language import say

STATUS_STYLE: Mapping[str, str] = {
    "pending": "yellow",
    "running": "green",
    "completed": "blue",
    "failed": "red",
    "terminated": "bright_black",
}
_PLAIN_WIDTH = 10_000
_KIB = 1024


def console() -> Console:
    """Return where results are printed, texts as they are: what stands in brackets is no command to us."""
    if sys.stdout.isatty():
        return Console(highlight=False, markup=False, emoji=False)
    return Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH, no_color=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print rows under their headings."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, column in enumerate(columns):
        shown.add_column(say(f"column.{column}"), no_wrap=index == 0, overflow="fold")
    for row in rows:
        shown.add_row(*row)
    _print(shown)


def pairs(rows: Sequence[tuple[str, str | Text]]) -> None:
    """Print named values below each other."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    shown.add_column(style="bold", no_wrap=True)
    shown.add_column(overflow="fold")
    for name, value in rows:
        shown.add_row(say(f"column.{name}"), value)
    _print(shown)


def _print(shown: Table) -> None:
    """Print without the blanks that fill the last column: a log's line would make every other one as long."""
    target = console()
    with target.capture() as captured:
        target.print(shown)
    for line in captured.get().removesuffix("\n").split("\n"):
        sys.stdout.write(line.rstrip(" ") + "\n")


def status(session: Document) -> Text:
    """Return a session's status as its badge, with what is wanted meanwhile."""
    value = session.text("status")
    badge = Text("● ", STATUS_STYLE.get(value, ""))
    badge.append(say(f"status.{value}") if value in STATUS_STYLE else value)
    if "stop_requested" in session and value in ("pending", "running"):
        badge.append(f" ({say('status.ending')})")
    elif session.fields.get("reachable") is False and value == "running":
        badge.append(f" ({say('status.unreachable')})")
    elif session.integer("pending_permissions"):
        badge.append(f" ({say('status.asks')})")
    return badge


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago something was, in one unit."""
    if moment is None:
        return "-"
    seconds = max(0, int(((now or datetime.now(UTC)) - moment).total_seconds()))
    return say("time.ago", time=duration(seconds))


def duration(seconds: float | None) -> str:
    """Return a span of time in its two largest units."""
    if seconds is None:
        return "-"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s" if minutes < 10 else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes:02d}m"
    return f"{hours // 24}d"


def clock(moment: datetime | None) -> str:
    """Return a moment in the terminal's time zone."""
    return "-" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def size(count: float | None) -> str:
    """Return a number of bytes in a readable unit."""
    if count is None:
        return "-"
    for unit in ("B", "Ki", "Mi"):
        if count < _KIB:
            return f"{count:.0f}{unit}"
        count /= _KIB
    return f"{count:.1f}Gi"


def usage(resources: Document) -> str:
    """Return what a session uses against what it may."""
    cpu, memory = resources.number("cpu_usage"), resources.number("memory_usage")
    if cpu is None and memory is None:
        return "-"
    cores = "-" if cpu is None else f"{cpu:.2f}"
    return f"{cores}/{resources.number('cpu_limit') or 0:g} CPU, {size(memory)}/{size(resources.number('memory_limit'))}"
