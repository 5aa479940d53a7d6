"""Every sentence of every catalogue is there in both languages, asks for the same facts, and is used."""

from __future__ import annotations

import importlib
import re
import string
from pathlib import Path

import pytest

import ccplant_cli
from ccplant_cli.catalogue import Catalogue, Pair, language_of

PACKAGE = Path(ccplant_cli.__file__).parent
OWN = sorted(path.parent.name for path in PACKAGE.glob("*/messages.py"))
"""Folders with a catalogue of their own."""

NAMES = frozenset({"ID", "Pod", "MCP", "URL", "cron"})
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


def catalogue(folder: str) -> dict[str, Pair]:
    module = importlib.import_module(f"ccplant_cli.{folder}.messages" if folder else "ccplant_cli.messages")
    return dict(module.MESSAGES)


def code(folder: str) -> str:
    """What may name the sentences of a catalogue: its folder; for the common one, all that have none of their own."""
    if folder:
        paths = list((PACKAGE / folder).rglob("*.py"))
    else:
        paths = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ALONE]
    return "\n".join(path.read_text() for path in paths if path.name != "messages.py")


ERRORS = {"up": "UpError", "agents": "AgentError", "bus": "BusError"}
"""Errors whose first argument is a key of that catalogue, wherever they are raised."""

ALONE = ("up", "agents", "doctor", "bus")
"""Commands that use nothing of the common catalogue."""


def keys_of_calls(function: str, text: str) -> set[str]:
    return set(re.findall(rf"""(?<![\w.]){function}\(\s*["']([a-z_.]+)["']""", text))


def raised(folder: str) -> set[str]:
    everywhere = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    return keys_of_calls(ERRORS[folder], everywhere) if folder in ERRORS else set()


EVERY = [(folder, key) for folder in ("", *OWN) for key in catalogue(folder)]


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize(("folder", "key"), EVERY)
def test_each_sentence_is_whole_in_both_languages(folder: str, key: str) -> None:
    ja, en = catalogue(folder)[key]
    words = re.sub(r"\{\w+(:[^}]*)?\}|[^\w]", "", ja)
    assert en.strip()
    assert not JAPANESE.search(en)
    assert ja in NAMES or not words or JAPANESE.search(ja), "not Japanese"
    if "Examples:" not in en:
        assert facts(ja) == facts(en)


@pytest.mark.parametrize("folder", ["", *OWN])
def test_every_key_that_the_code_names_is_in_its_catalogue(folder: str) -> None:
    named = keys_of_calls("text" if folder else "say", code(folder)) | raised(folder)
    assert named
    assert named <= set(catalogue(folder))


@pytest.mark.parametrize("folder", ["", *OWN])
def test_no_sentence_is_left_over(folder: str) -> None:
    written, raises = code(folder), raised(folder)
    families = re.findall(r'f"([a-z_.]+)\{', written)
    left = [
        key
        for key in catalogue(folder)
        if key not in raises
        and not re.search(rf"[\"']{re.escape(key)}[\"']", written)
        and not any(key.startswith(family) for family in families)
    ]
    assert left == []


def test_each_command_of_a_session_has_its_help() -> None:
    commands = re.findall(r'\("(\w+)", \w+\.', (PACKAGE / "commands" / "session.py").read_text())
    assert commands
    assert {f"help.session.{name}" for name in commands} <= set(catalogue(""))


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP"}, "ja"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "", "LC_ALL": "ja"}, "ja"),
    ],
)
def test_the_locale_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_a_sentence_is_filled_with_its_facts_in_the_language_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say = Catalogue({"gone": ("{name} はありません", "There is no {name}"), "brace": ("{}", "{}")}).say
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert say("gone", name="x") == "x はありません"
    monkeypatch.setenv("LC_ALL", "C")
    assert say("gone", name="x") == "There is no x"
    assert say("brace") == "{}"
