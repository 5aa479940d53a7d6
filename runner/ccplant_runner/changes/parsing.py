"""Reads what git says of changes, and shows the names of files; pure.

A name on disk is bytes: it may hold a newline, a quote, or nothing that UTF-8 knows. Git gives names between NULs, so
none can be taken for two; where one is no UTF-8 it is shown as git itself shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ccplant_contracts.changes import ChangeStatus

_STATUS: Mapping[bytes, ChangeStatus] = {b"A": "added", b"D": "deleted", b"R": "renamed"}
_LINK = b"160000"
"""The mode of a submodule."""


@dataclass(frozen=True)
class Entry:
    """One changed file."""

    name: bytes
    old_name: bytes | None
    status: ChangeStatus
    additions: int = 0
    deletions: int = 0
    binary: bool = False


def names(data: bytes, *, cut: bool = False) -> list[bytes]:
    """Return the names of a list; where it was cut, without the one that may be half."""
    found = data.split(b"\0")
    last = found.pop()
    if last and not cut:
        found.append(last)
    return [name for name in found if name]


def entries(data: bytes) -> list[Entry]:
    """Read ``diff-index -z --raw --numstat``: as many records as are whole."""
    fields = iter(data.split(b"\0")[:-1])
    changed: dict[bytes, Entry] = {}
    for field in fields:
        if field.startswith(b":"):
            entry = _raw(field, fields)
            if entry is not None:
                changed[entry.name] = entry
        elif field:
            _count(field, fields, changed)
    return list(changed.values())


def _raw(field: bytes, rest: Iterator[bytes]) -> Entry | None:
    words = field[1:].split(b" ")
    letter = words[-1][:1]
    first = next(rest, None)
    second = next(rest, None) if letter in (b"R", b"C") else None
    if first is None or len(words) != 5 or (letter in (b"R", b"C") and second is None):
        return None
    if _LINK in words[:2]:
        return None
    return Entry(
        name=second or first,
        old_name=first if second is not None else None,
        status=_STATUS.get(letter, "modified"),
    )


def _count(field: bytes, rest: Iterator[bytes], changed: dict[bytes, Entry]) -> None:
    added, _, behind = field.partition(b"\t")
    removed, _, name = behind.partition(b"\t")
    if not name:
        # a rename: both names follow
        next(rest, None)
        name = next(rest, b"")
    entry = changed.get(name)
    if entry is None:
        return
    changed[name] = Entry(
        name=entry.name,
        old_name=entry.old_name,
        status=entry.status,
        additions=int(added) if added.isdigit() else 0,
        deletions=int(removed) if removed.isdigit() else 0,
        binary=added == b"-",
    )


def is_safe(name: bytes) -> bool:
    """Tell whether a name that an index claims to hold can be one of the workspace."""
    parts = name.split(b"/")
    return bool(name) and all(part not in (b"", b".", b"..") and part.lower() != b".git" for part in parts)


def shown(name: bytes) -> str:
    """Return a name as text: no two names have the same."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if not text.startswith('"'):
            return text
    pieces: list[str] = []
    for character in name.decode("utf-8", "surrogateescape"):
        if 0xDC80 <= ord(character) <= 0xDCFF:
            pieces.append(f"\\{ord(character) - 0xDC00:03o}")
        else:
            pieces.append(f"\\{character}" if character in '"\\' else character)
    return f'"{"".join(pieces)}"'


def first_diff(data: bytes) -> bytes:
    """Return the first of several diffs: a name is also the beginning of what is in a folder of that name."""
    end = data.find(b"\ndiff --git ")
    return data if end < 0 else data[: end + 1]


def whole_lines(data: bytes) -> bytes:
    """Return what is before the last end of a line."""
    return data[: data.rfind(b"\n") + 1]
