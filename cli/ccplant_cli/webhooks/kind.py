"""Webhooks as a kind of thing that has an id and a name."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from ccplant_cli.references import Kind
from ccplant_cli.webhooks.messages import text

WEBHOOKS = Kind(
    "webhooks", "webhook_id", "hook-",
    absent=lambda reference: text("none_fits", reference=reference),
    ambiguous=lambda reference, which: text("several_fit", reference=reference, which=which),
)  # fmt: skip

DEFINITION = (
    "name", "enabled", "events", "actions", "repositories", "branches", "pull_request_labels", "paths", "senders",
    "ignore_bots", "condition", "message", "repository", "branch", "labels", "mode", "config", "reuse_session",
    "session_id", "reuse_key", "max_dispatches_per_hour", "auto_delete_on_complete", "auto_delete_after_hours",
)  # fmt: skip
"""The fields that make one."""

Reference = Annotated[
    str, typer.Argument(metavar="WEBHOOK", help=text("help.argument.webhook"), show_default=False)
]
DeliveryId = Annotated[
    str, typer.Argument(metavar="DELIVERY", help=text("help.argument.delivery"), show_default=False)
]


def deliveries_path(webhook_id: str, delivery_id: str = "") -> str:
    """Return the API path of a webhook's deliveries, or of one of them."""
    one = f"/{quote(delivery_id, safe='')}" if delivery_id else ""
    return f"{WEBHOOKS.path(webhook_id)}/deliveries{one}"
