"""Arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.language import say

Reference = Annotated[
    str, typer.Argument(metavar="SESSION", help=say("help.argument.session"), show_default=False)
]
"""A session's id, its name, or the beginning of either."""
