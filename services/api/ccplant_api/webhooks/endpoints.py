"""``/api/v1/webhooks``: the resource itself, and its secret. What was sent to one is in `deliveries`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection
from starlette.responses import Response

from ccplant_api.dispatches.joining import fates
from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer, answer_json, no_content
from ccplant_api.http.base_url import base_url, delivery_base_url
from ccplant_api.http.idempotency import REPLAYED, IdempotencyKey, body_hash
from ccplant_api.http.pages import LimitQuery, OffsetQuery, page_fields
from ccplant_api.webhooks import views
from ccplant_api.webhooks.changing import patch_webhook, rotate_secret
from ccplant_api.webhooks.creation import create_webhook
from ccplant_api.webhooks.find import WebhookDep, WebhookIdPath, checked_webhook_id, no_such_webhook
from ccplant_contracts.webhook import (
    CreatedWebhook,
    CreateWebhook,
    PatchWebhook,
    RotatedSecret,
    RotateSecret,
    WebhookList,
    WebhookResource,
)
from ccplant_platform.faults import fault_point
from ccplant_store.webhooks.model import WebhookDoc

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


def _delivery_base(connection: HTTPConnection, gateway: GatewayDep) -> str:
    return delivery_base_url(base_url(connection, gateway.settings), gateway.settings)


DeliveryBaseDep = Annotated[str, Depends(_delivery_base)]
"""Where GitHub sends to, without the webhook's own path."""


async def _shown(
    gateway: Gateway, webhooks: Sequence[WebhookDoc], delivery_base: str
) -> tuple[WebhookResource, ...]:
    last = [item.last_delivery_id for item in webhooks if item.last_delivery_id is not None]
    deliveries = await gateway.store.deliveries.many(last) if last else {}
    owner = webhooks[0].owner if webhooks else ""
    joined = await fates(gateway, owner, [item.dispatch_id for item in deliveries.values()])

    def outcome(webhook: WebhookDoc) -> str | None:
        delivery = deliveries.get(webhook.last_delivery_id or "")
        return None if delivery is None else views.outcome_of(delivery, joined.of(delivery.dispatch_id))

    return tuple(views.webhook(item, delivery_base, outcome(item)) for item in webhooks)


@router.post(
    "",
    status_code=201,
    operation_id="createWebhook",
    response_model=CreatedWebhook,
    responses=error_answers(409, 413, 429),
)
async def create(
    body: CreateWebhook,
    caller: CallerDep,
    gateway: GatewayDep,
    delivery_base: DeliveryBaseDep,
    key: IdempotencyKey = None,
) -> Response:
    """Create a webhook. The answer has the address to send to, and the secret, which is shown this once."""
    made, repeated = await create_webhook(
        gateway, caller, body, delivery_base, key=key, digest=body_hash(body) if key is not None else ""
    )
    return answer_json(made, status=201, headers=REPLAYED if repeated else None)


@router.get("", operation_id="listWebhooks", response_model=WebhookList, responses=error_answers())
async def list_webhooks(
    caller: CallerDep,
    gateway: GatewayDep,
    delivery_base: DeliveryBaseDep,
    limit: LimitQuery = 50,
    offset: OffsetQuery = 0,
) -> Response:
    """List the caller's webhooks, the newest first."""
    found, total = await gateway.store.webhooks.list(caller.user_id, limit=limit + 1, offset=offset)
    return answer(
        WebhookList(
            webhooks=await _shown(gateway, found[:limit], delivery_base),
            **page_fields(total=total, limit=limit, offset=offset, more=len(found) > limit),
        )
    )


@router.get(
    "/{webhook_id}", operation_id="getWebhook", response_model=WebhookResource, responses=error_answers(404)
)
async def show(webhook: WebhookDep, gateway: GatewayDep, delivery_base: DeliveryBaseDep) -> Response:
    """Show a webhook."""
    return answer((await _shown(gateway, [webhook], delivery_base))[0])


@router.patch(
    "/{webhook_id}",
    operation_id="patchWebhook",
    response_model=WebhookResource,
    responses=error_answers(404, 409, 413),
)
async def patch(
    body: PatchWebhook,
    webhook: WebhookDep,
    caller: CallerDep,
    gateway: GatewayDep,
    delivery_base: DeliveryBaseDep,
) -> Response:
    """Change single fields; null takes one back to its default. Deliveries that are on record stay as they are."""
    changed = await patch_webhook(gateway, caller, webhook, body.changes())
    return answer((await _shown(gateway, [changed], delivery_base))[0])


@router.delete("/{webhook_id}", status_code=204, operation_id="deleteWebhook", responses=error_answers(404))
async def delete(webhook_id: WebhookIdPath, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Delete a webhook: it takes nothing more. What it set off goes on."""
    if not await gateway.store.webhooks.delete(checked_webhook_id(webhook_id), caller.user_id):
        raise no_such_webhook()
    fault_point("api.intent.written")
    return no_content()


@router.post(
    "/{webhook_id}/rotate-secret",
    operation_id="rotateWebhookSecret",
    response_model=RotatedSecret,
    responses=error_answers(404, 409, 413),
)
async def rotate(
    webhook: WebhookDep,
    caller: CallerDep,
    gateway: GatewayDep,
    body: RotateSecret | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Make a new secret, shown this once; the one before it is good for `grace_minutes` more."""
    made, repeated = await rotate_secret(gateway, caller, webhook, body or RotateSecret(), key=key)
    return answer_json(made, headers=REPLAYED if repeated else None)
