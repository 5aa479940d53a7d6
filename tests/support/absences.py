"""When MongoDB was away by a test's hand: only then may a service say that it could not start, and end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

PATIENCE = timedelta(seconds=60)
"""How long after its return a busy machine's services may still speak of it: `ccplant up` has to start it again."""


@dataclass
class Absences:
    """Every time between a kill or a freeze and the return."""

    _since: datetime | None = None
    _spans: list[tuple[datetime, datetime]] = field(default_factory=list)

    def begin(self) -> None:
        """It goes."""
        self._since = self._since or datetime.now(UTC)

    def end(self) -> None:
        """It goes on, or is being started again."""
        if self._since is not None:
            self._spans.append((self._since, datetime.now(UTC) + PATIENCE))
            self._since = None

    def explain(self, line: str) -> bool:
        """Tell whether a line of a log is of a service that could not start because MongoDB was away."""
        if '"event": "service_failed"' not in line or "ccplant_store/driver.py" not in line:
            return False
        at = _time_of(line)
        if at is None:
            return False
        spans = [
            *self._spans,
            *([] if self._since is None else [(self._since, datetime.max.replace(tzinfo=UTC))]),
        ]
        return any(begin <= at <= end for begin, end in spans)


def _time_of(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(line)["time"])
    except (ValueError, KeyError):
        return None
