"""Logs of the children: each appends to a file of its own, which is bounded from outside.

Files, not pipes: a child can still say why it ends when `ccplant up` is gone. The file is opened for appending, so it can be
copied aside and emptied under the writer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 8 * 1024 * 1024
TAIL_BYTES = 64 * 1024
MOST_LINE = 400

_ERROR_MARKS = ("[ftl]", "[err]", "error", "fatal", "cannot", "failed")
_MONGO_LEVELS = {"E": "error", "F": "critical"}
"""Its warnings are about daily things: two transactions that met, a setting of the kernel."""
_NATS_WARNING = re.compile(r"\[(WRN|ERR|FTL)\] (.*)")
_LEVELS = ("warning", "error", "critical")


@dataclass(frozen=True)
class Spoken:
    """One log line, understood."""

    level: str
    sentence: str


def understand(line: str) -> Spoken:
    """Read a line of any of the children: JSON of mongod or of a service, nats-server's own form, or plain text."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if isinstance(entry, dict) and "msg" in entry:  # mongod
        attributes = entry.get("attr")
        details = attributes.get("error") if isinstance(attributes, dict) else None
        level = _MONGO_LEVELS.get(str(entry.get("s")), "info")
        return Spoken(level, _cut(f"{entry['msg']}: {_plain(details)}" if details else str(entry["msg"])))
    if isinstance(entry, dict) and "event" in entry:  # a service
        details = entry.get("error") or entry.get("exception")
        event = str(entry["event"])
        if details:
            event = f"{event}: {str(details).strip().splitlines()[-1]}"
        return Spoken(str(entry.get("level", "info")), _cut(event))
    if found := _NATS_WARNING.search(line):
        return Spoken("warning" if found[1] == "WRN" else "error", _cut(found[2]))
    lowered = line.lower()
    return Spoken("error" if any(mark in lowered for mark in _ERROR_MARKS) else "info", _cut(line.strip()))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= MOST_LINE else sentence[: MOST_LINE - 1] + "…"


def last_word(lines: Sequence[str]) -> str:
    """Return the sentence that most likely tells why a child ended: its last error, else its last line."""
    spoken = [understand(line) for line in lines if line.strip()]
    for level in ("critical", "error"):
        for one in reversed(spoken):
            if one.level == level:
                return one.sentence
    return spoken[-1].sentence if spoken else "-"


def missing_library(lines: Sequence[str]) -> str | None:
    """Return the shared library that the loader did not find, if that is what went wrong."""
    for line in reversed(lines):
        if found := re.search(r"error while loading shared libraries: ([^\s:]+)", line):
            return found[1]
        if found := re.search(r"version [`']([^`']+)' not found", line):
            return found[1]
    return None


@dataclass
class LogFile:
    """One child's log."""

    path: Path
    most_bytes: int = MOST_BYTES
    _seen: int = field(default=0, init=False)
    _started_at: int = field(default=0, init=False)

    def open(self) -> int:
        """Return a descriptor for the child to write to; what was written before counts as old."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._started_at = os.fstat(descriptor).st_size
        return descriptor

    def tail(self) -> list[str]:
        """Return the last lines since the child's latest start."""
        lines, rest, _ = self._read(self._started_at)
        return [*lines, rest] if rest else lines

    def _read(self, start: int) -> tuple[list[str], str, int]:
        """Return whole lines, what follows the last of them, and where that begins."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                begin = max(start if start <= size else 0, size - TAIL_BYTES)
                file.seek(begin)
                content = file.read(TAIL_BYTES)
        except FileNotFoundError:
            return [], "", 0
        complete, newline, _ = content.rpartition(b"\n")
        whole = complete.decode(errors="replace").split("\n") if newline else []
        rest = content[len(complete) + len(newline) :].decode(errors="replace")
        return whole, rest, begin + len(complete) + len(newline)

    def new_warnings(self) -> list[str]:
        """Return warnings and errors that were written since the last call."""
        lines, _, self._seen = self._read(self._seen)
        spoken = (understand(line) for line in lines if line.strip())
        return [one.sentence for one in spoken if one.level in _LEVELS]

    def skip_to_end(self) -> None:
        """Count everything that is there as seen."""
        self._seen = self.path.stat().st_size if self.path.exists() else 0

    def bound(self) -> bool:
        """Copy a file that is too large aside and empty it."""
        if not self.path.exists() or self.path.stat().st_size <= self.most_bytes:
            return False
        older = self.path.with_suffix(".1.log")
        shutil.copyfile(self.path, older)
        older.chmod(0o600)
        os.truncate(self.path, 0)
        self._seen = self._started_at = 0
        return True
