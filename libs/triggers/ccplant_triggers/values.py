"""Reading JSON that others wrote: every look answers, whatever stands there.

A payload is signed, but its shape is GitHub's and changes; an unexpected type must read as «not there», not
raise in the middle of a delivery. Text is cut and cleaned here, so that what was read can be stored and shown:
MongoDB takes no lone surrogates, and a NUL ends a string in many places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from ccplant_contracts.text import COMMANDING

MAX_TEXT = 250
"""Characters of a fact: GitHub's names are shorter."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text with U+FFFD for what cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)


def at(value: object, path: str) -> object:
    """Return what stands at a dotted path of names; None where it does not."""
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text_at(value: object, path: str, limit: int = MAX_TEXT) -> str | None:
    """Return the text there, cut; None for anything else, and for an empty one.

    It is a name that is shown in lists: U+FFFD stands for what a terminal obeys and what turns the text around.
    """
    found = at(value, path)
    return COMMANDING.sub("\ufffd", clean(found[:limit])) if isinstance(found, str) and found else None


def number_at(value: object, path: str) -> int | None:
    """Return the whole number there, where it can be one of GitHub's."""
    found = at(value, path)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 53:
        return found
    return None


def list_at(value: object, path: str, limit: int) -> list[object]:
    """Return the first items of the list there; an empty one for anything else."""
    found = at(value, path)
    return found[:limit] if isinstance(found, list) else []


class Missing:
    """What a name or item that is not there reads as: empty, false, and so is everything within it."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


class Own(str):
    """A text that its owner wrote into the template, and no stranger into the payload."""

    __slots__ = ()


def text_of(value: object, limit: int) -> str:
    """Return a value as a template shows it, cut: nothing for null, ``true``, JSON for lists and objects."""
    if isinstance(value, str):
        return value if len(value) <= limit else value[:limit]
    if value is None or isinstance(value, Missing):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        # Python refuses to write longer ones, which no payload of GitHub has
        return "…" if isinstance(value, int) and value.bit_length() > 10_000 else str(value)[:limit]
    return json_text(value, limit)


def json_text(value: object, limit: int) -> str:
    """Return JSON, cut at a length without making more of it than that; beyond 30 levels it says ``…``."""
    parts: list[str] = []
    left = limit
    for part in _json(value, limit, 30):
        parts.append(part[:left])
        left -= len(part)
        if left <= 0:
            break
    return "".join(parts)


def _json(value: object, limit: int, levels: int) -> Iterator[str]:
    if isinstance(value, str):
        yield json.dumps(value[:limit], ensure_ascii=False)
    elif value is None or isinstance(value, Missing):
        yield "null"
    elif isinstance(value, bool | int | float):
        yield text_of(value, limit)
    elif not levels:
        yield '"…"'
    elif isinstance(value, Mapping):
        for number, (name, item) in enumerate(value.items()):
            yield ", " if number else "{"
            yield json.dumps(str(name)[:limit], ensure_ascii=False) + ": "
            yield from _json(item, limit, levels - 1)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield ", " if number else "["
            yield from _json(item, limit, levels - 1)
        yield "]" if value else "[]"
    else:
        yield '"…"'
