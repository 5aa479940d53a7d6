"""Each finding has its words in both languages, with the facts that the examination gives, and all of them are used."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import ccplant_orchestrator.doctor
from ccplant_cli.doctor.messages import FINDINGS, MESSAGES

SOURCES = list(Path(ccplant_orchestrator.doctor.__file__).parent.glob("*.py"))
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


def facts_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def given() -> dict[str, list[set[str]]]:
    """Read every call of ok(), warning() and wrong(): code to the names of its facts."""
    found: dict[str, list[set[str]]] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("ok", "warning", "wrong"):
                code = node.args[1]
                codes = (
                    [code.value]
                    if isinstance(code, ast.Constant)
                    else ["mongodb_standalone", "mongodb_refused"]
                )
                for one in codes:
                    found.setdefault(str(one), []).append({str(keyword.arg) for keyword in node.keywords})
    return found


def test_each_finding_has_words_and_no_words_are_left_over() -> None:
    assert set(given()) == set(FINDINGS)


@pytest.mark.parametrize("code", FINDINGS)
def test_the_words_ask_for_facts_that_are_given(code: str) -> None:
    sentence, hint = FINDINGS[code]
    for pair in (sentence, hint or ("直す", "mend")):
        ja, en = pair
        assert JAPANESE.search(ja), ja
        assert not JAPANESE.search(en), en
        assert facts_of(ja) == facts_of(en)
        for facts in given()[code]:
            assert facts_of(en) <= facts


@pytest.mark.parametrize("key", MESSAGES)
def test_what_the_command_says_is_there_in_both_languages(key: str) -> None:
    ja, en = MESSAGES[key]
    assert JAPANESE.search(ja)
    assert not JAPANESE.search(en)
    assert facts_of(ja) == facts_of(en)


def test_whatever_can_be_wrong_comes_with_what_to_do() -> None:
    bad: set[str] = set()
    for path in SOURCES:
        for kind, code in re.findall(r'\b(wrong|warning)\(\s*\w+, "(\w+)"', path.read_text()):
            assert kind
            bad.add(code)
    assert {"nats_unreachable", "rights_missing", "storage_no_default"} <= bad
    assert [code for code in bad if FINDINGS[code][1] is None] == []
