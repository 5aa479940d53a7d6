"""`session changes`: what the agent changed, as a list of files, or as the diff of one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.documents import Document
from ccplant_cli.language import say
from ccplant_cli.references import find, path_of
from ccplant_cli.terminal import harmless

_WORDS = ("added", "modified", "deleted", "renamed", "untracked")
_HEADS = ("diff --git ", "index ", "--- ", "+++ ", "old mode ", "new mode ", "deleted file ", "new file ")


def changes(
    context: Context,
    session: Reference,
    path: Annotated[
        str | None,
        typer.Argument(metavar="[PATH]", help=say("help.changes.path"), show_default=False),
    ] = None,
) -> None:
    with Client(context.target) as client:
        address = f"{path_of(find(client, session).text('session_id'))}/changes"
        answer = client.get(address) if path is None else client.get(f"{address}/file", path=path)
    if context.json:
        context.document(answer.fields)
    elif path is None:
        _list(answer)
    else:
        _diff(answer)


def _list(answer: Document) -> None:
    from ccplant_cli.tables import table

    base = answer.inner("base")
    if base:
        note(say("changes.base", commit=base.text("commit")[:12], branch=harmless(base.text("branch", "-"))))
    rows = [(_word(file), _lines(file), _name(file)) for file in answer.each("files")]
    if rows:
        table(("change", "lines", "file"), rows)
    else:
        note(say("changes.empty"))
    if answer.flag("truncated"):
        note(say("changes.truncated"))


def _word(file: Document) -> str:
    status = file.text("status")
    return say(f"changes.{status}") if status in _WORDS else harmless(status)


def _lines(file: Document) -> str:
    if file.flag("binary"):
        return say("changes.binary")
    return f"+{file.integer('additions')} -{file.integer('deletions')}"


def _name(file: Document) -> str:
    """Return a file's name on one line, and what it was called before."""
    name, before = (harmless(file.text(field).replace("\n", "\\n")) for field in ("path", "old_path"))
    return f"{before} → {name}" if before else name


def _diff(answer: Document) -> None:
    """Print a diff: in colour and harmless for people, as it is for programs."""
    diff = answer.text("diff")
    if not sys.stdout.isatty():
        sys.stdout.write(diff)
    else:
        coloured = not os.environ.get("NO_COLOR")
        for line, colour in _coloured(harmless(diff)) if diff else ():
            typer.secho(line, fg=colour if coloured else None)
    if not diff:
        note(say("changes.no_diff"))
    if answer.flag("truncated"):
        note(say("changes.cut"))


def _coloured(diff: str) -> Iterator[tuple[str, str | None]]:
    """Give each line its colour; within a hunk a line is what its sign says, whatever it looks like."""
    in_hunk = False
    for line in diff.removesuffix("\n").split("\n"):
        in_hunk = line.startswith("@@") or (in_hunk and not line.startswith("diff --git "))
        if line.startswith("@@"):
            yield line, typer.colors.CYAN
        elif in_hunk:
            yield line, {"+": typer.colors.GREEN, "-": typer.colors.RED}.get(line[:1])
        else:
            yield line, typer.colors.BRIGHT_BLACK if line.startswith(_HEADS) else None
