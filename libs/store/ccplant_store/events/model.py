"""A lifecycle event as it is recorded, and as somebody asks for it to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ccplant_contracts.base import UtcTime
from ccplant_contracts.events import LifecycleEvent, LifecycleType
from ccplant_contracts.session import TimelineEntry
from ccplant_store.documents import Document


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be recorded with a change; number, id and time are given when it is."""

    type: LifecycleType
    data: Mapping[str, Any] = field(default_factory=dict)
    traceparent: str | None = None


class EventDoc(Document):
    """A recorded event."""

    type: LifecycleType
    session_id: str
    owner: str
    sequence: int
    time: UtcTime
    data: dict[str, Any]
    traceparent: str | None = None
    published: bool = False

    def event(self) -> LifecycleEvent:
        """Return it as subscribers get it."""
        return LifecycleEvent(
            id=self.id,
            type=self.type,
            session_id=self.session_id,
            owner=self.owner,
            sequence=self.sequence,
            time=self.time,
            data=self.data,
            traceparent=self.traceparent,
        )

    def entry(self) -> TimelineEntry:
        """Return it as a session's timeline shows it."""
        reason = self.data.get("reason")
        return TimelineEntry(
            id=self.id,
            type=self.type,
            time=self.time,
            reason=reason if isinstance(reason, str) else None,
            data=self.data,
        )
