r"""Catalogues of sentences: one shape for all of them, Japanese beside English, so that none can lack a language.

Which language is spoken belongs to the process: Japanese or English, as the terminal's locale says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["ja", "en"]

Pair = tuple[str, str]
"""A sentence in Japanese and in English."""


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


def chosen(pair: Pair) -> str:
    """Return a sentence in the language of this process."""
    ja, en = pair
    return ja if current() == "ja" else en


def with_examples(ja: str, en: str, *examples: str) -> Pair:
    r"""Return a command's help with examples, the same in both languages; what follows ``\b`` is shown as it stands."""
    lines = "\n".join(f"  {example}" for example in examples)
    return f"{ja}\n\n\b\n例:\n{lines}", f"{en}\n\n\b\nExamples:\n{lines}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sentences by their keys."""

    messages: Mapping[str, Pair]

    def say(self, key: str, /, **facts: object) -> str:
        """Return the sentence of `key` in the language of this process, filled with facts."""
        sentence = chosen(self.messages[key])
        return sentence.format(**facts) if facts else sentence
