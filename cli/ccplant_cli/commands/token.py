"""`ccplant token create`: an API token, for oneself or, as an admin, for another user."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note, remote
from ccplant_cli.language import say

app = typer.Typer(help=say("help.token"), no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@app.callback()
def group() -> None:
    """API tokens."""


def create(
    context: Context,
    user: Annotated[
        str | None, typer.Option("--user", "-u", metavar="NAME", help=say("help.token.user"))
    ] = None,
    name: Annotated[str, typer.Option("--name", help=say("help.token.name"))] = "ccplant token create",
    admin: Annotated[bool, typer.Option("--admin", help=say("help.token.admin"))] = False,
) -> None:
    body: dict[str, object] = {"name": name}
    if user is not None:
        body["user"] = user
    if admin:
        body["role"] = "admin"
    with Client(context.target) as client:
        created = client.post("/api/v1/api-keys", body)
    if context.json:
        context.document(created.fields)
        return
    typer.echo(created.text("token"))
    note(say("token.once", user=created.text("user")))


app.command("create", help=say("help.token.create"))(remote(create))
