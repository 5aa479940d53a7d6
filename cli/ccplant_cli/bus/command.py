"""`ccplant bus`: keys, credentials and configuration for people who run their own NATS, and for who reads events."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.bus.init import Wanted, make, wanted
from ccplant_cli.bus.messages import BusError, text
from ccplant_cli.bus.subscriber import subscriber
from ccplant_cli.exits import Exit

app = typer.Typer(help=text("help"), no_args_is_help=True, add_completion=False)


@app.callback()
def bus() -> None:
    """Keep `init` a command of a group: there may be others."""


app.command("subscriber", help=text("help.subscriber"))(subscriber)


@app.command("init", help=text("help.init"))
def init(
    directory: Annotated[Path, typer.Option("--directory", help=text("help.directory"))] = Path(
        "ccplant-bus"
    ),
    host: Annotated[str, typer.Option("--host", help=text("help.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help=text("help.port"))] = 4222,
    url: Annotated[str | None, typer.Option("--url", help=text("help.url"), show_default=False)] = None,
    store_dir: Annotated[
        Path | None, typer.Option("--store-dir", help=text("help.store_dir"), show_default=False)
    ] = None,
    max_storage: Annotated[str, typer.Option("--max-storage", help=text("help.max_storage"))] = "4Gi",
    server_name: Annotated[str, typer.Option("--server-name", help=text("help.server_name"))] = "ccplant",
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help=text("help.tls_cert"), show_default=False)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help=text("help.tls_key"), show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=text("help.json"))] = False,
) -> None:
    """Make it, or bring it up to date."""
    try:
        what = wanted(
            directory=directory,
            host=host,
            port=port,
            url=url,
            store_dir=store_dir,
            max_storage=max_storage,
            server_name=server_name,
            tls_cert=tls_cert,
            tls_key=tls_key,
        )
    except BusError as error:
        typer.echo(f"ccplant bus init: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from error
    kept = what.file("operator.json").exists()
    try:
        make(what)
    except (BusError, OSError) as error:
        typer.echo(f"ccplant bus init: {error}", err=True)
        raise typer.Exit(Exit.FAILED) from error
    if as_json:
        typer.echo(json.dumps(_document(what)))
        return
    _tell(what, kept=kept)
    typer.echo(f"export CCPLANT_NATS_URL={shlex.quote(what.url)}")
    typer.echo(f"export CCPLANT_NATS_CREDENTIALS_DIR={shlex.quote(str(what.directory))}")


def _tell(what: Wanted, *, kept: bool) -> None:
    lines = [
        text("kept" if kept else "made", directory=what.directory),
        text("next_server", config=what.file("nats.conf")),
        text("next_include", accounts=what.file("accounts.conf")),
        text("next_up", url=what.url),
        text("next_keys", operator=what.file("operator.json")),
        *([] if what.encrypted else [text("plain")]),
    ]
    for line in lines:
        typer.echo(line, err=True)


def _document(what: Wanted) -> dict[str, object]:
    return {
        "directory": str(what.directory),
        "url": what.url,
        "server_config": str(what.file("nats.conf")),
        "accounts_config": str(what.file("accounts.conf")),
        "operator": str(what.file("operator.json")),
        "environment": what.environment(),
    }
