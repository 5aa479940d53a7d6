"""Definitions of webhooks and schedules from files, JSON or YAML, with the fields that the API has.

YAML's older habits would change what was meant: ``no`` would be false, ``010`` eight, ``10:30`` a number of seconds, a
date no text. Here a word is true, false, nothing or a number only where it looks like one in JSON; all else is a text.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say

_PLAIN = (
    ("null", r"~|null|", "~n"),
    ("bool", r"true|false", "tf"),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
)


def read_text(path: Path) -> str:
    """Read a file; ``-`` is standard input.

    Raises:
        CliError: it cannot be read.
    """
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(say("error.file", path=path, cause=error), Exit.USAGE) from error


def read_definition(path: Path) -> dict[str, object]:
    """Read a definition.

    Raises:
        CliError: there is none in it.
    """
    text = read_text(path)
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        if path.suffix == ".json":
            raise CliError(say("error.file", path=path, cause=error), Exit.USAGE) from error
        value = _from_yaml(text, path)
    definition = Document.of(value)
    if not definition:
        raise CliError(say("error.definition", path=path), Exit.USAGE)
    return dict(definition.fields)


def overlaid(definition: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """Put what the options say over what a file says; of `config`, part by part."""
    parts = Document.of(given.get("config")).fields
    own = {name: value for name, value in given.items() if name != "config"}
    config = {"config": {**Document.of(definition.get("config")).fields, **parts}} if parts else {}
    return {**definition, **own, **config}


def _from_yaml(text: str, path: Path) -> object:
    import yaml

    class Loader(yaml.SafeLoader):
        """Takes words as JSON would."""

    Loader.yaml_implicit_resolvers = {}
    for name, pattern, first in _PLAIN:
        Loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{name}",
            re.compile(rf"^(?:{pattern})$"),
            [*first, *([""] if name == "null" else [])],
        )
    try:
        value: object = yaml.load(text, Loader)  # noqa: S506 - it is the safe one, with fewer kinds of plain words
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        where = f"{problem} ({mark.line + 1}:{mark.column + 1})" if mark else problem
        raise CliError(say("error.yaml", path=path, cause=where), Exit.USAGE) from error
    return value


def as_yaml(definition: Mapping[str, object]) -> str:
    """Write a definition as it can be read again; long texts as blocks."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as they stand."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return yaml.dump(dict(definition), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
