"""What a benchmark found: tables, and what was aimed at. Written as JSON, read again for the page in `docs/`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.measuring import machine

RESULTS = Path(__file__).resolve().parent.parent / "results"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Table(_Part):
    """Rows of cells, the first column naming what was measured."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Aim(_Part):
    """What was aimed at, and what came out."""

    what: str
    aimed: str
    found: str
    met: bool


class Result(_Part):
    """One run of one benchmark."""

    name: str
    title: str
    about: str
    """What is measured between which moments, and what the yardstick is."""
    tables: tuple[Table, ...]
    aims: tuple[Aim, ...]
    quick: bool = False
    machine: str = Field(default_factory=machine.describe)
    load: float = 0.0
    """Tasks that wanted to run in the minute before."""
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def at_most(what: str, found: float, limit: float, unit: str) -> Aim:
    """Return an aim of the form: not more than."""
    return Aim(what=what, aimed=f"≤ {limit:g}{unit}", found=f"{found:.2f}{unit}", met=found <= limit)


def save(result: Result, folder: Path = RESULTS) -> Path:
    """Write a result beside those of earlier runs."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{result.name}-{result.at:%Y%m%dT%H%M%S}{'-quick' if result.quick else ''}.json"
    path.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def newest(names: Iterable[str], folder: Path = RESULTS) -> list[Result]:
    """Return the newest whole run of each benchmark, in the order of the names; quick ones tell nothing."""
    found: dict[str, Result] = {}
    for path in sorted(folder.glob("*.json")):
        result = Result.model_validate_json(path.read_text(encoding="utf-8"))
        before = found.get(result.name)
        if not result.quick and (before is None or before.at <= result.at):
            found[result.name] = result
    return [found[name] for name in names if name in found]


def text_of(result: Result) -> str:
    """Return a result for the terminal."""
    lines = [result.title, f"load before the run: {result.load}"]
    for table in result.tables:
        lines += ["", table.title, *_aligned([table.columns, *table.rows])]
    if result.aims:
        rows = [(aim.what, aim.aimed, aim.found, _verdict(aim)) for aim in result.aims]
        lines += ["", *_aligned([("aim", "aimed", "found", ""), *rows])]
    return "\n".join(lines)


def _verdict(aim: Aim) -> str:
    return "met" if aim.met else "missed"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
