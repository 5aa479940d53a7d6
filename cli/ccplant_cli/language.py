"""In which language the command line speaks: Japanese or English, as the terminal's locale says.

The language belongs to the process, so a sentence is looked up by its key wherever it is needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from ccplant_cli.messages import MESSAGES

Language = Literal["ja", "en"]


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language that an environment asks for; English where it asks for none that there is."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def current() -> Language:
    """Return the language of this process."""
    return language_of(os.environ)


def say(key: str, **facts: object) -> str:
    """Return the sentence of `key` in the current language, filled with facts."""
    ja, en = MESSAGES[key]
    sentence = ja if current() == "ja" else en
    return sentence.format(**facts) if facts else sentence


def either(texts: Mapping[str, object]) -> str:
    """Choose from a text that the server gave in both languages."""
    value = texts.get(current()) or texts.get("en") or texts.get("ja")
    return value if isinstance(value, str) else ""
