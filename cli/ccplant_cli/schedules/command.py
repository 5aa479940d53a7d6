"""`ccplant schedule …`: this group's table of contents."""

from __future__ import annotations

import typer

from ccplant_cli.command import remote
from ccplant_cli.schedules import changing, looking
from ccplant_cli.schedules.messages import text

app = typer.Typer(help=text("help"), no_args_is_help=True, rich_markup_mode=None, add_completion=False)

for name, body in (
    ("create", changing.create),
    ("list", looking.list_schedules),
    ("show", looking.show),
    ("edit", changing.edit),
    ("enable", changing.enable),
    ("disable", changing.disable),
    ("delete", changing.delete),
    ("run", changing.run),
    ("runs", looking.runs),
    ("preview", looking.preview),
):
    app.command(name, help=text(f"help.command.{name}"))(remote(body))
