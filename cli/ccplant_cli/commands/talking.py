"""`session chat`, `session send`, and what `create --follow` shares with them."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.commands.files import Attach, upload_all
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.references import find, path_of

_REPLAY = 100
"""Durable events of the past that a chat begins with."""


def follow(
    context: Context, client: Client, session: Document, prompt_id: str | None, *, own: str, since: int
) -> Exit:
    """Stream until a turn (None: the session) has ended; with a keyboard, permission requests are asked there."""
    from ccplant_cli.chat.conversation import Conversation
    from ccplant_cli.chat.lines import Lines
    from ccplant_cli.chat.screen import Screen
    from ccplant_cli.chat.transcript import Transcript
    from ccplant_cli.chat.viewer import Viewer

    viewer = Viewer(Screen(), session, Transcript(since), as_json=context.json)
    viewer.own.add(own)

    async def run() -> Exit:
        conversation = Conversation(client, session, viewer)
        if sys.stdin.isatty() and not context.json:
            return await conversation.follow_at_terminal(Lines(), prompt_id)
        return await conversation.follow(prompt_id)

    return asyncio.run(run())


def chat(
    context: Context,
    session: Reference,
    history: Annotated[bool, typer.Option("--history", help=say("help.chat.history"))] = False,
    attach: Attach = None,
) -> None:
    from ccplant_cli.chat.conversation import Conversation
    from ccplant_cli.chat.lines import Lines
    from ccplant_cli.chat.screen import Screen
    from ccplant_cli.chat.transcript import Transcript
    from ccplant_cli.chat.viewer import Viewer

    with Client(context.target) as client:
        document = find(client, session)
        if document.text("status") in ("completed", "failed", "terminated"):
            raise CliError(
                say("error.session_over", status=say(f"status.{document.text('status')}")), Exit.CONFLICT
            )
        at_terminal = sys.stdin.isatty() and not context.json
        last = document.integer("last_seq")
        since = 0 if history else max(0, last - _REPLAY) if at_terminal else last
        viewer = Viewer(Screen(), document, Transcript(since), as_json=context.json)
        files = upload_all(client, document.text("session_id"), attach)

        async def run() -> Exit:
            conversation = Conversation(client, document, viewer, files)
            return await (conversation.interactive(Lines()) if at_terminal else conversation.piped(Lines()))

        code = asyncio.run(run())
    raise typer.Exit(code)


def send(
    context: Context,
    session: Reference,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=say("help.send.text"))],
    follow_turn: Annotated[bool, typer.Option("--follow", help=say("help.create.follow"))] = False,
    attach: Attach = None,
) -> None:
    with Client(context.target) as client:
        document = find(client, session)
        session_id, said = document.text("session_id"), given(text)
        files = upload_all(client, session_id, attach)
        body = {"text": said, **({"attachments": files} if files else {})}
        prompt = client.post(f"{path_of(session_id)}/messages", body)
        if follow_turn:
            since, prompt_id = document.integer("last_seq"), prompt.text("prompt_id")
            raise typer.Exit(follow(context, client, document, prompt_id, own=prompt_id, since=since))
    if context.json:
        context.document(prompt.fields)
    else:
        typer.echo(prompt.text("prompt_id"))


def given(text: str) -> str:
    """Return a text argument; `-` stands for standard input, so that long texts need no quoting.

    Raises:
        CliError: there is nothing in it.
    """
    if text != "-":
        return text
    read = sys.stdin.buffer.read(4_000_000).decode(errors="replace")
    if not read.strip():
        raise CliError(say("error.empty_stdin"), Exit.USAGE)
    return read
