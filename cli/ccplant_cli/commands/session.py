"""`ccplant session …`: this group's table of contents."""

from __future__ import annotations

import typer

from ccplant_cli.command import remote
from ccplant_cli.commands import answering, changed, creating, ending, files, looking, talking
from ccplant_cli.language import say

app = typer.Typer(help=say("help.session"), no_args_is_help=True, rich_markup_mode=None, add_completion=False)

for name, body in (
    ("create", creating.create),
    ("list", looking.list_sessions),
    ("show", looking.show),
    ("chat", talking.chat),
    ("send", talking.send),
    ("messages", looking.messages),
    ("export", files.export),
    ("logs", looking.logs),
    ("changes", changed.changes),
    ("cancel", answering.cancel),
    ("permissions", answering.permissions),
    ("answer", answering.answer),
    ("extend", ending.extend),
    ("complete", ending.complete),
    ("stop", ending.stop),
    ("recreate", creating.recreate),
    ("delete", ending.delete),
):
    app.command(name, help=say(f"help.session.{name}"))(remote(body))
