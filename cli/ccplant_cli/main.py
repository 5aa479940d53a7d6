"""The command line's table of contents: `COMMANDS` in `ccplant_cli.lazy` names each command and its module."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.language import say
from ccplant_cli.lazy import LazyGroup

app = typer.Typer(
    name="ccplant",
    cls=LazyGroup,
    help=say("help.ccplant"),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ccplant {version('ccplant-cli')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=say("help.option.version"))
    ] = False,
) -> None:
    """Run AI coding agents in sessions."""


def run() -> None:
    """Entry point of the `ccplant` command."""
    app(prog_name="ccplant")
