"""The command. The looking is done by `python -m ccplant_orchestrator.doctor`, started as `ccplant up` starts services."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.connection import default_data_dir
from ccplant_cli.doctor.messages import FINDINGS, both, spoken, text
from ccplant_cli.doctor.surroundings import environment_of
from ccplant_cli.exits import Exit
from ccplant_cli.terminal import harmless

app = typer.Typer(add_completion=False)

_SECONDS = 120.0
_PROGRAM = "ccplant_orchestrator"


class RuntimeKind(StrEnum):
    """What sessions can run on."""

    local = "local"
    kubernetes = "kubernetes"


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    check: str
    state: str
    code: str
    facts: dict[str, str]

    @staticmethod
    def parse(line: str) -> Finding:
        """Read a line; ValueError where it is none."""
        content = json.loads(line)
        try:
            facts = {str(name): str(value) for name, value in content["facts"].items()}
            return Finding(str(content["check"]), str(content["state"]), str(content["code"]), facts)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no finding: {line[:200]}") from error

    def document(self) -> dict[str, object]:
        """Return it with its words, for programs."""
        sentence, hint = FINDINGS[self.code]
        return {
            "check": self.check,
            "state": self.state,
            "code": self.code,
            "message": both(sentence, self.facts),
            "hint": both(hint, self.facts),
            "facts": self.facts,
        }


def examine(environment: Mapping[str, str], *options: str) -> Iterator[Finding]:
    """Run the examination and give each finding as it comes.

    Raises:
        typer.Exit: it is not installed here, or broke off.
    """
    if find_spec(_PROGRAM) is None:
        typer.echo(f"ccplant doctor: {text('not_installed')}", err=True)
        raise typer.Exit(Exit.FAILED)
    command = [sys.executable, "-m", f"{_PROGRAM}.doctor", *options]
    with subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as child:
        if child.stdout is None:
            raise RuntimeError("the examination was started without a pipe")
        try:
            for line in child.stdout:
                yield Finding.parse(line)
            code = child.wait(timeout=_SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
    if code not in (0, 1):
        typer.echo(f"ccplant doctor: {text('child_failed', code=code)}", err=True)
        raise typer.Exit(Exit.FAILED)


def show(finding: Finding) -> None:
    """Print a finding for people."""
    sentence, hint = FINDINGS[finding.code]
    state = text(f"state.{finding.state}")
    typer.echo(harmless(f"{state:<9}{finding.check:<11}{spoken(sentence, finding.facts)}"))
    advice = "" if finding.state == "ok" else spoken(hint, finding.facts)
    if advice:
        typer.echo(harmless(f"{'':<20}{advice}"))


@app.command(help=text("help"))
def doctor(
    runtime: Annotated[
        RuntimeKind | None, typer.Option(help=text("help.runtime"), show_default=False)
    ] = None,
    namespace: Annotated[str | None, typer.Option(help=text("help.namespace"), show_default=False)] = None,
    instance: Annotated[str | None, typer.Option(help=text("help.instance"), show_default=False)] = None,
    data_dir: Annotated[Path | None, typer.Option(help=text("help.data_dir"), show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=text("help.json"))] = False,
    release_finalizers: Annotated[
        bool, typer.Option("--release-finalizers", help=text("help.release"))
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=text("help.yes"))] = False,
) -> None:
    """Examine the installation, or let go of what an uninstalled one left."""
    environment = environment_of(
        os.environ,
        (data_dir or default_data_dir(os.environ)).expanduser().absolute(),
        runtime=runtime.value if runtime else None,
        namespace=namespace,
        instance=instance,
    )
    options = _release(environment, yes=yes) if release_finalizers else ()
    if options is None:
        return
    found: list[Finding] = []
    for finding in examine(environment, *options):
        found.append(finding)
        if not as_json:
            show(finding)
    bad = sum(finding.state == "wrong" for finding in found)
    if as_json:
        typer.echo(
            json.dumps({"ok": bad == 0, "findings": [one.document() for one in found]}, ensure_ascii=False)
        )
    elif not release_finalizers:
        typer.echo(text("not_well", count=bad) if bad else text("all_well"))
    if bad:
        raise typer.Exit(Exit.FAILED)


def _release(environment: Mapping[str, str], *, yes: bool) -> tuple[str, ...] | None:
    """Ask whether the Pods shall be let go; None: nobody wants it."""
    if yes:
        return ("--release-finalizers",)
    for finding in examine(environment, "--count-finalizers"):
        if finding.state == "wrong":
            show(finding)
            raise typer.Exit(Exit.FAILED)
        if finding.facts["count"] == "0":
            show(finding)
            return None
        if not sys.stdin.isatty():
            typer.echo(f"ccplant doctor: {text('needs_yes')}", err=True)
            raise typer.Exit(Exit.USAGE)
        if not typer.confirm(text("ask_release", **finding.facts), err=True):
            return None
    return ("--release-finalizers",)
