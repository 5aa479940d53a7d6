"""Whether a webhook's definition can work: its configuration here, and its templates on what GitHub sends.

A template that fails does so for whoever writes it, while they write it, and not at night for a delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from ccplant_api.errors.validation import invalid_field, invalid_model
from ccplant_api.gateway import Gateway
from ccplant_api.triggers.definitions import checked_config, patched
from ccplant_contracts.webhook import CreateWebhook
from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.verdict import check_definition

_EVERYTHING = frozenset(CreateWebhook.model_fields)
_TEMPLATES = frozenset({"condition", "message", "reuse_key", "events"})
"""What templates are tried on are the examples of the events."""


async def checked_definition(
    gateway: Gateway, owner: str, definition: CreateWebhook, *, touched: Collection[str] = _EVERYTHING
) -> CreateWebhook:
    """Return the definition with what this installation fills in.

    Of a change only what it touches is checked: a webhook whose agent is gone can still be disabled.

    Raises:
        InvalidRequestError: it is not possible here, or one of its templates does not work.
    """
    if not _TEMPLATES.isdisjoint(touched):
        try:
            await asyncio.to_thread(
                check_definition, definition
            )  # bounded, and still no work for the event loop
        except TemplateError as error:
            raise invalid_field(
                error.field or "body", error.message, line=error.line, text=error.text.model_dump()
            ) from None
    if "config" not in touched:
        return definition
    config = await checked_config(gateway, owner, definition.config)
    return definition.model_copy(update={"config": config})


def changed_definition(definition: Mapping[str, Any], changes: Mapping[str, Any]) -> CreateWebhook:
    """Return a stored definition with changes, checked as a whole.

    Raises:
        InvalidRequestError: the result is no definition.
    """
    try:
        return CreateWebhook.model_validate(patched(definition, changes))
    except ValidationError as error:
        raise invalid_model(error) from None
