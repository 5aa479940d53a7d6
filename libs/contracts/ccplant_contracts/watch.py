"""What the control plane tells the gateways that have viewers: hints and announcements, both safe to lose."""

from __future__ import annotations

from typing import Any, Literal

from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.stream import StreamEvent


class Hint(Message):
    """A document has a newer version, or there is a newer sample (`activity`, which comes whole)."""

    kind: Literal["session", "prompt", "permission", "activity"]
    id: str
    version: int = 0
    activity: Activity | None = None


class Activity(Message):
    """What changes all the time and has a sample time instead of a version."""

    updated_at: UtcTime
    resources: dict[str, Any] | None = None
    pod_status: dict[str, Any] | None = None
    reachable: bool | None = None
    agent_state: str | None = None
    step: str | None = None
    sampled_at: UtcTime


class Stored(Message):
    """MongoDB holds the stream up to `stored_to`; the events themselves where they are small."""

    stored_to: int
    events: tuple[StreamEvent, ...] = ()
    closed: bool = False
    """Whether nothing follows: the transcript has its end."""


Hint.model_rebuild()
