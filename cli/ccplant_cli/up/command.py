"""The command: options in, one URL, token and curl (or one JSON line) out."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.agents.credentials import require_credentials, require_ready
from ccplant_cli.connection import default_data_dir
from ccplant_cli.up.errors import UpError
from ccplant_cli.up.instance import Connection, Instance
from ccplant_cli.up.messages import text
from ccplant_cli.up.options import Options
from ccplant_cli.up.ports import LOOPBACK
from ccplant_cli.up.processes import require_linux
from ccplant_cli.up.services import has_web

app = typer.Typer(add_completion=False)


class RuntimeKind(StrEnum):
    """What sessions can run on."""

    local = "local"
    kubernetes = "kubernetes"


def say(key: str, **facts: object) -> None:
    """Tell the progress, on stderr: stdout is for what programs read."""
    typer.echo(text(key, **facts), err=True)


def curl(connection: Connection) -> str:
    """Return a first request that works as it stands."""
    body = json.dumps({"name": "hello", "message": "help"})
    return (
        f"curl -sS {connection.url}/api/v1/sessions -H 'Authorization: Bearer {connection.token}'"
        f" -H 'Content-Type: application/json' -d '{body}'"
    )


def require_reachable(nats_host: str | None, nats_url: str | None) -> None:
    """Raise the sentence that says how sessions in Pods get to NATS: nobody else's loopback is ours."""
    if nats_host is None and nats_url is None:
        raise UpError("nats_unreachable_from_pods")


@app.command(help=text("help"))
def up(
    port: Annotated[int, typer.Option(min=1, max=65_535, help=text("help.port"))] = 8080,
    host: Annotated[str, typer.Option(help=text("help.host"))] = "127.0.0.1",
    webhook_port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help=text("help.webhook_port"), show_default=False)
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help=text("help.data_dir"), show_default=False)] = None,
    nats_url: Annotated[str | None, typer.Option(help=text("help.nats_url"))] = None,
    mongodb_url: Annotated[str | None, typer.Option(help=text("help.mongodb_url"))] = None,
    nats_host: Annotated[str | None, typer.Option(help=text("help.nats_host"), show_default=False)] = None,
    runtime: Annotated[RuntimeKind, typer.Option(help=text("help.runtime"))] = RuntimeKind.local,
    agent: Annotated[str, typer.Option(help=text("help.agent"))] = "demo",
    as_json: Annotated[bool, typer.Option("--json", help=text("help.json"))] = False,
) -> None:
    """Run the whole system on this machine."""
    chosen = (data_dir or default_data_dir(os.environ)).expanduser()
    options = Options(
        data_dir=Path(os.path.abspath(chosen)),  # noqa: PTH100  as given: links in it are the user's business
        port=port,
        host=host,
        webhook_port=webhook_port,
        nats_url=nats_url,
        nats_host=nats_host or LOOPBACK,
        mongodb_url=mongodb_url,
        runtime=runtime.value,
        agent=agent,
        json=as_json,
    )

    def ready(connection: Connection) -> None:
        if options.json:
            typer.echo(connection.as_json())
        else:
            typer.echo(
                text(
                    "ready",
                    web=text("ready_web", url=connection.url, token=connection.token)
                    if has_web(options)
                    else "",
                    url=connection.url,
                    token=connection.token,
                    webhook_url=connection.webhook_url,
                    curl=curl(connection),
                )
            )
            if options.agent == "demo":
                say("demo")
        sys.stdout.flush()

    async def run() -> None:
        await Instance(options, say=say, ready=ready, environment=os.environ).run()

    try:
        require_linux()
        if options.in_pods:
            require_reachable(nats_host, nats_url)
            require_credentials(options.agent, os.environ)
        else:
            require_ready(
                options.agent, options.data_dir, explicit_dir=data_dir is not None, environment=os.environ
            )
        asyncio.run(run())
    except UpError as error:
        typer.echo(f"ccplant up: {error}", err=True)
        raise typer.Exit(1) from error
