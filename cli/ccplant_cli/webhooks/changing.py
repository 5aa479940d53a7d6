"""`webhook create`, `edit`, `enable`, `disable`, `delete` and `rotate-secret`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands import trigger_actions
from ccplant_cli.commands.session_options import SessionOptions
from ccplant_cli.commands.trigger_actions import patch
from ccplant_cli.commands.trigger_options import Clear, Disabled, TriggerOptions, Yes
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
    disabled: Disabled = False,
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
    patch(context, WEBHOOKS, webhook, trigger.definition(options, filters.fields(), clear))


def enable(context: Context, webhook: Reference) -> None:
    patch(context, WEBHOOKS, webhook, {"enabled": True})


def disable(context: Context, webhook: Reference) -> None:
    patch(context, WEBHOOKS, webhook, {"enabled": False})


def delete(context: Context, webhook: Reference, yes: Yes = False) -> None:
    trigger_actions.delete(context, WEBHOOKS, webhook, yes=yes, question=text("confirm.delete"))


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
