"""`ccplant webhook …`: this group's table of contents."""

from __future__ import annotations

import typer

from ccplant_cli.command import remote
from ccplant_cli.webhooks import changing, looking, sending, trying
from ccplant_cli.webhooks.messages import text

app = typer.Typer(help=text("help"), no_args_is_help=True, rich_markup_mode=None, add_completion=False)

for name, body in (
    ("create", changing.create),
    ("list", looking.list_webhooks),
    ("show", looking.show),
    ("edit", changing.edit),
    ("enable", changing.enable),
    ("disable", changing.disable),
    ("delete", changing.delete),
    ("rotate-secret", changing.rotate_secret),
    ("deliveries", looking.deliveries),
    ("delivery", looking.delivery),
    ("replay", looking.replay),
    ("test", trying.try_out),
    ("examples", trying.examples),
    ("send", sending.send),
):
    app.command(name, help=text(f"help.command.{name}"))(remote(body))
