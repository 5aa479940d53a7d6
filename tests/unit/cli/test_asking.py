"""Permission requests are answered by a number that was offered, and by nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplant_cli.chat.asking import Option, chosen, request_of
from ccplant_cli.documents import Document

OPTIONS = (
    Option("a", "Allow once", "allow_once"),
    Option("b", "Always allow", "allow_always"),
    Option("c", "Reject", "reject_once"),
)


def test_the_number_chooses() -> None:
    assert chosen(OPTIONS, "1") == OPTIONS[0]
    assert chosen(OPTIONS, " 3 \n") == OPTIONS[2]


def test_a_bare_enter_chooses_nothing() -> None:
    for typed in ("", " ", "\n", "\t\n"):
        assert chosen(OPTIONS, typed) is None


@given(st.text(max_size=20))
def test_any_other_text_chooses_nothing(typed: str) -> None:
    if typed.strip() not in ("1", "2", "3", "01", "02", "03"):
        assert chosen(OPTIONS, typed) is None


def test_numbers_outside_the_offer_choose_nothing() -> None:
    for typed in ("0", "4", "-1", "99", "1 2", "1.", "１"):
        assert chosen(OPTIONS, typed) is None


def test_a_request_shows_what_the_tool_would_do() -> None:
    request = request_of(
        Document.of(
            {
                "permission_id": "perm-1", "title": "Bash", "tool": {"input": {"command": "rm -rf build"}},
                "options": [{"option_id": "x", "name": "Allow", "kind": "allow_once"}],
            }
        )
    )  # fmt: skip
    assert (request.title, request.detail) == ("Bash", "rm -rf build")
    assert request.options == (Option("x", "Allow", "allow_once"),)
