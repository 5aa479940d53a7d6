"""Commands that are imported when they are used.

`ccplant session list` is run in loops and prompts: it must not pay for importing the chat or the embedded servers.
"""

from __future__ import annotations

import importlib
from types import MappingProxyType

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

COMMANDS: MappingProxyType[str, str] = MappingProxyType(
    {
        "up": "ccplant_cli.up.command",
        "session": "ccplant_cli.commands.session",
        "webhook": "ccplant_cli.webhooks.command",
        "schedule": "ccplant_cli.schedules.command",
        "dispatch": "ccplant_cli.dispatches.command",
        "volume": "ccplant_cli.commands.volume",
        "events": "ccplant_cli.commands.events",
        "agent": "ccplant_cli.agents.command",
        "bus": "ccplant_cli.bus.command",
        "token": "ccplant_cli.commands.token",
        "health": "ccplant_cli.commands.health",
        "doctor": "ccplant_cli.doctor.command",
    }
)
"""Each command's module, in the order of the help; its `app` is the command, or the group of them."""


class LazyGroup(TyperGroup):
    """The top level: knows the names, imports a command when it is asked for."""

    @override
    def list_commands(self, ctx: object) -> list[str]:
        """Name the commands, most used first."""
        return list(COMMANDS)

    @override
    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """Import one command."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        app: typer.Typer = importlib.import_module(module).app
        command = typer.main.get_command(app)
        if not isinstance(command, TyperCommand | TyperGroup):
            raise TypeError(f"{module}.app is no command")
        command.name = cmd_name
        _plainly(command)
        return command


def _plainly(command: TyperCommand | TyperGroup) -> None:
    """Give every command the same plain help, which costs nothing to make and can be read by programs."""
    command.rich_markup_mode = None
    for inner in command.commands.values() if isinstance(command, TyperGroup) else ():
        if isinstance(inner, TyperCommand | TyperGroup):
            _plainly(inner)
