"""What `ccplant bus` says is there in both languages, asks for the same facts, and is used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from ccplant_cli.bus import messages
from ccplant_cli.bus.messages import MESSAGES

FOLDER = Path(messages.__file__).parent
CODE = "\n".join(path.read_text() for path in FOLDER.glob("*.py") if path.name != "messages.py")


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", MESSAGES)
def test_each_sentence_is_whole_in_both_languages(key: str) -> None:
    ja, en = MESSAGES[key]
    assert re.search(r"[぀-ヿ一-鿿]", ja)
    assert en.isascii()
    if not key.startswith("help."):
        assert facts(ja) == facts(en)


def test_what_is_said_is_in_the_catalogue_and_nothing_is_left_over() -> None:
    named = set(re.findall(r"""(?:text|BusError)\(\s*["']([a-z_.]+)["']""", CODE))
    named |= {key for key in MESSAGES if f'"{key}"' in CODE}
    assert named == set(MESSAGES)
