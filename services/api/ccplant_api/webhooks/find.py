"""The caller's webhook, or the same 404 whether it is another's or nobody's."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_api.triggers.ids import checked_id, not_found
from ccplant_contracts.errors import NotFoundError
from ccplant_store.webhooks.model import WebhookDoc

WebhookIdPath = Annotated[str, Path(description="The webhook's id.", examples=["hook-0123456789abcdef"])]
_THING = "webhook"


def no_such_webhook() -> NotFoundError:
    """Return the one answer for what is not there and what is another's."""
    return not_found(_THING)


def checked_webhook_id(text: str) -> str:
    """Return the id where it can be one at all.

    Raises:
        NotFoundError: no webhook is called so.
    """
    return checked_id(text, "hook", _THING)


async def owned(webhook_id: WebhookIdPath, caller: CallerDep, gateway: GatewayDep) -> WebhookDoc:
    """Return the caller's webhook.

    Raises:
        NotFoundError: there is none of this id, or it is another's.
    """
    webhook = await gateway.store.webhooks.get_owned(checked_webhook_id(webhook_id), caller.user_id)
    if webhook is None:
        raise no_such_webhook()
    return webhook


WebhookDep = Annotated[WebhookDoc, Depends(owned)]
"""The webhook that the path names, of this caller."""
