"""What the commands say: sentences of their catalogue by key, and texts that the server gave in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from ccplant_cli.catalogue import Catalogue, current
from ccplant_cli.messages import MESSAGES

say = Catalogue(MESSAGES).say


def either(texts: Mapping[str, object]) -> str:
    """Choose from a text that the server gave in both languages."""
    value = texts.get(current()) or texts.get("en") or texts.get("ja")
    return value if isinstance(value, str) else ""
