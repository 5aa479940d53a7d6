"""Naming a session as people do: by its id, its name, or the beginning of either.

A beginning that fits two sessions is an error that names them: stopping the wrong one cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ccplant_cli.client import Client
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say

_PAGE = 200
_MOST = 10_000
_SHOWN = 5
_ID = "session-"


def path_of(session_id: str) -> str:
    """Return the API path of a session."""
    return f"/api/v1/sessions/{quote(session_id, safe='')}"


def choose(reference: str, sessions: Sequence[Document]) -> str | None:
    """Choose the session that a reference means among the newest-first list; None: none fits.

    A whole id or name wins over beginnings, and among sessions of one name the one that is not over.

    Raises:
        CliError: it fits more than one.
    """
    ids = {session.text("session_id"): session for session in sessions}
    if reference in ids:
        return reference
    named = [session for session in sessions if session.text("name") == reference]
    alive = [session for session in named if session.text("status") in ("pending", "running")]
    fitting = alive or named
    if not fitting:
        fitting = [
            session
            for session in sessions
            if session.text("session_id").startswith((reference, _ID + reference))
            or session.text("name").startswith(reference)
        ]
    if len(fitting) > 1:
        which = ", ".join(session.text("session_id") for session in fitting[:_SHOWN])
        more = say("error.and_more", count=len(fitting) - _SHOWN) if len(fitting) > _SHOWN else ""
        raise CliError(say("error.ambiguous", reference=reference, which=which + more), Exit.USAGE)
    return fitting[0].text("session_id") if fitting else None


def find(client: Client, reference: str) -> Document:
    """Return the session that a reference means, in full.

    Raises:
        CliError: none or more than one fits.
    """
    if not reference.strip():
        raise CliError(say("error.no_session", reference=reference), Exit.NOT_FOUND)
    if reference.startswith(_ID):
        try:
            return client.get(path_of(reference))
        except CliError as error:
            if error.code is not Exit.NOT_FOUND:
                raise
    sessions: list[Document] = []
    while len(sessions) < _MOST:
        page = client.get("/api/v1/sessions", limit=_PAGE, offset=len(sessions))
        found = list(page.each("sessions"))
        sessions += found
        if not found or not page.flag("has_more"):
            break
    session_id = choose(reference, sessions)
    if session_id is None:
        raise CliError(say("error.no_session", reference=reference), Exit.NOT_FOUND)
    return client.get(path_of(session_id))
