"""What is done to webhooks and schedules alike: shown as a definition, changed, deleted."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.definition import as_yaml
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.references import Kind, find


def print_definition(context: Context, item: Document, fields: Sequence[str]) -> None:
    """Print what makes another one like it, as `--file` reads it."""
    from ccplant_cli.trigger_details import definition_of

    found = definition_of(item, fields)
    if context.json:
        context.document(found)
    else:
        typer.echo(as_yaml(found), nl=False)


def patch(context: Context, kind: Kind, reference: str, changes: Mapping[str, object]) -> Document | None:
    """Change one; returns it where there is more to tell about it than that.

    Raises:
        CliError: nothing is to change, or the server refused.
    """
    if not changes:
        raise CliError(say("error.nothing_changes"), Exit.USAGE)
    with Client(context.target) as client:
        item_id = find(client, reference, kind).text(kind.field)
        changed = client.request("PATCH", kind.path(item_id), body=changes)
    if context.json:
        context.document(changed.fields)
        return None
    toggled = tuple(changes) == ("enabled",)
    done = ("enabled" if changes["enabled"] else "disabled") if toggled else "edited"
    note(say(f"done.{done}", id=item_id))
    return changed


def delete(context: Context, kind: Kind, reference: str, *, yes: bool, question: str) -> None:
    """Delete one; a script has to say yes.

    Raises:
        CliError: nobody said yes, or the server refused.
    """
    with Client(context.target) as client:
        item = find(client, reference, kind)
        item_id = item.text(kind.field)
        if not yes:
            if not sys.stdin.isatty():
                raise CliError(say("error.needs_yes"), Exit.USAGE)
            if not typer.confirm(question.format(name=item.text("name")), err=True):
                raise typer.Exit(Exit.FAILED)
        client.request("DELETE", kind.path(item_id))
    if context.json:
        context.document({kind.field: item_id})
    else:
        note(say("done.deleted", id=item_id))
