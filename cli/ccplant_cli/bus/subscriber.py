"""`ccplant bus subscriber`: a credential for a service that follows one owner's lifecycle events."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.bus.messages import BusError, text
from ccplant_cli.connection import default_data_dir
from ccplant_cli.exits import Exit

_SECONDS = 30.0
_DIRECTORY = "CCPLANT_NATS_CREDENTIALS_DIR"


def subscriber(
    owner: Annotated[str, typer.Option("--owner", help=text("help.owner"))],
    output: Annotated[Path, typer.Option("--output", help=text("help.output"))],
    name: Annotated[str, typer.Option("--name", help=text("help.name"))] = "subscriber",
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help=text("help.days"))] = 365,
    directory: Annotated[
        Path | None, typer.Option("--directory", help=text("help.keys"), show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=text("help.json"))] = False,
) -> None:
    """Write the credential, and say what else its holder has to know."""
    named = os.environ.get(_DIRECTORY)
    keys = directory or (Path(named) if named else default_data_dir(os.environ) / "secrets" / "bus")
    try:
        told = issue(keys.expanduser().absolute(), owner, name, days, output.expanduser().absolute())
    except BusError as error:
        typer.echo(f"ccplant bus subscriber: {error}", err=True)
        raise typer.Exit(Exit.FAILED) from error
    if as_json:
        typer.echo(json.dumps(told | {"credentials": str(output)}))
        return
    typer.echo(text("subscriber_made", output=output, owner=owner, days=days), err=True)
    for variable, value in (
        ("NATS_CREDENTIALS", str(output)),
        ("NATS_INBOX_PREFIX", told["inbox_prefix"]),
        ("EVENTS_STREAM", told["stream"]),
        ("EVENTS_CONSUMER", told["consumer"]),
        ("EVENTS_SUBJECT", told["subject"]),
    ):
        typer.echo(f"export {variable}={shlex.quote(value)}")


def issue(keys: Path, owner: str, name: str, days: int, output: Path) -> dict[str, str]:
    """Have the credential made by a process that knows keys.

    Raises:
        BusError: it could not be made.
    """
    if not (keys / "operator.json").is_file():
        raise BusError("no_keys", directory=keys, variable=_DIRECTORY)
    command = [
        sys.executable, "-m", "ccplant_platform.bus.subscribers", "--directory", str(keys), f"--owner={owner}",
        f"--name={name}", "--days", str(days), "--output", str(output),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise BusError("too_slow", seconds=_SECONDS) from error
    if done.returncode != 0:
        if "No module named 'ccplant_platform" in done.stderr:
            raise BusError("no_platform")
        lines = done.stderr.strip().splitlines()
        raise BusError("failed", detail=lines[-1] if lines else f"exit {done.returncode}")
    told: dict[str, str] = json.loads(done.stdout)
    return told
