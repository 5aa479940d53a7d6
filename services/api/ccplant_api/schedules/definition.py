"""Whether a schedule's definition can work: its configuration here, its expression and its zone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from ccplant_api.errors.validation import invalid_field, invalid_model
from ccplant_api.gateway import Gateway
from ccplant_api.triggers.definitions import checked_config, patched
from ccplant_contracts.schedule import CreateSchedule
from ccplant_triggers import cron
from ccplant_triggers.cron import CronError, FireTimes

_EVERYTHING = frozenset(CreateSchedule.model_fields)


def checked_times(expression: str, timezone: str) -> FireTimes:
    """Return when an expression fires.

    Raises:
        InvalidRequestError: expression or zone are wrong.
    """
    try:
        return cron.parse(expression, timezone)
    except CronError as error:
        raise invalid_field(error.field, error.message) from None


async def checked_definition(
    gateway: Gateway, owner: str, definition: CreateSchedule, *, touched: Collection[str] = _EVERYTHING
) -> CreateSchedule:
    """Return the definition with what this installation fills in.

    Of a change only what it touches is checked: a schedule whose agent is gone can still be disabled.

    Raises:
        InvalidRequestError: it is not possible here.
    """
    if "cron" in touched or "timezone" in touched:
        checked_times(definition.cron, definition.timezone)
    if "config" not in touched:
        return definition
    config = await checked_config(gateway, owner, definition.config)
    return definition.model_copy(update={"config": config})


def changed_definition(definition: Mapping[str, Any], changes: Mapping[str, Any]) -> CreateSchedule:
    """Return a stored definition with changes, checked as a whole.

    Raises:
        InvalidRequestError: the result is no definition.
    """
    try:
        return CreateSchedule.model_validate(patched(definition, changes))
    except ValidationError as error:
        raise invalid_model(error) from None
