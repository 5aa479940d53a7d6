"""Permission requests at a terminal: chosen by number, never by accident.

A bare Enter, an unknown number or any other text chooses nothing, and nothing that is chosen by default exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ccplant_cli.documents import Document


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be given."""

    option_id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Request:
    """A permission request that waits for an answer."""

    permission_id: str
    title: str
    detail: str
    options: tuple[Option, ...]


_DETAIL = 400


def request_of(document: Document) -> Request:
    """Read a request."""
    tool = document.inner("tool").inner("input")
    detail = next((tool.text(name) for name in ("command", "file_path", "path", "url") if name in tool), "")
    options = tuple(
        Option(option.text("option_id"), option.text("name") or option.text("kind"), option.text("kind"))
        for option in document.each("options")
    )
    title = document.text("title")
    return Request(
        document.text("permission_id"), title, "" if detail in title else detail[:_DETAIL], options
    )


def chosen(options: Sequence[Option], typed: str) -> Option | None:
    """Return the option that a typed line chooses: its number and nothing else."""
    digits = typed.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 2:
        return None
    number = int(digits)
    return options[number - 1] if 1 <= number <= len(options) else None
