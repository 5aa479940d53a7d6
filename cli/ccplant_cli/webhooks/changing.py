"""`webhook create`, `edit`, `enable`, `disable`, `delete` and `rotate-secret`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.session_options import SessionOptions
from ccplant_cli.commands.trigger_options import Clear, TriggerOptions, Yes
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.references import find
from ccplant_cli.webhooks.kind import WEBHOOKS, Reference
from ccplant_cli.webhooks.messages import text
from ccplant_cli.webhooks.options import FilterOptions
from ccplant_cli.webhooks.secrets import SecretFile, secret_file

SecretTo = Annotated[Path | None, typer.Option("--secret-to", metavar="FILE", help=text("help.secret_to"))]


def create(
    context: Context,
    *,
    trigger: TriggerOptions,
    filters: FilterOptions,
    options: SessionOptions,
    disabled: Annotated[bool, typer.Option("--disabled", help=text("help.disabled"))] = False,
    secret_to: SecretTo = None,
) -> None:
    own = filters.fields() | ({"enabled": False} if disabled else {})
    body = trigger.definition(options, own)
    with secret_file(secret_to) as kept, Client(context.target) as client:
        created = client.post(WEBHOOKS.root, body)
        secret = created.text("secret")
        shown = _kept(created.fields, secret, kept)
    if context.json:
        context.document(shown)
        return
    from ccplant_cli.webhooks.setting_up import told

    typer.echo(created.text("webhook_id"))
    note(told(created, secret, secret_to))


def _kept(fields: object, secret: str, kept: SecretFile | None) -> dict[str, object]:
    """Return a document without its secret, where that went into a file."""
    document = dict(fields) if isinstance(fields, dict) else {}
    if kept is not None:
        kept.write(secret)
        document.pop("secret", None)
    return document


def edit(
    context: Context,
    webhook: Reference,
    *,
    trigger: TriggerOptions,
    filters: FilterOptions,
    options: SessionOptions,
    clear: Clear = None,
) -> None:
    changes = trigger.definition(options, filters.fields(), clear)
    if not changes:
        raise CliError(text("error.nothing_changes"), Exit.USAGE)
    _patch(context, webhook, changes, "edited")


def enable(context: Context, webhook: Reference) -> None:
    _patch(context, webhook, {"enabled": True}, "enabled")


def disable(context: Context, webhook: Reference) -> None:
    _patch(context, webhook, {"enabled": False}, "disabled")


def _patch(context: Context, reference: str, changes: dict[str, object], done: str) -> None:
    with Client(context.target) as client:
        webhook_id = find(client, reference, WEBHOOKS).text("webhook_id")
        changed = client.request("PATCH", WEBHOOKS.path(webhook_id), body=changes)
    if context.json:
        context.document(changed.fields)
    else:
        note(text(f"done.{done}", id=webhook_id))


def delete(context: Context, webhook: Reference, yes: Yes = False) -> None:
    with Client(context.target) as client:
        document = find(client, webhook, WEBHOOKS)
        webhook_id = document.text("webhook_id")
        if not yes:
            if not sys.stdin.isatty():
                raise CliError(text("error.needs_yes"), Exit.USAGE)
            if not typer.confirm(text("confirm.delete", name=document.text("name")), err=True):
                raise typer.Exit(Exit.FAILED)
        client.request("DELETE", WEBHOOKS.path(webhook_id))
    if context.json:
        context.document({"webhook_id": webhook_id})
    else:
        note(text("done.deleted", id=webhook_id))


def rotate_secret(
    context: Context,
    webhook: Reference,
    grace: Annotated[
        int | None, typer.Option("--grace", metavar="MINUTES", min=0, max=10_080, help=text("help.grace"))
    ] = None,
    secret_to: SecretTo = None,
) -> None:
    from ccplant_cli.tables import clock

    with secret_file(secret_to) as kept, Client(context.target) as client:
        webhook_id = find(client, webhook, WEBHOOKS).text("webhook_id")
        body = {} if grace is None else {"grace_minutes": grace}
        answer = client.post(f"{WEBHOOKS.path(webhook_id)}/rotate-secret", body)
        secret = answer.text("secret")
        shown = _kept(answer.fields, secret, kept)
    if context.json:
        context.document(shown)
        return
    if secret_to is None:
        typer.echo(secret)
    else:
        note(text("secret_in_file", path=secret_to))
    until = answer.time("old_secret_until")
    note(text("rotated", at=clock(until)) if until else text("rotated_at_once"))
