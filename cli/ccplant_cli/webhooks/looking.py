"""`webhook list`, `show`, `deliveries`, `delivery` and `replay`."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Limit, Offset, more
from ccplant_cli.commands.trigger_actions import print_definition
from ccplant_cli.commands.trigger_options import Definition
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.references import find
from ccplant_cli.terminal import harmless
from ccplant_cli.webhooks.kind import DEFINITION, WEBHOOKS, DeliveryId, Reference, deliveries_path
from ccplant_cli.webhooks.messages import text


class Outcome(StrEnum):
    """As the API names them."""

    PROCESSING = "processing"
    DISPATCHED = "dispatched"
    WAITING = "waiting"
    IGNORED = "ignored"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"


def list_webhooks(context: Context, limit: Limit = 50, offset: Offset = 0) -> None:
    with Client(context.target) as client:
        page = client.get(WEBHOOKS.root, limit=limit, offset=offset)
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.outcomes import badge
    from ccplant_cli.tables import ago, table
    from ccplant_cli.trigger_details import enabled

    rows = [
        (
            webhook.text("webhook_id"),
            harmless(webhook.text("name")),
            enabled(webhook),
            ", ".join(webhook.texts("events")),
            str(webhook.integer("deliveries")),
            ago(webhook.time("last_delivery_at")),
            badge(webhook.text("last_outcome")) if "last_outcome" in webhook else "-",
        )
        for webhook in page.each("webhooks")
    ]
    if not rows:
        note(text("none"))
        return
    table(("id", "name", "status", "events", "deliveries", "last_delivery", "outcome"), rows)
    more(page, len(rows), offset)


def show(context: Context, webhook: Reference, definition: Definition = False) -> None:
    from ccplant_cli.tables import pairs
    from ccplant_cli.webhooks.details import webhook_rows

    with Client(context.target) as client:
        document = find(client, webhook, WEBHOOKS)
    if definition:
        print_definition(context, document, DEFINITION)
    elif context.json:
        context.document(document.fields)
    else:
        pairs(webhook_rows(document))


def deliveries(
    context: Context,
    webhook: Reference,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help=text("help.outcome"))] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    with Client(context.target) as client:
        webhook_id = find(client, webhook, WEBHOOKS).text("webhook_id")
        page = client.get(
            deliveries_path(webhook_id), limit=limit, offset=offset, outcome=outcome.value if outcome else None,
        )  # fmt: skip
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.outcomes import outcome_of
    from ccplant_cli.tables import ago, table
    from ccplant_cli.webhooks.details import event_of

    rows = [
        (
            delivery.text("delivery_id"),
            event_of(delivery),
            harmless(delivery.text("repository")) or "-",
            harmless(delivery.text("ref")) or "-",
            ago(delivery.time("received_at")),
            outcome_of(delivery),
            delivery.text("session_id") or delivery.text("duplicate_of") or "-",
        )
        for delivery in page.each("deliveries")
    ]
    if not rows:
        note(text("no_deliveries"))
        return
    table(("id", "event", "repository", "ref", "received", "outcome", "session"), rows)
    more(page, len(rows), offset)


def delivery(
    context: Context,
    webhook: Reference,
    delivery_id: DeliveryId,
    payload: Annotated[bool, typer.Option("--payload", help=text("help.payload_only"))] = False,
) -> None:
    with Client(context.target) as client:
        webhook_id = find(client, webhook, WEBHOOKS).text("webhook_id")
        found = client.get(deliveries_path(webhook_id, delivery_id), payload=payload or context.json)
    if payload:
        _print_payload(found)
    elif context.json:
        context.document(found.fields)
    else:
        _shown(found)


def _print_payload(found: Document) -> None:
    if found.flag("payload_truncated") or "payload" not in found:
        raise CliError(text("error.payload_gone"), Exit.NOT_FOUND)
    indent = 2 if sys.stdout.isatty() else None
    shown = json.dumps(found.fields.get("payload"), ensure_ascii=False, indent=indent)
    typer.echo(harmless(shown) if sys.stdout.isatty() else shown)


def _shown(found: Document) -> None:
    from ccplant_cli.tables import pairs
    from ccplant_cli.webhooks.details import delivery_rows, filters

    pairs(delivery_rows(found))
    typer.echo()
    filters(tuple(found.each("filters")))
    if message := found.text("message"):
        typer.echo(f"\n{harmless(message)}")


def replay(context: Context, webhook: Reference, delivery_id: DeliveryId) -> None:
    with Client(context.target) as client:
        webhook_id = find(client, webhook, WEBHOOKS).text("webhook_id")
        answer = client.post(deliveries_path(webhook_id, delivery_id) + "/replay")
    if context.json:
        context.document(answer.fields)
    else:
        note(text("done.replayed", id=delivery_id, webhook=webhook_id))
