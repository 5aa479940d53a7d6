"""What the ingest, the scheduler and the orchestrator would write, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from ccplant_contracts.dispatch import DispatchSource, Target
from ccplant_contracts.ids import new_delivery_id, random_text
from ccplant_contracts.session import Mode, SessionConfig
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc, delivery_key
from ccplant_store.dispatches.model import DispatchDoc, StartDoc, new_dispatch
from ccplant_store.events.model import NewEvent

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
_ORDER = count(1)


async def received(
    store: Store, webhook_id: str, *, owner: str = "ann", payload: object = None, **fields: Any
) -> DeliveryDoc:
    """A delivery that was written and not processed yet."""
    order = next(_ORDER)
    github = f"github-{order}-{random_text(6)}"
    content = orjson.dumps({"action": "opened"} if payload is None else payload)
    at = AT + timedelta(milliseconds=order)
    delivery = DeliveryDoc(
        **{
            "id": new_delivery_id(),
            "webhook_id": webhook_id,
            "owner": owner,
            "github_delivery": github,
            "key": delivery_key(webhook_id, github),
            "event": "pull_request",
            "action": "opened",
            "order": order,
            "received_at": at,
            "updated_at": at,
            "size_bytes": len(content),
            "content_type": "application/json",
            "headers": {"x-github-event": "pull_request", "x-hub-signature-256": "sha256=abc"},
            "payload": content,
            "next_attempt_at": at,
            **fields,
        }
    )
    assert await store.deliveries.insert(delivery)
    return delivery


async def finished(
    store: Store, webhook_id: str, outcome: Any, *, delivery: DeliveryDoc | None = None, **fields: Any
) -> DeliveryDoc:
    """A delivery that came to nothing."""
    there = delivery or await received(store, webhook_id)
    told = {
        "webhook_id": webhook_id,
        "delivery_id": there.id,
        "github_delivery": there.github_delivery,
        "event": there.event,
        "reason": fields.get("reason"),
    }
    done = await store.deliveries.finish(
        there, outcome, at=there.received_at, event=NewEvent("delivery.ignored", told), **fields
    )
    assert done is not None
    return done


async def handed(store: Store, webhook_id: str, dispatch: DispatchDoc) -> DeliveryDoc:
    """A delivery of which a dispatch was made."""
    there = await received(store, webhook_id)
    added = await store.dispatches.add(dispatch)

    async def write(run: Any) -> bool:
        return await store.deliveries.hand_over(
            there, at=there.received_at, transaction=run, dispatch_id=added.id, message=dispatch.text
        )

    assert await store.transaction(write)
    return there


def dispatch(
    *, owner: str = "ann", source_id: str = "hook-1", target: Target | None = None, number: int = 1
) -> DispatchDoc:
    """A dispatch that waits."""
    order = next(_ORDER)
    return new_dispatch(
        owner=owner,
        source=DispatchSource(kind="webhook", id=source_id, name="reviews"),
        trigger=f"delivery:{order}:{random_text(6)}",
        target=target or Target("new"),
        text=f"Review number {order}.",
        start=StartDoc(name="reviews", mode=Mode.TASK, config=SessionConfig()),
        at=AT + timedelta(milliseconds=order),
        number=number,
    )
