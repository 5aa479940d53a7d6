"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.command import note
from ccplant_cli.documents import Document
from ccplant_cli.language import say

Reference = Annotated[
    str, typer.Argument(metavar="SESSION", help=say("help.argument.session"), show_default=False)
]
"""A session's id, its name, or the beginning of either."""

Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help=say("help.list.limit"))]
Offset = Annotated[int, typer.Option("--offset", min=0, max=10_000, help=say("help.list.offset"))]


def more(page: Document, shown: int, offset: int) -> None:
    """Tell how the list goes on, where it does."""
    if page.flag("has_more"):
        total = f"{page.integer('total')}" + ("+" if page.flag("total_capped") else "")
        note(say("list.more", shown=shown, total=total, offset=offset + shown))
