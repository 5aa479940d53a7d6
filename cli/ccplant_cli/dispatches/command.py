"""`ccplant dispatch …`: what webhooks and schedules set off, while it waits and after."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note, remote
from ccplant_cli.commands.arguments import Limit, Offset, more
from ccplant_cli.dispatches.messages import text
from ccplant_cli.terminal import harmless

app = typer.Typer(help=text("help"), no_args_is_help=True, rich_markup_mode=None, add_completion=False)

_ROOT = "/api/v1/dispatches"

DispatchId = Annotated[
    str, typer.Argument(metavar="DISPATCH", help=text("help.argument.dispatch"), show_default=False)
]


def _path(dispatch_id: str) -> str:
    return f"{_ROOT}/{quote(dispatch_id, safe='')}"


def list_dispatches(
    context: Context,
    every: Annotated[bool, typer.Option("--all", help=text("help.all"))] = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    with Client(context.target) as client:
        page = client.get(_ROOT, waiting=not every, limit=limit, offset=offset)
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.dispatches.details import row
    from ccplant_cli.tables import table

    rows = [row(item) for item in page.each("dispatches")]
    if not rows:
        note(text("none" if every else "none_waits"))
        return
    table(("id", "source", "outcome", "target", "session", "created", "message"), rows)
    more(page, len(rows), offset)


def show(context: Context, dispatch: DispatchId) -> None:
    with Client(context.target) as client:
        found = client.get(_path(dispatch))
    if context.json:
        context.document(found.fields)
        return
    from ccplant_cli.dispatches.details import rows
    from ccplant_cli.tables import pairs

    pairs(rows(found))
    typer.echo(f"\n{harmless(found.text('message'))}")


def cancel(context: Context, dispatch: DispatchId) -> None:
    with Client(context.target) as client:
        answer = client.request("DELETE", _path(dispatch))
    if context.json:
        context.document(answer.fields)
    else:
        note(text("done.cancelled", id=dispatch))


for name, body in (("list", list_dispatches), ("show", show), ("cancel", cancel)):
    app.command(name, help=text(f"help.command.{name}"))(remote(body))
