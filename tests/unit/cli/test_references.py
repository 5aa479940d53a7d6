"""A session is found by id, name or beginning, and never guessed between two."""

from __future__ import annotations

import pytest

from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.references import choose


def session(session_id: str, name: str = "", status: str = "running") -> Document:
    return Document({"session_id": f"session-{session_id}", "name": name, "status": status})


SESSIONS = (
    session("ann-1aa", "review"),
    session("ann-1bb", "review-2"),
    session("ann-2cc", "docs", "completed"),
)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("session-ann-1aa", "session-ann-1aa"),
        ("review", "session-ann-1aa"),
        ("review-", "session-ann-1bb"),
        ("do", "session-ann-2cc"),
        ("ann-1b", "session-ann-1bb"),
        ("session-ann-2", "session-ann-2cc"),
        ("nothing", None),
    ],
)
def test_ids_names_and_beginnings_are_found(reference: str, found: str | None) -> None:
    assert choose(reference, SESSIONS) == found


def test_two_that_fit_are_an_error_that_names_both() -> None:
    with pytest.raises(CliError) as caught:
        choose("ann-1", SESSIONS)
    assert caught.value.code is Exit.USAGE
    assert "session-ann-1aa" in caught.value.message
    assert "session-ann-1bb" in caught.value.message


def test_of_two_with_one_name_the_one_that_is_not_over_is_meant() -> None:
    assert choose("x", (session("new", "x", "failed"), session("old", "x"))) == "session-old"
    with pytest.raises(CliError):
        choose("x", (session("new", "x"), session("old", "x")))
