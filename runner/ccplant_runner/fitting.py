"""Cuts what is too long for one event, visibly: every cut says how much is missing.

NATS carries at most 1 MB and a viewer should not be sent megabytes unasked, so a durable event has at most 256 kB.
"""

from __future__ import annotations

import json

from ccplant_contracts.stream import MAX_EVENT_BYTES

_LIMITS = (16_000, 4_000, 1_000, 200)
_MAX_ITEMS = 200


def cut_text(text: str, limit: int) -> str:
    """Cut a text to about `limit` characters, with a marker."""
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit} more characters]"


def cut_value(value: object, limit: int) -> object:
    """Cut every text and every list within a value."""
    if isinstance(value, str):
        return cut_text(value, limit)
    if isinstance(value, dict):
        return {
            cut_text(str(key), 200): cut_value(item, limit) for key, item in list(value.items())[:_MAX_ITEMS]
        }
    if isinstance(value, list | tuple):
        return [cut_value(item, limit) for item in value[:_MAX_ITEMS]]
    return value


def fit(value: object, max_bytes: int = MAX_EVENT_BYTES) -> object:
    """Return `value`, cut as little as makes its JSON fit."""
    for limit in (None, *_LIMITS):
        cut = value if limit is None else cut_value(value, limit)
        if len(json.dumps(cut, ensure_ascii=False).encode("utf-8", "replace")) <= max_bytes:
            return cut
    return cut_value(value, 20)
