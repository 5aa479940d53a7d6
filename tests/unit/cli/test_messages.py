"""Every sentence is there in both languages, asks for the same facts, and is used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import ccplant_cli
from ccplant_cli.language import language_of
from ccplant_cli.messages import MESSAGES

PACKAGE = Path(ccplant_cli.__file__).parent
SOURCES = [
    path
    for path in PACKAGE.rglob("*.py")
    if path.name != "messages.py" and not {"up", "agents", "doctor", "bus"} & set(path.parts)
]
CODE = "\n".join(path.read_text() for path in SOURCES)
NAMES = frozenset({"ID", "Pod", "MCP"})


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", MESSAGES)
def test_each_sentence_is_whole_in_both_languages(key: str) -> None:
    ja, en = MESSAGES[key]
    assert ja.strip()
    assert en.strip()
    assert en.isascii() or not re.search(r"[぀-ヿ一-鿿]", en)
    assert ja in NAMES or re.search(r"[぀-ヿ一-鿿]", ja), "not Japanese"
    if not key.startswith("help."):
        assert facts(ja) == facts(en)


def test_every_key_that_the_code_names_is_in_the_catalogue() -> None:
    named = set(re.findall(r"""say\(\s*["']([a-z_.]+)["']""", CODE))
    named |= {
        f"help.session.{name}"
        for name in re.findall(r'\("(\w+)", (?:creating|looking|talking|answering|ending)\.', CODE)
    }
    assert named
    assert named <= set(MESSAGES)


def test_no_sentence_is_left_over() -> None:
    families = re.findall(r'f"([a-z_.]+)\{', CODE)
    left = [
        key
        for key in MESSAGES
        if not re.search(rf"[\"']{re.escape(key)}[\"']", CODE)
        and not any(key.startswith(family) for family in families)
    ]
    assert left == []


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
