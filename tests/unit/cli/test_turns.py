"""A prompt's end counts when its text has been seen, or when there is none to come."""

from __future__ import annotations

from ccplant_cli.chat.transcript import TurnSeen
from ccplant_cli.chat.turns import Outcome, Turns
from ccplant_cli.documents import Document


def prompt(state: str, version: int = 1, number: int = 1, **more: object) -> Document:
    return Document({"prompt_id": f"p{number}", "number": number, "state": state, "version": version, **more})


def test_a_documents_end_waits_for_the_streams() -> None:
    turns = Turns()
    turns.prompt(prompt("done", started_at="2026-01-01T00:00:00Z"))
    assert turns.outcome("p1") is None
    assert turns.last_word("p1") == Outcome("done")
    turns.turn(TurnSeen("p1", "done"))
    assert turns.outcome("p1") == Outcome("done")


def test_a_prompt_that_never_began_ends_by_its_document_alone() -> None:
    for state in ("removed", "undelivered", "cancelled"):
        turns = Turns()
        turns.prompt(prompt(state))
        assert turns.outcome("p1") == Outcome(state)


def test_an_older_document_never_replaces_a_newer_one() -> None:
    turns = Turns()
    turns.prompt(prompt("in_progress", version=3))
    turns.prompt(prompt("queued", version=1))
    turns.prompt(prompt("removed", version=2))
    assert turns.outcome("p1") is None
    assert turns.under_way() == "p1"


def test_a_cancel_means_the_first_open_prompt_and_none_that_the_stream_has_ended() -> None:
    turns = Turns()
    turns.prompt(prompt("queued", number=2))
    turns.prompt(prompt("in_progress", number=1))
    assert turns.under_way() == "p1"
    turns.turn(TurnSeen("p1", "done"))
    assert turns.under_way() == "p2"


def test_the_start_of_a_turn_is_no_end() -> None:
    turns = Turns()
    turns.turn(TurnSeen("p1", "started"))
    assert turns.outcome("p1") is None
