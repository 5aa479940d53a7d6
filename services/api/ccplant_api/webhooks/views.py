"""From the documents of webhooks and deliveries to what clients see: pure, and masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ccplant_api.triggers.words import words_of, words_of_reason
from ccplant_contracts.dispatch import DispatchResource
from ccplant_contracts.session import MASK, Mode
from ccplant_contracts.webhook import DeliveryResource, DeliverySummary, Outcome, WebhookResource
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.webhooks.model import WebhookDoc

SHOWN_PAYLOAD_BYTES = 1_000_000
"""A larger payload is shown by its beginning: GitHub sends up to 25 MB."""
_BEGINNING = 64_000
_MOST_DEPTH = 100
_MASKED_HEADERS = frozenset({"authorization", "cookie", "x-hub-signature", "x-hub-signature-256"})


def webhook(doc: WebhookDoc, delivery_base: str, last_outcome: str | None) -> WebhookResource:
    """Return a webhook without its secret, its configuration masked."""
    definition = doc.parsed()
    shown = {name: getattr(definition, name) for name in type(definition).model_fields}
    mode = definition.mode or (Mode.INTERACTIVE if definition.reuse_session else Mode.TASK)
    return WebhookResource(
        **{**shown, "mode": mode, "config": definition.config.masked()},
        webhook_id=doc.id,
        owner=doc.owner,
        delivery_url=f"{delivery_base}/webhooks/{doc.id}",
        created_at=doc.created_at,
        updated_at=doc.updated_at,
        secret_rotated_at=doc.secret_rotated_at,
        old_secret_until=doc.old_secret_until,
        deliveries=doc.deliveries,
        last_delivery_at=doc.last_delivery_at,
        last_outcome=last_outcome,
        version=doc.version,
    )


def outcome_of(doc: DeliveryDoc, dispatch: DispatchResource | None) -> Outcome:
    """Return what became of a delivery; of one that was handed on, what became of its dispatch."""
    if doc.state == "received" or doc.outcome is None:
        return "processing"
    if doc.outcome != "handed":
        return doc.outcome
    return "dispatched" if dispatch is None else dispatch.state


def summary(doc: DeliveryDoc, dispatch: DispatchResource | None) -> DeliverySummary:
    """Return a delivery as lists show it."""
    return DeliverySummary(**_shared(doc, dispatch))


def delivery(doc: DeliveryDoc, dispatch: DispatchResource | None, payload: bytes | None) -> DeliveryResource:
    """Return a delivery in full; `payload` None: not kept, or not asked for."""
    shown, truncated = _payload(payload)
    return DeliveryResource(
        **_shared(doc, dispatch),
        filters=doc.filters,
        message=doc.message,
        headers=_headers(doc.headers),
        payload=shown,
        payload_truncated=truncated,
    )


def _shared(doc: DeliveryDoc, dispatch: DispatchResource | None) -> dict[str, Any]:
    outcome = outcome_of(doc, dispatch)
    reason = doc.reason if outcome in ("ignored", "failed") else None
    words = words_of_reason(outcome, reason, doc.facts)
    if outcome == "duplicate":
        words = words_of("delivery_duplicate")
    if dispatch is not None and dispatch.failure is not None:
        reason, words = dispatch.failure.code, dispatch.failure.message
    elif dispatch is not None and outcome == "waiting" and dispatch.waiting_for is not None:
        reason, words = dispatch.waiting_for, words_of_reason("waiting", dispatch.waiting_for, {})
    return {
        "delivery_id": doc.id,
        "webhook_id": doc.webhook_id,
        "github_delivery": doc.github_delivery,
        "event": doc.event,
        "action": doc.action,
        "repository": doc.repository,
        "ref": doc.ref,
        "sender": doc.sender,
        "received_at": doc.received_at,
        "processed_at": doc.processed_at,
        "size_bytes": doc.size_bytes,
        "outcome": outcome,
        "reason": reason,
        "reason_message": words,
        "place": None if dispatch is None else dispatch.place,
        "waiting_for": None if dispatch is None else dispatch.waiting_for,
        "duplicate_of": doc.duplicate_of,
        "session_id": None if dispatch is None else dispatch.session_id,
        "prompt_id": None if dispatch is None else dispatch.prompt_id,
        "dispatch_id": doc.dispatch_id,
        "replays": doc.replays,
    }


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: MASK if name.lower() in _MASKED_HEADERS else value for name, value in headers.items()}


def _payload(payload: bytes | None) -> tuple[Any, bool]:
    if payload is None:
        return None, False
    if len(payload) > SHOWN_PAYLOAD_BYTES:
        return payload[:_BEGINNING].decode("utf-8", "replace"), True
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode("utf-8", "replace"), False
    if _deeper(value, _MOST_DEPTH):
        return payload.decode("utf-8", "replace"), False
    return _masked(value), False


def _deeper(value: object, levels: int) -> bool:
    """Tell whether a value is nested more deeply than can be written again."""
    if not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(item, levels - 1) for item in items)


def _masked(payload: Any) -> Any:
    """Mask the places where senders are known to put the webhook's own secret."""
    if not isinstance(payload, dict):
        return payload
    shown = {**payload, "secret": MASK} if isinstance(payload.get("secret"), str) else payload
    hook = shown.get("hook")
    if isinstance(hook, dict) and isinstance(hook.get("config"), dict) and "secret" in hook["config"]:
        return {**shown, "hook": {**hook, "config": {**hook["config"], "secret": MASK}}}
    return shown
