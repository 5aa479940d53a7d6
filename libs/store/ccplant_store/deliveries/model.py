"""The record of one delivery to a webhook.

It is written before the sender hears that it arrived, and holds all that is needed to go on from there in another
process. What became of it is written once for each time it is processed (`replays`); what became of the dispatch that it
was handed to is not copied here: whoever shows it asks the dispatch.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ccplant_contracts.base import UtcTime
from ccplant_contracts.webhook import FilterVerdict
from ccplant_store.documents import Document

DeliveryState = Literal["received", "processed"]
StoredOutcome = Literal["ignored", "failed", "handed", "duplicate"]
"""`handed`: a dispatch was made of it."""

KEPT_SECONDS = 30 * 24 * 3600
"""How long a delivery is kept; a repeat is recognised for as long."""
INLINE_BYTES = 256_000
"""A larger payload lies beside the record, in GridFS."""


class DeliveryDoc(Document):
    """A delivery."""

    webhook_id: str
    owner: str
    github_delivery: str
    """`X-GitHub-Delivery`: the sender's own id."""
    key: str | None = None
    """`delivery_key`: unique; None on repeats and on what made no sense, which never stand in the way of a good one."""
    event: str
    action: str | None = None
    repository: str | None = None
    ref: str | None = None
    sender: str | None = None
    order: int
    """Microseconds; strictly ascending in the process that received it, so that the order of receipt is told."""
    received_at: UtcTime
    processed_at: UtcTime | None = None
    size_bytes: int
    content_type: str
    headers: dict[str, str] = Field(default_factory=dict)
    payload: bytes | None = None
    """JSON, also where it came as a form; None: in a blob, or not asked for, or of a repeat."""
    blob_id: str | None = None
    state: DeliveryState = "received"
    outcome: StoredOutcome | None = None
    reason: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    filters: tuple[FilterVerdict, ...] = ()
    message: str | None = None
    reuse_key: str | None = None
    dispatch_id: str | None = None
    duplicate_of: str | None = None
    replays: int = 0
    resent: bool = False
    """Whether it is processed again because its sender repeated it, not because its owner asked for it."""
    attempts: int = 0
    """How often it was taken up since it was received or replayed; 0: by the process that received it."""
    begun: int = 0
    """How often its processing began after it had been taken up as often as allowed."""
    next_attempt_at: UtcTime | None = None
    """While it is `received`: from then on any process may take it. Whoever works on it moves that ahead of itself."""
    claimed_by: str | None = None
    traceparent: str | None = None
    event_seq: int = 0
    event_at: UtcTime | None = None
    updated_at: UtcTime

    @property
    def trigger(self) -> str:
        """The name of what this time of processing may start, once."""
        return f"delivery:{self.id}:{self.replays}"


def delivery_key(webhook_id: str, github_delivery: str) -> str:
    """Return what two deliveries share of which one is a repeat of the other."""
    return f"{webhook_id}:{github_delivery}"
