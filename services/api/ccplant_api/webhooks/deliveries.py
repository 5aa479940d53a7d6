"""``…/webhooks/{id}/deliveries``: what was sent, what became of it and why, and having it processed again."""

from __future__ import annotations

import asyncio
import functools
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ccplant_api.dispatches.joining import fates
from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer, answer_json
from ccplant_api.http.idempotency import REPLAYED, IdempotencyKey, earlier_answer
from ccplant_api.http.pages import LimitQuery, OffsetQuery, page_fields
from ccplant_api.triggers.ids import checked_id, not_found
from ccplant_api.webhooks import views
from ccplant_api.webhooks.find import WebhookDep
from ccplant_contracts import subjects
from ccplant_contracts.dispatch import DispatchResource
from ccplant_contracts.errors import ConflictError, NotFoundError
from ccplant_contracts.webhook import DeliveryList, DeliveryResource, DeliverySummary, Outcome
from ccplant_platform.faults import fault_point
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id

router = APIRouter(prefix="/api/v1/webhooks/{webhook_id}/deliveries", tags=["webhooks"])

DeliveryIdPath = Annotated[str, Path(description="The delivery's id.", examples=["dlv-0123456789abcdef"])]
_THING = "delivery"
_IN_A_THREAD_BYTES = 32_000
_NO_BODY = ""
"""The digest of what a replay is asked with."""


def _no_such_delivery() -> NotFoundError:
    return not_found(_THING)


async def _found(gateway: Gateway, webhook_id: str, delivery_id: str, owner: str) -> DeliveryDoc:
    found = await gateway.store.deliveries.get_owned(
        webhook_id, checked_id(delivery_id, "dlv", _THING), owner
    )
    if found is None:
        raise _no_such_delivery()
    return found


@router.get("", operation_id="listDeliveries", response_model=DeliveryList, responses=error_answers(404))
async def list_deliveries(
    webhook: WebhookDep,
    gateway: GatewayDep,
    outcome: Annotated[
        Outcome | None, Query(description="Only deliveries of which this became; of the newest 10,000.")
    ] = None,
    limit: LimitQuery = 50,
    offset: OffsetQuery = 0,
) -> Response:
    """List what was sent to a webhook, the newest first, and what became of each; kept for 30 days."""
    found, total = await gateway.store.deliveries.list_by(
        webhook.id, outcome=outcome, limit=limit + 1, offset=offset
    )
    page = found[:limit]
    joined = await fates(gateway, webhook.owner, [item.dispatch_id for item in page])
    return answer(
        DeliveryList(
            deliveries=tuple(views.summary(item, joined.of(item.dispatch_id)) for item in page),
            **page_fields(total=total, limit=limit, offset=offset, more=len(found) > limit),
        )
    )


@router.get(
    "/{delivery_id}",
    operation_id="getDelivery",
    response_model=DeliveryResource,
    responses=error_answers(404),
)
async def show(
    delivery_id: DeliveryIdPath,
    webhook: WebhookDep,
    gateway: GatewayDep,
    payload: Annotated[
        bool, Query(description="Whether the payload is shown; over 1 MB, its beginning as text.")
    ] = True,
) -> Response:
    """Show a delivery: each filter's verdict, what the agent was told, and what GitHub sent."""
    found = await _found(gateway, webhook.id, delivery_id, webhook.owner)
    joined = await fates(gateway, webhook.owner, [found.dispatch_id])
    content = await gateway.store.deliveries.payload(found) if payload else None
    shown = functools.partial(_shown, found, joined.of(found.dispatch_id), content)
    if content is not None and len(content) > _IN_A_THREAD_BYTES:
        return await asyncio.to_thread(shown)  # up to a megabyte is read, looked through and written again
    return shown()


def _shown(found: DeliveryDoc, dispatch: DispatchResource | None, content: bytes | None) -> Response:
    return answer(views.delivery(found, dispatch, content))


@router.post(
    "/{delivery_id}/replay",
    status_code=202,
    operation_id="replayDelivery",
    response_model=DeliverySummary,
    responses=error_answers(404, 409),
)
async def replay(
    delivery_id: DeliveryIdPath,
    webhook: WebhookDep,
    caller: CallerDep,
    gateway: GatewayDep,
    key: IdempotencyKey = None,
) -> Response:
    """Have a delivery processed again, by the definition as it is now; what it set off before stays.

    A repeat has no payload of its own: replay the delivery that it repeats (`duplicate_of`).
    """
    found = await _found(gateway, webhook.id, delivery_id, caller.user_id)
    keys, route = gateway.store.idempotency, f"replay:{found.id}"
    before = await earlier_answer(keys, caller.user_id, route, key, _NO_BODY)
    if before is not None:
        return answer_json(before, status=202, headers=REPLAYED)
    now = gateway.clock.now()

    def protected(again: DeliveryDoc) -> IdempotencyDoc:
        return IdempotencyDoc(
            id=idempotency_id(caller.user_id, route, key or ""),
            body_hash=_NO_BODY,
            resource_id=again.id,
            response=views.summary(again, None).model_dump(mode="json"),
            created_at=now,
        )

    again = await gateway.store.deliveries.replay(
        found, at=now, idempotency=None if key is None else protected
    )
    if again is None:
        # the same request may have been faster
        before = await earlier_answer(keys, caller.user_id, route, key, _NO_BODY)
        if before is None:
            raise _refused(found)
        return answer_json(before, status=202, headers=REPLAYED)
    fault_point("api.intent.written")
    gateway.bus.wake(subjects.WAKE_DELIVERIES)
    return answer(views.summary(again, None), status=202)


def _refused(delivery: DeliveryDoc) -> ConflictError:
    if delivery.outcome == "duplicate":
        return ConflictError(
            "It is a repeat of another delivery; replay that one.",
            details={"state": "duplicate", "duplicate_of": delivery.duplicate_of},
        )
    return ConflictError(
        "It is being processed; replay it when it has an outcome.",
        details={"state": "processing", "delivery_id": delivery.id},
    )
