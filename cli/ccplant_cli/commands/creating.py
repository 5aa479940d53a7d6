"""`session create` and `session recreate`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.commands.files import Attach, upload_all
from ccplant_cli.commands.session_options import Mode, SessionOptions, without_empty
from ccplant_cli.commands.talking import follow, given
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import either, say
from ccplant_cli.references import find, path_of

_POLL = 0.5


def create(
    context: Context,
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar="TEXT", help=say("help.create.message"))
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help=say("help.create.name"))] = None,
    *,
    options: SessionOptions,
    delete_on_complete: Annotated[
        bool, typer.Option("--delete-on-complete", help=say("help.create.delete_on_complete"))
    ] = False,
    delete_after: Annotated[
        int | None, typer.Option("--delete-after", metavar="HOURS", help=say("help.create.delete_after"))
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help=say("help.create.wait"))] = False,
    wait_timeout: Annotated[
        float, typer.Option("--wait-timeout", metavar="SECONDS", help=say("help.create.wait_timeout"))
    ] = 660,
    follow_turn: Annotated[bool, typer.Option("--follow", help=say("help.create.follow"))] = False,
    attach: Attach = None,
) -> None:  # fmt: skip
    if follow_turn and message is None:
        raise CliError(say("error.follow_needs_message"), Exit.USAGE)
    if attach and message is None:
        raise CliError(say("error.attach_needs_message"), Exit.USAGE)
    ending = {"auto_delete_on_complete": delete_on_complete, "auto_delete_after_hours": delete_after}
    config = options.config(headless=options.mode is Mode.TASK) | without_empty(ending)
    first = None if message is None else given(message)
    body = options.fields() | without_empty({"name": name, "message": first, "config": config})
    with Client(context.target) as client:
        if attach:
            body["attachments"] = upload_all(client, None, attach)
        created = client.post("/api/v1/sessions", body)
        _told(context, created, alone=not follow_turn)
        if follow_turn:
            # A task goes on until the session is over; of a conversation this is one turn.
            end = None if options.mode is Mode.TASK else created.text("prompt_id")
            raise typer.Exit(follow(context, client, created, end, own=created.text("prompt_id"), since=0))
        if wait:
            raise typer.Exit(_wait(client, created.text("session_id"), wait_timeout, quiet=context.json))


def recreate(
    context: Context,
    session: Reference,
    cpu: Annotated[str | None, typer.Option("--cpu", metavar="CORES", help=say("help.create.cpu"))] = None,
    memory: Annotated[str | None, typer.Option("--memory", metavar="SIZE", help=say("help.create.memory"))] = None,
    timeout: Annotated[
        int | None, typer.Option("--timeout", metavar="MINUTES", help=say("help.create.timeout"))
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help=say("help.create.agent"))] = None,
    model: Annotated[str | None, typer.Option("--model", help=say("help.create.model"))] = None,
    resume: Annotated[bool, typer.Option("--resume", help=say("help.recreate.resume"))] = False,
    new_storage: Annotated[bool, typer.Option("--new-storage", help=say("help.recreate.new_storage"))] = False,
    wait: Annotated[bool, typer.Option("--wait", help=say("help.create.wait"))] = False,
    wait_timeout: Annotated[
        float, typer.Option("--wait-timeout", metavar="SECONDS", help=say("help.create.wait_timeout"))
    ] = 660,
) -> None:  # fmt: skip
    config = without_empty({"cpu_limit": cpu, "memory_limit": memory, "agent": agent, "model": model})
    if timeout is not None:
        config["timeout_minutes"] = timeout
    if new_storage:
        config["pvc_from"] = None
    with Client(context.target) as client:
        document = find(client, session)
        path = f"{path_of(document.text('session_id'))}/recreate"
        created = client.post(path, without_empty({"config": config, "resume": resume}))
        _told(context, created, alone=True)
        if wait:
            raise typer.Exit(_wait(client, created.text("session_id"), wait_timeout, quiet=context.json))


def _told(context: Context, created: Document, *, alone: bool) -> None:
    if context.json:
        context.document(created.fields)
    elif alone:
        typer.echo(created.text("session_id"))
        note(say("create.next", id=created.text("session_id")))
    else:
        note(created.text("session_id"))


def _wait(client: Client, session_id: str, seconds: float, *, quiet: bool) -> Exit:
    """Wait until the agent can answer, telling each step."""
    end = time.monotonic() + seconds
    told = ""
    while True:
        session = client.get(path_of(session_id))
        status, message = session.text("status"), either(session.inner("status_message").fields)
        line = say(f"status.{status}") + (f": {message}" if message else "")
        if line != told and not quiet:
            note(f"● {line}")
            told = line
        if status in ("running", "completed"):
            return Exit.OK
        if status != "pending":
            return Exit.FAILED
        if time.monotonic() >= end:
            raise CliError(say("error.wait_timeout", seconds=int(seconds), step=message), Exit.TIMED_OUT)
        time.sleep(_POLL)
