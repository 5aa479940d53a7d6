"""Naming a thing as people do: by its id, its name, or the beginning of either.

A beginning that fits two is an error that names them: stopping the wrong one cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ccplant_cli.client import Client
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say

_PAGE = 200
_MOST = 10_000
_SHOWN = 5


def _alike(_: Document) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """Things that have an id and a name: where the API lists them, and how their absence is told."""

    items: str
    """Their name in the API, in the path and in lists."""
    field: str
    """What their id is called in documents."""
    prefix: str
    """What their ids begin with."""
    absent: Callable[[str], str]
    """Says that none fits a reference."""
    ambiguous: Callable[[str, str], str]
    """Says that a reference fits more than one, and which."""
    preferred: Callable[[Document], bool] = _alike
    """Which among those of one name are meant, where there are such."""

    @property
    def root(self) -> str:
        """Return the API path of all of them."""
        return f"/api/v1/{self.items}"

    def path(self, item_id: str) -> str:
        """Return the API path of one."""
        return f"{self.root}/{quote(item_id, safe='')}"


SESSIONS = Kind(
    "sessions", "session_id", "session-",
    absent=lambda reference: say("error.no_session", reference=reference),
    ambiguous=lambda reference, which: say("error.ambiguous", reference=reference, which=which),
    preferred=lambda session: session.text("status") in ("pending", "running"),
)  # fmt: skip


def path_of(session_id: str) -> str:
    """Return the API path of a session."""
    return SESSIONS.path(session_id)


def choose(reference: str, items: Sequence[Document], kind: Kind = SESSIONS) -> str | None:
    """Choose the one that a reference means among the newest-first list; None: none fits.

    A whole id or name wins over beginnings, and among sessions of one name the one that is not over.

    Raises:
        CliError: it fits more than one.
    """
    if reference in {item.text(kind.field) for item in items}:
        return reference
    named = [item for item in items if item.text("name") == reference]
    fitting = [item for item in named if kind.preferred(item)] or named
    if not fitting:
        beginnings = (reference, kind.prefix + reference)
        fitting = [
            item
            for item in items
            if item.text(kind.field).startswith(beginnings) or item.text("name").startswith(reference)
        ]
    if len(fitting) > 1:
        which = ", ".join(item.text(kind.field) for item in fitting[:_SHOWN])
        more = say("error.and_more", count=len(fitting) - _SHOWN) if len(fitting) > _SHOWN else ""
        raise CliError(kind.ambiguous(reference, which + more), Exit.USAGE)
    return fitting[0].text(kind.field) if fitting else None


def find(client: Client, reference: str, kind: Kind = SESSIONS) -> Document:
    """Return what a reference means, in full.

    Raises:
        CliError: none or more than one fits.
    """
    if not reference.strip():
        raise CliError(kind.absent(reference), Exit.NOT_FOUND)
    if reference.startswith(kind.prefix):
        try:
            return client.get(kind.path(reference))
        except CliError as error:
            if error.code is not Exit.NOT_FOUND:
                raise
    items: list[Document] = []
    while len(items) < _MOST:
        page = client.get(kind.root, limit=_PAGE, offset=len(items))
        found = list(page.each(kind.items))
        items += found
        if not found or not page.flag("has_more"):
            break
    item_id = choose(reference, items, kind)
    if item_id is None:
        raise CliError(kind.absent(reference), Exit.NOT_FOUND)
    return client.get(kind.path(item_id))
