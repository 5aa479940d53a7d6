"""`session create` and `session recreate`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Reference
from ccplant_cli.commands.talking import follow, given
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import either, say
from ccplant_cli.references import find, path_of

_POLL = 0.5


class Mode(StrEnum):
    """As the API names them."""

    INTERACTIVE = "interactive"
    TASK = "task"


class Preset(StrEnum):
    """As the API names them."""

    LIGHT = "light"
    NORMAL = "normal"
    HEAVY = "heavy"


class Policy(StrEnum):
    """As the API names them."""

    ASK = "ask"
    RULES = "rules"
    ALLOW_ALL = "allow_all"


def pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """Split each ``NAME=VALUE``.

    Raises:
        CliError: one has no name.
    """
    found: dict[str, str] = {}
    for value in values:
        name, sign, rest = value.partition("=")
        if not sign or not name:
            raise CliError(say("error.pair", option=option, value=value), Exit.USAGE)
        found[name] = rest
    return found


def secrets(values: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Take each secret from the environment (``NAME``) or from a file (``NAME=@FILE``), never from the command line.

    Raises:
        CliError: it is not there, or the value itself was given.
    """
    found: dict[str, str] = {}
    for value in values:
        name, sign, source = value.partition("=")
        if not sign:
            if name not in environment:
                raise CliError(say("error.secret_unset", name=name), Exit.USAGE)
            found[name] = environment[name]
        elif source.startswith("@"):
            found[name] = _file(Path(source[1:])).rstrip("\n")
        else:
            raise CliError(say("error.secret_given", name=name), Exit.USAGE)
    return found


def _file(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(say("error.file", path=path, cause=error), Exit.USAGE) from error


def mcp_servers(path: Path) -> dict[str, object]:
    """Read MCP servers from a JSON file: ``{"mcpServers": {…}}`` as other tools write it, or the servers themselves.

    Raises:
        CliError: it is not such a file.
    """
    try:
        value = json.loads(_file(path))
    except ValueError as error:
        raise CliError(say("error.file", path=path, cause=error), Exit.USAGE) from error
    document = Document.of(value)
    for name in ("mcpServers", "mcp_servers"):
        if name in document:
            document = document.inner(name)
    if not document or not all(Document.of(server) for server in document.fields.values()):
        raise CliError(say("error.mcp_file", path=path), Exit.USAGE)
    return dict(document.fields)


def without_empty(fields: Mapping[str, object]) -> dict[str, object]:
    """Leave out what was not given, so that the server's defaults count."""
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value not in ((), [], {})
    }


def create(
    context: Context,
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar="TEXT", help=say("help.create.message"))
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help=say("help.create.name"))] = None,
    repo: Annotated[str | None, typer.Option("--repo", metavar="URL", help=say("help.create.repo"))] = None,
    branch: Annotated[str | None, typer.Option("--branch", help=say("help.create.branch"))] = None,
    mode: Annotated[Mode | None, typer.Option("--mode", help=say("help.create.mode"))] = None,
    agent: Annotated[str | None, typer.Option("--agent", help=say("help.create.agent"))] = None,
    model: Annotated[str | None, typer.Option("--model", help=say("help.create.model"))] = None,
    policy: Annotated[Policy | None, typer.Option("--policy", help=say("help.create.policy"))] = None,
    allow: Annotated[list[str] | None, typer.Option("--allow", metavar="RULE", help=say("help.create.allow"))] = None,
    deny: Annotated[list[str] | None, typer.Option("--deny", metavar="RULE", help=say("help.create.deny"))] = None,
    preset: Annotated[Preset | None, typer.Option("--preset", help=say("help.create.preset"))] = None,
    cpu: Annotated[str | None, typer.Option("--cpu", metavar="CORES", help=say("help.create.cpu"))] = None,
    memory: Annotated[str | None, typer.Option("--memory", metavar="SIZE", help=say("help.create.memory"))] = None,
    timeout: Annotated[
        int | None, typer.Option("--timeout", metavar="MINUTES", help=say("help.create.timeout"))
    ] = None,
    storage: Annotated[str | None, typer.Option("--storage", metavar="SIZE", help=say("help.create.storage"))] = None,
    keep_storage: Annotated[bool, typer.Option("--keep-storage", help=say("help.create.keep_storage"))] = False,
    storage_from: Annotated[
        str | None, typer.Option("--storage-from", metavar="ID", help=say("help.create.storage_from"))
    ] = None,
    env: Annotated[list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help=say("help.create.env"))] = None,
    secret_env: Annotated[
        list[str] | None, typer.Option("--secret-env", metavar="NAME", help=say("help.create.secret_env"))
    ] = None,
    mcp: Annotated[Path | None, typer.Option("--mcp", metavar="FILE", help=say("help.create.mcp"))] = None,
    setup: Annotated[Path | None, typer.Option("--setup", metavar="FILE", help=say("help.create.setup"))] = None,
    image: Annotated[str | None, typer.Option("--image", help=say("help.create.image"))] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help=say("help.create.label"))
    ] = None,
    delete_on_complete: Annotated[
        bool, typer.Option("--delete-on-complete", help=say("help.create.delete_on_complete"))
    ] = False,
    delete_after: Annotated[
        int | None, typer.Option("--delete-after", metavar="HOURS", help=say("help.create.delete_after"))
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help=say("help.create.wait"))] = False,
    wait_timeout: Annotated[
        float, typer.Option("--wait-timeout", metavar="SECONDS", help=say("help.create.wait_timeout"))
    ] = 660,
    follow_turn: Annotated[bool, typer.Option("--follow", help=say("help.create.follow"))] = False,
) -> None:  # fmt: skip
    if follow_turn and message is None:
        raise CliError(say("error.follow_needs_message"), Exit.USAGE)
    permission_policy: object = policy.value if policy else None
    if allow or deny:
        rules = without_empty({"allow": allow, "deny": deny})
        permission_policy = {
            "mode": (policy or (Policy.RULES if mode is Mode.TASK else Policy.ASK)).value,
            **rules,
        }
    variables: dict[str, object] = {
        name: {"value": value, "secret": False} for name, value in pairs(env or (), "--env").items()
    }
    variables |= {
        name: {"value": value, "secret": True}
        for name, value in secrets(secret_env or (), os.environ).items()
    }
    config = without_empty(
        {
            "preset": preset, "cpu_limit": cpu, "memory_limit": memory, "agent": agent, "model": model, "image": image,
            "permission_policy": permission_policy, "env": variables, "setup_script": _file(setup) if setup else None,
            "mcp_servers": mcp_servers(mcp) if mcp else None, "pvc_storage_size": storage, "pvc_from": storage_from,
            "pvc_retain": keep_storage, "pvc_enabled": bool(storage or storage_from or keep_storage),
            "auto_delete_on_complete": delete_on_complete, "auto_delete_after_hours": delete_after,
        }
    )  # fmt: skip
    if timeout is not None:
        config["timeout_minutes"] = timeout
    body = without_empty(
        {
            "name": name, "repository": repo, "branch": branch, "mode": mode, "config": config,
            "message": None if message is None else given(message), "labels": pairs(label or (), "--label"),
        }
    )  # fmt: skip
    with Client(context.target) as client:
        created = client.post("/api/v1/sessions", body)
        _told(context, created, alone=not follow_turn)
        if follow_turn:
            # A task goes on until the session is over; of a conversation this is one turn.
            end = None if mode is Mode.TASK else created.text("prompt_id")
            raise typer.Exit(follow(context, client, created, end, own=created.text("prompt_id"), since=0))
        if wait:
            raise typer.Exit(_wait(client, created.text("session_id"), wait_timeout, quiet=context.json))


def recreate(
    context: Context,
    session: Reference,
    cpu: Annotated[str | None, typer.Option("--cpu", metavar="CORES", help=say("help.create.cpu"))] = None,
    memory: Annotated[str | None, typer.Option("--memory", metavar="SIZE", help=say("help.create.memory"))] = None,
    timeout: Annotated[
        int | None, typer.Option("--timeout", metavar="MINUTES", help=say("help.create.timeout"))
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help=say("help.create.agent"))] = None,
    model: Annotated[str | None, typer.Option("--model", help=say("help.create.model"))] = None,
    resume: Annotated[bool, typer.Option("--resume", help=say("help.recreate.resume"))] = False,
    new_storage: Annotated[bool, typer.Option("--new-storage", help=say("help.recreate.new_storage"))] = False,
    wait: Annotated[bool, typer.Option("--wait", help=say("help.create.wait"))] = False,
    wait_timeout: Annotated[
        float, typer.Option("--wait-timeout", metavar="SECONDS", help=say("help.create.wait_timeout"))
    ] = 660,
) -> None:  # fmt: skip
    config = without_empty({"cpu_limit": cpu, "memory_limit": memory, "agent": agent, "model": model})
    if timeout is not None:
        config["timeout_minutes"] = timeout
    if new_storage:
        config["pvc_from"] = None
    with Client(context.target) as client:
        document = find(client, session)
        path = f"{path_of(document.text('session_id'))}/recreate"
        created = client.post(path, without_empty({"config": config, "resume": resume}))
        _told(context, created, alone=True)
        if wait:
            raise typer.Exit(_wait(client, created.text("session_id"), wait_timeout, quiet=context.json))


def _told(context: Context, created: Document, *, alone: bool) -> None:
    if context.json:
        context.document(created.fields)
    elif alone:
        typer.echo(created.text("session_id"))
        note(say("create.next", id=created.text("session_id")))
    else:
        note(created.text("session_id"))


def _wait(client: Client, session_id: str, seconds: float, *, quiet: bool) -> Exit:
    """Wait until the agent can answer, telling each step."""
    end = time.monotonic() + seconds
    told = ""
    while True:
        session = client.get(path_of(session_id))
        status, message = session.text("status"), either(session.inner("status_message").fields)
        line = say(f"status.{status}") + (f": {message}" if message else "")
        if line != told and not quiet:
            note(f"● {line}")
            told = line
        if status in ("running", "completed"):
            return Exit.OK
        if status != "pending":
            return Exit.FAILED
        if time.monotonic() >= end:
            raise CliError(say("error.wait_timeout", seconds=int(seconds), step=message), Exit.TIMED_OUT)
        time.sleep(_POLL)
