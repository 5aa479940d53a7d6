"""`session stop`, `complete`, `delete` and `extend`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.references import find, path_of


def stop(context: Context, session: Reference) -> None:
    _act(context, session, "stop")


def complete(context: Context, session: Reference) -> None:
    _act(context, session, "complete")


def _act(context: Context, reference: str, action: str) -> None:
    with Client(context.target) as client:
        session_id = find(client, reference).text("session_id")
        answer = client.post(f"{path_of(session_id)}/{action}")
    over = "ended_at" in answer
    if context.json:
        context.document(answer.fields)
    else:
        note(say("done.before" if over else f"done.{action}", id=session_id))


def extend(
    context: Context,
    session: Reference,
    timeout: Annotated[int, typer.Option("--timeout", metavar="MINUTES", help=say("help.extend.timeout"))],
) -> None:
    from ccplant_cli.tables import clock

    with Client(context.target) as client:
        session_id = find(client, session).text("session_id")
        answer = client.request("PATCH", path_of(session_id), body={"timeout_minutes": timeout})
    if context.json:
        context.document(answer.fields)
    else:
        deadline = answer.time("deadline_at")
        note(say("done.extend", deadline=clock(deadline)) if deadline else say("done.extend_none"))


def delete(
    context: Context,
    session: Reference,
    force: Annotated[bool, typer.Option("--force", help=say("help.delete.force"))] = False,
    purge: Annotated[bool, typer.Option("--purge", help=say("help.delete.purge"))] = False,
    storage: Annotated[
        bool | None, typer.Option("--delete-storage/--keep-storage", help=say("help.delete.storage"))
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("help.delete.yes"))] = False,
) -> None:
    with Client(context.target) as client:
        document = find(client, session)
        session_id, name = document.text("session_id"), document.text("name")
        if not yes:
            _confirm(name or session_id, purge=purge)
        answer = client.request(
            "DELETE", path_of(session_id),
            parameters={"force": force or None, "purge": purge or None, "delete_pvc": storage},
        )  # fmt: skip
    if context.json:
        context.document(answer.fields)
    else:
        note(say("done.purge" if purge else "done.delete", id=session_id))


def _confirm(name: str, *, purge: bool) -> None:
    if not sys.stdin.isatty():
        # A script that deletes says so; only a purge cannot be taken back.
        if purge:
            raise CliError(say("error.purge_needs_yes"), Exit.USAGE)
        return
    question = say("confirm.purge" if purge else "confirm.delete", name=name)
    if not typer.confirm(question, err=True):
        raise typer.Exit(Exit.FAILED)
