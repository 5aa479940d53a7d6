"""Changing a webhook, and giving it another secret; both on the newest version of its document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ccplant_api.gateway import Gateway
from ccplant_api.http.idempotency import body_hash, earlier_answer, same_or_conflict
from ccplant_api.principals.authentication import Principal
from ccplant_api.webhooks.definition import changed_definition, checked_definition
from ccplant_api.webhooks.find import no_such_webhook
from ccplant_api.webhooks.secrets import answer_again, kept_answer, new_secret, required
from ccplant_contracts.errors import ConflictError
from ccplant_contracts.webhook import RotatedSecret, RotateSecret
from ccplant_platform.faults import fault_point
from ccplant_store.errors import AlreadyDoneError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.webhooks.model import WebhookDoc, secret_purpose

_TRIES = 20


async def patch_webhook(
    gateway: Gateway, caller: Principal, webhook: WebhookDoc, changes: dict[str, Any]
) -> WebhookDoc:
    """Apply what is given.

    Raises:
        InvalidRequestError: what it would be then is not possible.
        ConflictError: others change it all the time.
        NotFoundError: it was deleted meanwhile.
    """
    for _ in range(_TRIES):
        wanted = await checked_definition(
            gateway, caller.user_id, changed_definition(webhook.definition, changes), touched=changes
        )
        definition = wanted.model_dump(mode="json")
        if definition == webhook.definition:
            return webhook
        changed = await gateway.store.webhooks.change(
            webhook, set={"definition": definition, "name": wanted.name, "enabled": wanted.enabled}
        )
        if changed is not None:
            fault_point("api.intent.written")
            return changed
        webhook = await _newest(gateway, webhook)
    raise _too_fast()


async def rotate_secret(
    gateway: Gateway, caller: Principal, webhook: WebhookDoc, body: RotateSecret, *, key: str | None
) -> tuple[Mapping[str, Any], bool]:
    """Give a webhook a new secret; the one before it is good for a while as well.

    A client whose answer was lost asks again with the same key and gets the same secret: another rotation would end the
    grace of the one that GitHub still signs with.

    Raises:
        UnavailableError: secrets cannot be sealed here.
        ConflictError: others change it all the time, or the key was used with another body.
        NotFoundError: it was deleted meanwhile.
    """
    sealer = required(gateway.sealer)
    route, digest = f"rotate:{webhook.id}", body_hash(body)
    before = await earlier_answer(gateway.store.idempotency, caller.user_id, route, key, digest)
    if before is not None:
        return answer_again(before, sealer, webhook.id), True
    secret = new_secret()
    sealed = sealer.seal(secret, secret_purpose(webhook.id))
    for _ in range(_TRIES):
        now = gateway.clock.now()
        until = now + timedelta(minutes=body.grace_minutes) if body.grace_minutes else None
        made = RotatedSecret(webhook_id=webhook.id, secret=secret, old_secret_until=until).model_dump(
            mode="json"
        )
        try:
            changed = await gateway.store.webhooks.change(
                webhook,
                set={
                    "sealed_secret": sealed,
                    "old_sealed_secret": webhook.sealed_secret if until is not None else None,
                    "old_secret_until": until,
                    "secret_rotated_at": now,
                },
                idempotency=None
                if key is None
                else IdempotencyDoc(
                    id=idempotency_id(caller.user_id, route, key),
                    body_hash=digest,
                    resource_id=webhook.id,
                    response=kept_answer(made, sealed),
                    created_at=now,
                ),
            )
        except AlreadyDoneError as done:
            same_or_conflict(done.body_hash, digest, key or "")
            return answer_again(done.response or {}, sealer, webhook.id), True
        if changed is not None:
            fault_point("api.intent.written")
            return made, False
        webhook = await _newest(gateway, webhook)
    raise _too_fast()


async def _newest(gateway: Gateway, webhook: WebhookDoc) -> WebhookDoc:
    newest = await gateway.store.webhooks.get_owned(webhook.id, webhook.owner)
    if newest is None:
        raise no_such_webhook()
    return newest


def _too_fast() -> ConflictError:
    return ConflictError("The webhook changes too fast; try again.", details={"state": "changing"})
