"""Creating a webhook: checked as a whole, its secret made and sealed, written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_api.gateway import Gateway
from ccplant_api.http.idempotency import same_or_conflict
from ccplant_api.principals.authentication import Principal
from ccplant_api.triggers.limits import require_room
from ccplant_api.webhooks import views
from ccplant_api.webhooks.definition import checked_definition
from ccplant_api.webhooks.secrets import answer_again, kept_answer, new_secret, required
from ccplant_contracts.ids import new_webhook_id
from ccplant_contracts.webhook import CreatedWebhook, CreateWebhook
from ccplant_platform.faults import fault_point
from ccplant_store.errors import AlreadyDoneError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.webhooks.model import WebhookDoc, secret_purpose

_ROUTE = "webhooks"


async def create_webhook(
    gateway: Gateway,
    caller: Principal,
    body: CreateWebhook,
    delivery_base: str,
    *,
    key: str | None,
    digest: str,
) -> tuple[Mapping[str, Any], bool]:
    """Create a webhook; return the answer, and whether it is that of an earlier, equal request.

    Raises:
        InvalidRequestError: the definition is not possible here.
        QuotaExceededError: the owner has as many as allowed.
        UnavailableError: secrets cannot be sealed here.
        ConflictError: the key was used with another body.
    """
    sealer = required(gateway.sealer)
    store = gateway.store
    known = None if key is None else await store.idempotency.find(caller.user_id, _ROUTE, key)
    if known is not None:
        same_or_conflict(known.body_hash, digest, key or "")
        return answer_again(known.response or {}, sealer, known.resource_id), True
    _, there = await store.webhooks.list(caller.user_id, limit=1)
    require_room(there, gateway.settings.max_webhooks_per_owner, "webhooks")
    definition = await checked_definition(gateway, caller.user_id, body)
    now = gateway.clock.now()
    webhook_id, secret = new_webhook_id(), new_secret()
    sealed = sealer.seal(secret, secret_purpose(webhook_id))
    webhook = WebhookDoc(
        id=webhook_id,
        owner=caller.user_id,
        name=definition.name,
        enabled=definition.enabled,
        definition=definition.model_dump(mode="json"),
        sealed_secret=sealed,
        created_at=now,
        updated_at=now,
    )
    shown = views.webhook(webhook, delivery_base, None)
    answer = CreatedWebhook(**dict(shown), secret=secret).model_dump(mode="json")
    protected = None
    if key is not None:
        protected = IdempotencyDoc(
            id=idempotency_id(caller.user_id, _ROUTE, key),
            body_hash=digest,
            resource_id=webhook_id,
            response=kept_answer(answer, sealed),
            created_at=now,
        )
    try:
        await store.webhooks.insert(webhook, idempotency=protected)
    except AlreadyDoneError as done:
        same_or_conflict(done.body_hash, digest, key or "")
        return answer_again(done.response or {}, sealer, done.resource_id), True
    fault_point("api.intent.written")
    return answer, False
