"""The runner's own log: one JSON object per line on stderr, masked, with its last lines kept as evidence (D2).

What the agent and the set-up write to stderr goes the same way, line by line and bounded: a program that floods its
stderr must neither fill a disk nor hide a secret in a line that nobody masked.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from ccplant_contracts.base import rfc3339
from ccplant_platform.redaction import Redactor

MAX_LINE = 4_000
TAIL_LINES = 50

Field = str | int | float | bool | None


class RunnerLog:
    """Writes lines and remembers the last ones."""

    def __init__(self, redactor: Redactor, ids: Mapping[str, str], stream: TextIO | None = None) -> None:
        self._redactor = redactor
        self._ids = dict(ids)
        self._stream = stream or sys.stderr
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    def write(self, level: str, event: str, **fields: Field) -> None:
        """Log an event of the runner itself."""
        line = {
            "time": rfc3339(datetime.now(UTC)),
            "level": level,
            "service": "runner",
            **self._ids,
            "event": event,
        }
        masked = {
            key: self._redactor(value[:MAX_LINE]) if isinstance(value, str) else value
            for key, value in fields.items()
        }
        self._emit(json.dumps(line | masked, ensure_ascii=False))
        shown = " ".join(f"{key}={value}" for key, value in masked.items() if value is not None)
        self._tail.append(f"runner: {event} {shown}".rstrip())

    def info(self, event: str, **fields: Field) -> None:
        """Log what is as it should be."""
        self.write("info", event, **fields)

    def warning(self, event: str, **fields: Field) -> None:
        """Log what is not, and is dealt with."""
        self.write("warning", event, **fields)

    def failure(self, event: str, **fields: Field) -> None:
        """Log what ends something."""
        self.write("error", event, **fields)

    def program_line(self, program: str, text: str) -> None:
        """Pass on a line that a program wrote (git, set-up, agent)."""
        # the cut comes after the masking: a cut secret would not be recognised
        masked = self._redactor(text)
        if len(masked) > MAX_LINE:
            masked = f"{masked[:MAX_LINE]} [{len(masked) - MAX_LINE} more characters]"
        line = {
            "time": rfc3339(datetime.now(UTC)),
            "level": "info",
            "service": program,
            **self._ids,
            "line": masked,
        }
        self._emit(json.dumps(line, ensure_ascii=False))
        self._tail.append(masked)

    def tail(self) -> tuple[str, ...]:
        """Return the last lines."""
        return tuple(self._tail)

    def take_over_stdlib(self) -> None:
        """Let what libraries log through `logging` come out here, masked as everything else."""
        root = logging.getLogger()
        root.handlers[:] = [_Bridge(self)]
        root.setLevel(logging.WARNING)

    def _emit(self, line: str) -> None:
        try:
            self._stream.write(line.encode("utf-8", "replace").decode() + "\n")
            self._stream.flush()
        except OSError:
            # nobody reads the log any more; the session goes on without it
            self._stream = sys.__stderr__ or self._stream


class _Bridge(logging.Handler):
    def __init__(self, log: RunnerLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        detail = logging.Formatter().formatException(record.exc_info) if record.exc_info else None
        self._log.write(record.levelname.lower(), record.getMessage(), logger=record.name, exception=detail)
