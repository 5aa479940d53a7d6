"""The options that webhooks and schedules share, and how a definition is put together from a file and options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.commands.session_options import SessionOptions
from ccplant_cli.commands.talking import given
from ccplant_cli.definition import overlaid, read_definition
from ccplant_cli.language import say

Clear = Annotated[list[str] | None, typer.Option("--clear", metavar="FIELD", help=say("help.trigger.clear"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("help.delete.yes"))]
Disabled = Annotated[bool, typer.Option("--disabled", help=say("help.trigger.disabled"))]
Definition = Annotated[bool, typer.Option("--definition", help=say("help.trigger.definition"))]


def present(fields: Mapping[str, object]) -> dict[str, object]:
    """Leave out what was not given; what was, stays, also where it is false or nothing."""
    return {name: value for name, value in fields.items() if value is not None}


def cleared(names: Iterable[str] | None) -> dict[str, object]:
    """Return the fields of a change that take values back; ``config.memory_limit`` means a part of `config`."""
    fields: dict[str, object] = {}
    parts: dict[str, object] = {}
    for name in names or ():
        outer, dot, inner = name.partition(".")
        if dot and outer == "config":
            parts[inner] = None
        else:
            fields[name] = None
    return fields | ({"config": parts} if parts else {})


@dataclass(frozen=True, slots=True)
class TriggerOptions:
    """What is said, and to which session."""

    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help=say("help.trigger.file"))
    ] = None
    name: Annotated[str | None, typer.Option("--name", "-n", help=say("help.trigger.name"))] = None
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar="TEXT", help=say("help.trigger.message"))
    ] = None
    reuse: Annotated[bool | None, typer.Option("--reuse/--new-session", help=say("help.trigger.reuse"))] = (
        None
    )
    session: Annotated[
        str | None, typer.Option("--session", metavar="SESSION", help=say("help.trigger.session"))
    ] = None
    delete_on_complete: Annotated[
        bool | None,
        typer.Option("--delete-on-complete/--keep-on-complete", help=say("help.trigger.delete_on_complete")),
    ] = None
    delete_after: Annotated[
        int | None, typer.Option("--delete-after", metavar="HOURS", help=say("help.trigger.delete_after"))
    ] = None

    def definition(
        self, session: SessionOptions, own: Mapping[str, object], taken_back: Iterable[str] | None = None
    ) -> dict[str, object]:
        """Return what the file says, with what the options say over it.

        Raises:
            CliError: the file, or one that an option names, cannot be read.
        """
        fields = read_definition(self.file) if self.file else {}
        names_session = self.session is not None or own.get("reuse_key") is not None
        said = present(
            {
                "name": self.name,
                "message": None if self.message is None else given(self.message),
                "reuse_session": True if names_session and self.reuse is None else self.reuse,
                "session_id": self.session,
                "auto_delete_on_complete": self.delete_on_complete,
                "auto_delete_after_hours": self.delete_after,
            }
        )
        fields = overlaid(fields, said | dict(own) | session.fields())
        talks = fields.get("reuse_session") is True or fields.get("mode") == "interactive"
        fields = overlaid(fields, {"config": session.config(headless=not talks)})
        # what is taken back goes over both: none of it is to stay
        return overlaid(fields, cleared(taken_back))
