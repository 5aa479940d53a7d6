"""`ccplant volume …`: what sessions left on their volumes, and its removal."""

from __future__ import annotations

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note, remote
from ccplant_cli.commands.arguments import Limit, Offset, more
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.terminal import harmless

app = typer.Typer(help=say("help.volume"), no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@app.callback()
def group() -> None:
    """Volumes."""


def list_volumes(
    context: Context,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    with Client(context.target) as client:
        page = client.get("/api/v1/volumes", limit=limit, offset=offset)
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.tables import ago, table

    rows = [
        (
            volume.text("volume_id"),
            harmless(volume.text("session_name")) or volume.text("session_id"),
            volume.text("owner"),
            volume.text("size"),
            ago(volume.time("created_at")),
            say("volume.deleting") if volume.flag("deleting") else volume.text("in_use_by") or say("volume.free"),
        )
        for volume in page.each("volumes")
    ]  # fmt: skip
    if not rows:
        note(say("volume.none"))
        return
    table(("id", "last_session", "owner", "size", "created", "used_by"), rows)
    more(page, len(rows), offset)


def delete(
    context: Context,
    volume: Annotated[
        str, typer.Argument(metavar="VOLUME", help=say("help.argument.volume"), show_default=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("help.delete.yes"))] = False,
) -> None:
    if not yes:
        if not sys.stdin.isatty():
            raise CliError(say("error.volume_needs_yes"), Exit.USAGE)
        if not typer.confirm(say("confirm.volume", id=volume), err=True):
            raise typer.Exit(Exit.FAILED)
    with Client(context.target) as client:
        answer = client.request("DELETE", f"/api/v1/volumes/{quote(volume, safe='')}")
    if context.json:
        context.document(answer.fields)
    else:
        note(say("done.volume", id=volume))


app.command("list", help=say("help.volume.list"))(remote(list_volumes))
app.command("delete", help=say("help.volume.delete"))(remote(delete))
