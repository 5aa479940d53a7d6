"""The options that say what a session is made like: shared by `session create` and by all that starts sessions later."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.definition import read_text
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say


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
            found[name] = read_text(Path(source[1:])).rstrip("\n")
        else:
            raise CliError(say("error.secret_given", name=name), Exit.USAGE)
    return found


def mcp_servers(path: Path) -> dict[str, object]:
    """Read MCP servers from a JSON file: ``{"mcpServers": {…}}`` as other tools write it, or the servers themselves.

    Raises:
        CliError: it is not such a file.
    """
    try:
        value = json.loads(read_text(path))
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


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What the session works on, with what, and within which limits."""

    repo: Annotated[str | None, typer.Option("--repo", metavar="URL", help=say("help.create.repo"))] = None
    branch: Annotated[str | None, typer.Option("--branch", help=say("help.create.branch"))] = None
    mode: Annotated[Mode | None, typer.Option("--mode", help=say("help.create.mode"))] = None
    agent: Annotated[str | None, typer.Option("--agent", help=say("help.create.agent"))] = None
    model: Annotated[str | None, typer.Option("--model", help=say("help.create.model"))] = None
    policy: Annotated[Policy | None, typer.Option("--policy", help=say("help.create.policy"))] = None
    allow: Annotated[
        list[str] | None, typer.Option("--allow", metavar="RULE", help=say("help.create.allow"))
    ] = None
    deny: Annotated[
        list[str] | None, typer.Option("--deny", metavar="RULE", help=say("help.create.deny"))
    ] = None
    preset: Annotated[Preset | None, typer.Option("--preset", help=say("help.create.preset"))] = None
    cpu: Annotated[str | None, typer.Option("--cpu", metavar="CORES", help=say("help.create.cpu"))] = None
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help=say("help.create.memory"))
    ] = None
    timeout: Annotated[
        int | None, typer.Option("--timeout", metavar="MINUTES", help=say("help.create.timeout"))
    ] = None
    storage: Annotated[
        str | None, typer.Option("--storage", metavar="SIZE", help=say("help.create.storage"))
    ] = None
    keep_storage: Annotated[bool, typer.Option("--keep-storage", help=say("help.create.keep_storage"))] = (
        False
    )
    storage_from: Annotated[
        str | None, typer.Option("--storage-from", metavar="ID", help=say("help.create.storage_from"))
    ] = None
    env: Annotated[
        list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help=say("help.create.env"))
    ] = None
    secret_env: Annotated[
        list[str] | None, typer.Option("--secret-env", metavar="NAME", help=say("help.create.secret_env"))
    ] = None
    mcp: Annotated[Path | None, typer.Option("--mcp", metavar="FILE", help=say("help.create.mcp"))] = None
    setup: Annotated[Path | None, typer.Option("--setup", metavar="FILE", help=say("help.create.setup"))] = (
        None
    )
    image: Annotated[str | None, typer.Option("--image", help=say("help.create.image"))] = None
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help=say("help.create.label"))
    ] = None  # fmt: skip

    def fields(self) -> dict[str, object]:
        """Return the fields of a request that were given, but for `config`."""
        labels = pairs(self.label or (), "--label")
        return without_empty(
            {"repository": self.repo, "branch": self.branch, "mode": self.mode, "labels": labels}
        )

    def config(self, *, headless: bool) -> dict[str, object]:
        """Return what was given of `config`.

        Rules of what is allowed mean another policy where nobody answers (`headless`) than in a conversation.
        """
        policy: object = self.policy
        if self.allow or self.deny:
            mode = self.policy or (Policy.RULES if headless else Policy.ASK)
            policy = {"mode": mode} | without_empty({"allow": self.allow, "deny": self.deny})
        variables: dict[str, object] = {
            name: {"value": value, "secret": False} for name, value in pairs(self.env or (), "--env").items()
        }
        variables |= {
            name: {"value": value, "secret": True}
            for name, value in secrets(self.secret_env or (), os.environ).items()
        }
        config = without_empty(
            {
                "preset": self.preset, "cpu_limit": self.cpu, "memory_limit": self.memory, "agent": self.agent,
                "model": self.model, "image": self.image, "permission_policy": policy, "env": variables,
                "setup_script": read_text(self.setup) if self.setup else None,
                "mcp_servers": mcp_servers(self.mcp) if self.mcp else None, "pvc_storage_size": self.storage,
                "pvc_from": self.storage_from, "pvc_retain": self.keep_storage,
                "pvc_enabled": bool(self.storage or self.storage_from or self.keep_storage),
            }
        )  # fmt: skip
        if self.timeout is not None:
            config["timeout_minutes"] = self.timeout
        return config
