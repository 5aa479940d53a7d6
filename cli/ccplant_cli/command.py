"""What every command that talks to the server has: the options for the connection, `--json`, and how errors are told.

The options are added to each command's own, so that they may stand where people type them: at the end.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, get_type_hints

import typer

from ccplant_cli.connection import Choice, Target, resolve
from ccplant_cli.exits import CliError
from ccplant_cli.exits import Exit as ExitCode
from ccplant_cli.language import say

URL = typer.Option("--url", metavar="URL", help=say("help.option.url"))
TOKEN = typer.Option("--token", metavar="TOKEN", help=say("help.option.token"))
TOKEN_FILE = typer.Option("--token-file", metavar="FILE", help=say("help.option.token_file"))
DATA_DIR = typer.Option("--data-dir", metavar="DIR", help=say("help.option.data_dir"))
JSON = typer.Option("--json", help=say("help.option.json"))

_SHARED: tuple[tuple[str, object, object], ...] = (
    ("json_output", Annotated[bool, JSON], False),
    ("url", Annotated[str | None, URL], None),
    ("token", Annotated[str | None, TOKEN], None),
    ("token_file", Annotated[Path | None, TOKEN_FILE], None),
    ("data_dir", Annotated[Path | None, DATA_DIR], None),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a command gets beside its own options."""

    target: Target
    json: bool

    @staticmethod
    def document(fields: Mapping[str, object]) -> None:
        """Print a document for programs."""
        typer.echo(json.dumps(fields, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))

    @staticmethod
    def line(fields: Mapping[str, object]) -> None:
        """Print one of many documents for programs, on one line."""
        typer.echo(json.dumps(fields, ensure_ascii=False))


def note(text: str) -> None:
    """Say something to the person, beside the result."""
    typer.echo(text, err=True)


def tell(error: CliError, *, as_json: bool) -> None:
    """Tell an error: one sentence, what to do, and the id that finds it in the server's log."""
    if as_json:
        fields = {
            "code": error.error_code or error.code.name,
            "message": error.message,
            "exit_code": int(error.code),
        }
        if error.request_id:
            fields["request_id"] = error.request_id
        note(json.dumps({"error": fields}, ensure_ascii=False))
        return
    suffix = f" ({say('error.request_id', id=error.request_id)})" if error.request_id else ""
    note(f"ccplant: {error.message}{suffix}")
    if error.hint:
        note(f"  {error.hint}")


def _options_of(group: type) -> list[inspect.Parameter]:
    """Return the options that the fields of a group are."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(group)
    ]


def remote(body: Callable[..., None]) -> Callable[..., None]:
    """Make a command of `body`, whose first parameter is the `Context`.

    A parameter whose type is a dataclass stands for a group of options, its fields: commands that share options share
    the group, and what becomes of them.
    """
    hints = get_type_hints(body, include_extras=True)
    first, *own = inspect.signature(body).parameters.values()
    groups = {
        parameter.name: hints[parameter.name] for parameter in own if is_dataclass(hints[parameter.name])
    }

    def command(**given: object) -> None:
        as_json = given.pop("json_output") is True
        url, token = given.pop("url"), given.pop("token")
        token_file, data_dir = given.pop("token_file"), given.pop("data_dir")
        choice = Choice(
            url=url if isinstance(url, str) else None,
            token=token if isinstance(token, str) else None,
            token_file=token_file if isinstance(token_file, Path) else None,
            data_dir=data_dir if isinstance(data_dir, Path) else None,
        )
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        try:
            body(Context(resolve(choice), as_json), **given)
        except CliError as error:
            tell(error, as_json=as_json)
            raise typer.Exit(error.code) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(ExitCode.INTERRUPTED) from error

    parameters: list[inspect.Parameter] = []
    for parameter in own:
        group = groups.get(parameter.name)
        alone = [parameter.replace(annotation=hints[parameter.name])]
        parameters += alone if group is None else _options_of(group)
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in _SHARED
    ]
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    command.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in keyword_only}
    command.__name__, command.__doc__, command.__module__ = body.__name__, body.__doc__, body.__module__
    del first
    return command
