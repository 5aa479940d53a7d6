"""The events of a Pod and of its claim, newest first.

Events come in no order, are counted instead of repeated, and may belong to an earlier object of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.plain import shown

_EPOCH = datetime.fromtimestamp(0, UTC)
_AT_MOST = 200


@dataclass(frozen=True)
class Event:
    """One event, read."""

    reason: str
    message: str
    """As it is: not for people to read, see `shown`."""
    warning: bool
    count: int
    first: datetime | None
    last: datetime | None
    version: int
    """Grows with each change; times are in whole seconds, in which a node does several things."""

    @property
    def shown(self) -> str:
        return shown(self.message)


def events_of(obj: raw.Json, kind: str, found: Sequence[raw.Json]) -> tuple[Event, ...]:
    """Return the events about an object, newest first."""
    uid = raw.text(obj, "metadata", "uid")
    about = [one for one in found if _is_about(one, kind, uid)]
    read = [_event(one) for one in about[-_AT_MOST:]]
    return tuple(sorted(read, key=lambda one: (one.last or _EPOCH, one.version), reverse=True))


def latest(found: Iterable[Event], *reasons: str) -> Event | None:
    """Return the newest event with one of the reasons."""
    return next((one for one in found if one.reason in reasons), None)


def _is_about(one: raw.Json, kind: str, uid: str) -> bool:
    about = raw.mapping(one, "involvedObject") or raw.mapping(one, "regarding")
    told_kind, told_uid = raw.text(about, "kind"), raw.text(about, "uid")
    if told_kind and told_kind != kind:
        return False
    return not told_uid or not uid or told_uid == uid


def _event(one: raw.Json) -> Event:
    first = raw.moment(one, "firstTimestamp") or raw.moment(one, "eventTime")
    last = raw.moment(one, "series", "lastObservedTime") or raw.moment(one, "lastTimestamp") or first
    version = raw.text(one, "metadata", "resourceVersion")
    count = raw.number(one, "series", "count") or raw.number(one, "count") or 1
    return Event(
        reason=raw.text(one, "reason"),
        message=raw.text(one, "message") or raw.text(one, "note"),
        warning=raw.text(one, "type") == "Warning",
        count=max(1, count),
        first=first or raw.moment(one, "metadata", "creationTimestamp"),
        last=last or raw.moment(one, "metadata", "creationTimestamp"),
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 20 else 0,
    )
