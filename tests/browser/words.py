"""The texts of the web UI by their keys: a test reads what a person reads in each language, and no text is written twice."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["ja", "en"]

_FOLDER = Path(__file__).parents[2] / "web" / "src" / "i18n"


@cache
def _all(language: Language) -> dict[str, Any]:
    files = [_FOLDER / f"{language}.json", *sorted((_FOLDER / "parts").glob(f"*.{language}.json"))]
    found: dict[str, Any] = {}
    for file in files:
        found |= json.loads(file.read_text())
    return found


class Words:
    """One language's texts."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values.

        Raises:
            KeyError: the web UI has no such text.
        """
        text: Any = _all(self.language)
        for part in key.split("."):
            text = text[part]
        assert isinstance(text, str), f"{key} is a group of texts"
        return re.sub(r"{{(\w+)}}", lambda match: str(values[match[1]]), text)

    def like(self, key: str) -> re.Pattern[str]:
        """Return what a text looks like whatever its values are."""
        text: Any = _all(self.language)
        for part in key.split("."):
            text = text[part]
        return re.compile(".+?".join(map(re.escape, re.split(r"{{\w+}}", text))))
