"""Files on their way: those that go with a message, and a conversation that becomes one (`session export`)."""

from __future__ import annotations

import mimetypes
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.references import find, path_of
from ccplant_cli.terminal import harmless

Attach = Annotated[
    list[Path] | None,
    typer.Option("--attach", metavar="FILE", help=say("help.send.attach"), show_default=False),
]
"""Files that go with a message."""


class Written(StrEnum):
    """As the API names them."""

    MARKDOWN = "markdown"
    JSON = "json"


def upload_all(client: Client, session_id: str | None, paths: Sequence[Path] | None) -> list[str]:
    """Upload files to a session, None: one that is still to be created; return their ids, for the message to name.

    Raises:
        CliError: a file cannot be read, or the server refused it.
    """
    found = list(paths or ())
    for path in found:
        # before anything is sent: a message with half of its files helps nobody
        if not path.is_file() or not os.access(path, os.R_OK):
            raise CliError(say("error.file", path=path, cause=say("error.no_file")), Exit.USAGE)
    target = "/api/v1/attachments" if session_id is None else f"{path_of(session_id)}/attachments"
    return [_upload(client, target, path) for path in found]


def _upload(client: Client, target: str, path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0]
    try:
        with path.open("rb") as content:
            made = client.upload(target, content, path.name, kind)
    except OSError as error:
        raise CliError(say("error.file", path=path, cause=error.strerror or error), Exit.USAGE) from error
    return made.text("attachment_id")


def export(
    context: Context,
    session: Reference,
    written: Annotated[
        Written | None, typer.Option("--format", help=say("help.export.format"), show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help=say("help.export.output"))
    ] = None,
) -> None:
    chosen = written or (Written.JSON if context.json or _is_json(output) else Written.MARKDOWN)
    with Client(context.target) as client:
        path = f"{path_of(find(client, session).text('session_id'))}/export"
        if output is None or str(output) == "-":
            _to_stdout(client, path, chosen)
            return
        size = _to_file(client, path, chosen, output)
    if context.json:
        context.document({"path": str(output), "size_bytes": size, "format": chosen.value})
    else:
        note(say("export.written", path=output, size=size))


def _is_json(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() == ".json"


def _to_stdout(client: Client, path: str, written: Written) -> None:
    if not sys.stdout.isatty():
        client.download(path, sys.stdout.buffer, format=written.value)
        sys.stdout.buffer.flush()
        return
    # a terminal obeys what it reads, and the conversation is not ours
    for line in client.lines(path, format=written.value):
        typer.echo(harmless(line))


def _to_file(client: Client, path: str, written: Written, output: Path) -> int:
    """Write beside the file and put it in its place when it is whole: half a conversation must not look like one."""
    draft = output.with_name(f".{output.name}.part")
    try:
        with draft.open("wb") as file:
            size = client.download(path, file, format=written.value)
        draft.replace(output)
    except OSError as error:
        raise CliError(
            say("error.not_written", path=output, cause=error.strerror or error), Exit.USAGE
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return size
