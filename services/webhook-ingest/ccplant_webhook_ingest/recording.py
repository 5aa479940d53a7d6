"""Writes a delivery down before its sender hears that it arrived, once, and says what a repeat finds (W2).

The record is what is promised: an answer in the two hundreds is given when a majority of MongoDB has it on disk. A large
payload is written before its record, and is part of what must be there before the answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ccplant_contracts.ids import ALPHABET, new_delivery_id
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_platform.telemetry import TraceContext, continue_trace, parse_traceparent
from ccplant_store import Store
from ccplant_store.deliveries.model import INLINE_BYTES, DeliveryDoc, StoredOutcome, delivery_key
from ccplant_store.errors import StoreUnavailableError
from ccplant_store.events.model import NewEvent
from ccplant_store.webhooks.model import WebhookDoc
from ccplant_webhook_ingest.content import EventHeaders
from ccplant_webhook_ingest.lines import Lines

_TRIES = 3
_names = random.Random()
"""Of deliveries and traces, which are no secrets: a question to the system would let all other threads go first."""


def _text(length: int) -> str:
    return "".join(_names.choices(ALPHABET, k=length))


def _trace(parent: str | None) -> TraceContext:
    if parse_traceparent(parent) is not None:
        return continue_trace(parent)
    return TraceContext(f"{_names.getrandbits(128) or 1:032x}", f"{_names.getrandbits(64) or 1:016x}")


Shown = Literal["processing", "dispatched", "waiting", "ignored", "failed", "duplicate", "cancelled"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A signed delivery as it was read."""

    webhook: WebhookDoc
    head: EventHeaders
    headers: dict[str, str]
    content_type: str
    size_bytes: int
    payload: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the attempt to record."""

    delivery_id: str
    """Of a repeat: that of the first one."""
    outcome: Shown
    reason: str | None = None
    repeat: bool = False


class Recorder:
    """Records deliveries and hands them to the lines."""

    def __init__(
        self,
        store: Store,
        lines: Lines,
        clock: Clock,
        *,
        holder: str,
        lease: timedelta,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._wake = wake
        self._lines = lines
        self._clock = clock
        self._holder = holder
        self._lease = lease
        self._last_order = 0

    async def record(self, arrived: Arrived) -> Recorded:
        """Record what is to be processed.

        Raises:
            StoreUnavailableError: it is not known to be recorded; the sender must not take it for that.
        """
        delivery = self._new(arrived)
        slot = self._lines.reserve(arrived.webhook.id)
        if slot is not None:
            due = {"next_attempt_at": delivery.received_at + self._lease, "claimed_by": self._holder}
            delivery = delivery.model_copy(update=due)
            try:
                written = await self._insert(delivery)
                if isinstance(written, DeliveryDoc):
                    self._lines.fill(slot, written)
            finally:
                slot.drop()
        else:
            behind = self._lines.pass_by(arrived.webhook.id)
            try:
                written = await self._insert(delivery)
            finally:
                behind.done()
        return written if isinstance(written, Recorded) else Recorded(written.id, "processing")

    async def record_finished(
        self, arrived: Arrived, outcome: Literal["ignored", "failed"], reason: str, **found: object
    ) -> Recorded:
        """Record what needs no processing: a ping, or a body without a payload, which is no delivery to be repeated.

        Raises:
            StoreUnavailableError: as above.
        """
        delivery = self._new(arrived)
        done: dict[str, object] = {
            "state": "processed",
            "outcome": outcome,
            "reason": reason,
            "processed_at": delivery.received_at,
            "next_attempt_at": None,
            **found,
        }
        if outcome == "failed":
            done["key"] = None
        delivery = await self._with_payload(delivery.model_copy(update=done))
        event = NewEvent(
            "delivery.failed" if outcome == "failed" else "delivery.ignored",
            event_data(delivery, reason),
            delivery.traceparent,
        )
        if not await self._store.deliveries.insert_finished(delivery, event):
            await self._drop_payload(delivery)
            return await self._repeat(delivery) or Recorded(delivery.id, outcome, reason)
        return Recorded(delivery.id, outcome, reason)

    # --- writing

    def _new(self, arrived: Arrived) -> DeliveryDoc:
        now = self._clock.now()
        self._last_order = max(self._last_order + 1, time.time_ns() // 1_000)
        head = arrived.head
        return DeliveryDoc(
            id=new_delivery_id(_text),
            webhook_id=arrived.webhook.id,
            owner=arrived.webhook.owner,
            github_delivery=head.github_delivery,
            key=delivery_key(arrived.webhook.id, head.github_delivery),
            event=head.event,
            order=self._last_order,
            received_at=now,
            size_bytes=arrived.size_bytes,
            content_type=arrived.content_type[:200],
            headers=arrived.headers,
            payload=arrived.payload,
            next_attempt_at=now,
            traceparent=_trace(arrived.traceparent).header(),
            updated_at=now,
        )

    async def _insert(self, delivery: DeliveryDoc) -> DeliveryDoc | Recorded:
        """Write it, and return it as it was written, or what the repeat of another found."""
        for _ in range(_TRIES):
            written = await self._with_payload(delivery)
            if await self._store.deliveries.insert(written):
                fault_point("ingest.delivery.recorded")
                return written
            await self._drop_payload(written)
            found = await self._repeat(delivery)
            if found is not None:
                return found
        raise StoreUnavailableError("a delivery is there and is not, again and again")

    async def _with_payload(self, delivery: DeliveryDoc) -> DeliveryDoc:
        if delivery.payload is None or len(delivery.payload) <= INLINE_BYTES:
            return delivery
        blob_id = await self._store.deliveries.payloads.write(
            delivery.id, delivery.payload, at=delivery.received_at
        )
        fault_point("ingest.payload.written")
        return delivery.model_copy(update={"payload": None, "blob_id": blob_id})

    async def _drop_payload(self, delivery: DeliveryDoc) -> None:
        """Remove the payload of a repeat, which the first one has."""
        if delivery.blob_id is not None:
            await self._store.deliveries.payloads.drop(delivery.blob_id)

    # --- repeats

    async def _repeat(self, delivery: DeliveryDoc) -> Recorded | None:
        """Record a repeat, and have the first one processed again where it had failed; None: the first is gone."""
        first = await self._store.deliveries.first_of(delivery.webhook_id, delivery.github_delivery)
        if first is None:
            return None
        outcome, reason = await self._became(first)
        if outcome == "failed":
            # another may have been faster, or it is through by now: it is processed in any case
            await self._store.deliveries.replay(first, at=self._clock.now(), resent=True)
            outcome, reason = "processing", None
            fault_point("ingest.delivery.replayed")
        if outcome == "processing":
            self._wake()  # also where it was found half-done: the one who had it may be gone
        row = delivery.model_copy(
            update={
                "key": None,
                "payload": None,
                "blob_id": None,
                "state": "processed",
                "outcome": "duplicate",
                "duplicate_of": first.id,
                "processed_at": delivery.received_at,
                "next_attempt_at": None,
                "claimed_by": None,
                "action": first.action,
                "repository": first.repository,
                "ref": first.ref,
                "sender": first.sender,
            }
        )
        await self._store.deliveries.insert(row)
        return Recorded(first.id, outcome, reason, repeat=True)

    async def _became(self, first: DeliveryDoc) -> tuple[Shown, str | None]:
        if first.state == "received":
            return "processing", None
        if first.outcome != "handed":
            return _SHOWN[first.outcome or "failed"], first.reason
        dispatch = await self._store.dispatches.get(first.dispatch_id or "")
        if dispatch is None:
            return "dispatched", None  # resolved so long ago that its record is gone
        return dispatch.state, None if dispatch.failure is None else dispatch.failure.code


_SHOWN: dict[StoredOutcome, Shown] = {"ignored": "ignored", "failed": "failed", "duplicate": "duplicate"}


def event_data(delivery: DeliveryDoc, reason: str | None) -> dict[str, object]:
    """Return what subscribers are told of a delivery that started nothing; no text of its payload."""
    return {
        "webhook_id": delivery.webhook_id,
        "delivery_id": delivery.id,
        "github_delivery": delivery.github_delivery,
        "event": delivery.event,
        "reason": reason,
    }
