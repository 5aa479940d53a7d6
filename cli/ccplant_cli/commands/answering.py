"""`session cancel`, `permissions` and `answer`: what a chat does, for scripts."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.language import say
from ccplant_cli.references import find, path_of
from ccplant_cli.terminal import harmless


def cancel(
    context: Context,
    session: Reference,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="ID", help=say("help.cancel.prompt"))
    ] = None,
) -> None:
    with Client(context.target) as client:
        session_id = find(client, session).text("session_id")
        answer = client.post(f"{path_of(session_id)}/cancel", {"prompt_id": prompt} if prompt else {})
    if context.json:
        context.document(answer.fields)
    else:
        note(say("chat.cancelling"))


def permissions(
    context: Context,
    session: Reference,
    every: Annotated[bool, typer.Option("--all", help=say("help.permissions.all"))] = False,
) -> None:
    from ccplant_cli.tables import clock, table

    with Client(context.target) as client:
        session_id = find(client, session).text("session_id")
        answer = client.get(f"{path_of(session_id)}/permissions")
    shown = [item for item in answer.each("permissions") if every or item.text("state") == "pending"]
    if context.json:
        context.document({**answer.fields, "permissions": [item.fields for item in shown]})
        return
    rows = [
        (
            item.text("permission_id"),
            harmless(item.text("title")),
            ", ".join(
                f"{option.text('option_id')} ({option.text('kind')})" for option in item.each("options")
            ),
            item.inner("answer").text("kind") or item.text("state"),
            clock(item.time("expires_at")),
        )
        for item in shown
    ]
    if rows:
        table(("permission", "title", "options", "answer", "expires"), rows)
    else:
        note(say("permissions.none"))


def answer(
    context: Context,
    session: Reference,
    permission: Annotated[str, typer.Argument(metavar="PERMISSION", help=say("help.answer.permission"))],
    option: Annotated[str, typer.Argument(metavar="OPTION", help=say("help.answer.option"))],
) -> None:
    with Client(context.target) as client:
        session_id = find(client, session).text("session_id")
        answered = client.post(f"{path_of(session_id)}/permissions/{permission}", {"option": option})
    if context.json:
        context.document(answered.fields)
    else:
        note(say("chat.chosen", option=option))
