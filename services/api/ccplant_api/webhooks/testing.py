"""``/api/v1/webhooks/test`` and ``…/examples``: what a payload would set off, and why, without setting anything off."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from ccplant_api.dispatches.standing import standing, target_words
from ccplant_api.errors.documented import error_answers
from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.triggers.words import Words, words_of, words_of_reason
from ccplant_api.webhooks.definition import checked_definition
from ccplant_api.webhooks.find import checked_webhook_id, no_such_webhook
from ccplant_contracts.dispatch import Target, reuse_target
from ccplant_contracts.ids import random_text
from ccplant_contracts.webhook import (
    CreateWebhook,
    TestedWebhook,
    TestWebhook,
    WebhookExample,
    WebhookExamples,
)
from ccplant_store.sessions.model import SessionListing
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.verdict import Verdict, judge

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

_NONCE_LENGTH = 16


@router.get(
    "/examples",
    operation_id="listWebhookExamples",
    response_model=WebhookExamples,
    responses=error_answers(),
)
async def examples(_caller: CallerDep) -> Response:
    """Show a payload for each event that has an example, to test with and to see what templates can use."""
    return answer(
        WebhookExamples(
            examples=tuple(
                WebhookExample(event=event, payload=dict(payload)) for event, payload in EXAMPLES.items()
            )
        )
    )


@router.post(
    "/test",
    operation_id="testWebhook",
    response_model=TestedWebhook,
    responses=error_answers(404, 413),
)
async def test(body: TestWebhook, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Tell what a payload would set off, by a saved webhook or a definition, and why; nothing is started or stored.

    How often it was called in the last hour is not looked at.
    """
    definition = await _definition(gateway, caller.user_id, body)
    payload = body.payload if body.payload is not None else _example(body.event)
    verdict = await asyncio.to_thread(
        judge, definition, body.event, payload, nonce=random_text(_NONCE_LENGTH)
    )
    target, reached = None, None
    if verdict.outcome == "dispatch":
        target = reuse_target(
            reuse=definition.reuse_session, session=definition.session_id, key=verdict.reuse_key
        )
        reached = await standing(gateway.store, caller.user_id, target)
    return answer(
        _tested(definition, verdict, target, reached, None if body.payload is not None else payload)
    )


async def _definition(gateway: Gateway, owner: str, body: TestWebhook) -> CreateWebhook:
    if body.definition is not None:
        # a form that edits a saved one has masks in the place of its secrets, and nothing here looks at them
        config = body.definition.config.model_copy(update={"env": {}, "mcp_servers": {}})
        return await checked_definition(gateway, owner, body.definition.model_copy(update={"config": config}))
    webhook = await gateway.store.webhooks.get_owned(checked_webhook_id(body.webhook_id or ""), owner)
    if webhook is None:
        raise no_such_webhook()
    return webhook.parsed()


def _example(event: str) -> Mapping[str, Any]:
    payload = EXAMPLES.get(event)
    if payload is None:
        raise invalid_field(
            "event", f"has no example here; give a payload, or one of these: {', '.join(EXAMPLES)}"
        )
    return payload


def _tested(
    definition: CreateWebhook,
    verdict: Verdict,
    target: Target | None,
    reached: SessionListing | None,
    example: Mapping[str, Any] | None,
) -> TestedWebhook:
    starts = target is not None and reached is None
    own = definition.repository is not None
    return TestedWebhook(
        outcome="dispatched" if verdict.outcome == "dispatch" else verdict.outcome,
        reason=verdict.reason,
        sentence=_sentence(verdict, target, reached),
        filters=verdict.filters,
        message=verdict.message,
        reuse_key=verdict.reuse_key,
        target=None if target is None else target_words(target),
        session_id=None if reached is None else reached.id,
        repository=(definition.repository or verdict.facts_of.clone_url) if starts else None,
        branch=definition.branch if starts and own else None,
        payload=None if example is None else dict(example),
    )


def _sentence(verdict: Verdict, target: Target | None, reached: SessionListing | None) -> Words:
    if verdict.outcome != "dispatch":
        return words_of_reason(verdict.outcome, verdict.reason, verdict.facts) or {}
    if reached is not None:
        code = "would_tell"
    else:
        code = "would_start" if target is None or target.kind == "new" else "would_start_in_place"
    return words_of(code, {"session_id": reached.id if reached is not None else ""}) or {}
