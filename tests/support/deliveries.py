"""Webhooks and deliveries as tests of the store and of its users need them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from ccplant_contracts.ids import new_delivery_id, new_webhook_id
from ccplant_contracts.webhook import CreateWebhook
from ccplant_store.deliveries.model import DeliveryDoc, delivery_key
from ccplant_store.webhooks.model import WebhookDoc
from tests.support.documents import OWNER

NOW = datetime.now(UTC).replace(microsecond=0)
"""Not long ago: MongoDB removes deliveries of a month ago by the machine's clock."""

_orders = itertools.count(1_000_000)


def webhook_document(**changes: Any) -> WebhookDoc:
    """A new webhook that reacts to pull requests."""
    name = str(changes.get("name", "reviews"))
    fields: dict[str, Any] = {
        "id": new_webhook_id(),
        "owner": OWNER,
        "name": name,
        "definition": CreateWebhook(name=name, events=("pull_request",)).model_dump(mode="json"),
        "sealed_secret": "sealed",
        "created_at": NOW,
        "updated_at": NOW,
        **changes,
    }
    return WebhookDoc(**fields)


def delivery_document(webhook: WebhookDoc, github_delivery: str = "g-1", **changes: Any) -> DeliveryDoc:
    """A delivery that was just received."""
    payload = changes.get("payload", b"{}")
    fields: dict[str, Any] = {
        "id": new_delivery_id(),
        "webhook_id": webhook.id,
        "owner": webhook.owner,
        "github_delivery": github_delivery,
        "key": delivery_key(webhook.id, github_delivery),
        "event": "pull_request",
        "order": next(_orders),
        "received_at": NOW,
        "size_bytes": len(payload or b""),
        "content_type": "application/json",
        "payload": payload,
        "next_attempt_at": NOW,
        "updated_at": NOW,
        **changes,
    }
    return DeliveryDoc(**fields)
