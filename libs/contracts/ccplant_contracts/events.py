"""Lifecycle events as other services get them: CloudEvents 1.0 over NATS, binary mode (W5).

The headers are CloudEvents' attributes as ``ce-…``; the body is `data` as JSON; ``Nats-Msg-Id`` is the event's id. The
promise: at least once, numbered per session without a gap (`sequence`), in order per session.
"""

from __future__ import annotations

from typing import Any, Literal

from ccplant_contracts.base import Input, Message, UtcTime, rfc3339

SOURCE = "/ccplant"

LifecycleType = Literal[
    "session.created", "session.launched", "session.running", "session.stop_requested", "session.extended",
    "session.completed", "session.failed", "session.terminated", "session.deleted", "session.purged", "session.unreachable",
    "session.reachable", "prompt.queued", "prompt.started", "prompt.ended", "permission.requested", "permission.answered",
    "dispatch.created", "dispatch.dispatched", "dispatch.failed", "dispatch.cancelled", "dispatch.requeued",
    "delivery.ignored", "delivery.failed", "schedule.missed", "schedule.skipped",
]  # fmt: skip


class Republish(Input):
    """Body of ``POST /api/v1/events/republish``."""

    since: UtcTime
    """Everything that happened from then on."""


class Republishing(Message):
    """What is published again."""

    since: UtcTime
    events: int
    """How many; they are on their way, not necessarily there."""


class LifecycleEvent(Message):
    """One event of a session's life, or of what a trigger started."""

    id: str
    type: LifecycleType
    session_id: str
    """What it is about: a session, and of the events of triggers the dispatch, delivery or schedule."""
    owner: str
    sequence: int
    time: UtcTime
    data: dict[str, Any]
    traceparent: str | None = None


def cloud_event_headers(event: LifecycleEvent) -> dict[str, str]:
    """Return the NATS headers of an event."""
    headers = {
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-source": SOURCE,
        "ce-type": f"ccplant.{event.type}",
        "ce-subject": event.session_id,
        "ce-time": rfc3339(event.time),
        "ce-datacontenttype": "application/json",
        "ce-sequence": str(event.sequence),
        "ce-owner": event.owner,
        "Nats-Msg-Id": event.id,
    }
    if event.traceparent:
        headers["ce-traceparent"] = event.traceparent
    return headers
