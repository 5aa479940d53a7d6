"""`docs/benchmarks.md`, made from the newest whole run of each benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring.result import Result, Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

`make bench` measures all of this again and writes this page; `make bench ARGS="chat_relay --quick"` tries one. Each \
figure stands beside a yardstick that was measured in the same run, in turns with it, so that what disturbs the machine \
disturbs both. A ratio to its yardstick says more than a figure: it carries over to other machines.
"""


def page(results: Sequence[Result]) -> str:
    """Return the page's text; pure."""
    parts = [_HEAD]
    for result in results:
        parts.append(f"## {result.title}\n\n{result.about}\n")
        parts += [_table(table) for table in result.tables]
        if result.aims:
            rows = tuple(
                (aim.what, aim.aimed, aim.found, "met" if aim.met else "**missed**") for aim in result.aims
            )
            parts.append(_table(Table(title="Aims", columns=("", "aim", "found", ""), rows=rows)))
        parts.append(f"{result.at:%Y-%m-%d}, {result.machine}; load before the run {result.load}.\n")
    return "\n".join(parts)


def write(results: Sequence[Result], path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(results), encoding="utf-8")


def _table(table: Table) -> str:
    head = f"| {' | '.join(table.columns)} |"
    rule = f"| --- |{' ---: |' * (len(table.columns) - 1)}"
    rows = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in table.rows]
    return "\n".join([f"**{table.title}**", "", head, rule, *rows, ""])
