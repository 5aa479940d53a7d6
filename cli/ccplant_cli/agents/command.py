"""`ccplant agent install` and `ccplant agent list`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.agents.install import install
from ccplant_cli.agents.installed import load
from ccplant_cli.agents.messages import AgentError, text
from ccplant_cli.agents.packages import DEMO, PACKAGES, package_of
from ccplant_cli.connection import default_data_dir

app = typer.Typer(help=text("help"), no_args_is_help=True, add_completion=False)

DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help=text("help.data_dir"), show_default=False)
]


def say(key: str, **facts: object) -> None:
    """Tell the progress on stderr."""
    typer.echo(text(key, **facts), err=True)


def _agents(data_dir: Path | None) -> Path:
    return (data_dir or default_data_dir(os.environ)).expanduser().absolute() / "agents"


@app.command("install", help=text("help.install"))
def install_agent(
    name: Annotated[str, typer.Argument(help=text("help.name"))],
    data_dir: DataDirOption = None,
    with_node: Annotated[bool, typer.Option("--with-node", help=text("help.with_node"))] = False,
) -> None:
    """Install one agent."""
    if name == DEMO:
        say("built_in", agent=name)
        return
    try:
        package = package_of(name)
        install(package, _agents(data_dir), with_node=with_node, say=say)
    except (AgentError, OSError) as error:
        typer.echo(f"ccplant agent install: {error}", err=True)
        raise typer.Exit(1) from error


@app.command("list", help=text("help.list"))
def list_agents(
    data_dir: DataDirOption = None,
    as_json: Annotated[bool, typer.Option("--json", help=text("help.json"))] = False,
) -> None:
    """List all agents and whether they are installed."""
    agents = _agents(data_dir)
    rows: list[dict[str, str | None]] = [{"name": DEMO, "version": None, "state": "built_in"}]
    for name, package in PACKAGES.items():
        found = load(agents, name)
        if found is None:
            rows.append({"name": name, "version": package.version, "state": "absent"})
        else:
            state = "installed" if found.lock == package.lock else "outdated"
            rows.append({"name": name, "version": found.version, "state": state})
    if as_json:
        typer.echo(json.dumps({"agents": rows}))
        return
    for row in rows:
        state = text(f"state.{row['state']}")
        typer.echo(f"{row['name']:<14}{row['version'] or '-':<12}{state}")
