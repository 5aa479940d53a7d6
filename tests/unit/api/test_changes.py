"""Asking a runner what changed: every way in which there is no answer has its own words, and nothing is taken on trust."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ccplant_api.changes.asking import ask_for_changes
from ccplant_contracts.base import Message
from ccplant_contracts.changes import PIECE_BYTES, ChangesAnswer, ChangesFault, ChangesRequest, FileDiff
from ccplant_contracts.errors import ApiError, ConflictError, NotFoundError, UnavailableError
from ccplant_contracts.launch import Receipt
from ccplant_contracts.status import Reason, Status
from ccplant_store.sessions.model import LaunchDoc, SessionDoc
from tests.support.documents import session_document

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DIFF = FileDiff(path="x", status="modified", diff="+line\n" * 200_000)


def running() -> SessionDoc:
    launch = LaunchDoc(id="l0123456789", attempt=1, created_at=NOW, started_at=NOW)
    return session_document(status=Status.RUNNING, status_reason=Reason.REGISTERED, launch=launch)


class Line:
    """A runner's side, written down."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.asked: list[ChangesRequest] = []
        self.subjects: set[str] = set()

    async def ask_runner(self, subject: str, question: Message, *, timeout: float) -> bytes | None:
        assert isinstance(question, ChangesRequest)
        assert timeout <= 60
        self.subjects.add(subject)
        self.asked.append(question)
        return self.answers.pop(0)


def piece(data: bytes, index: int = 0, pieces: int = 1, answer_id: str | None = None) -> bytes:
    head = ChangesAnswer(ok=True, pieces=pieces, answer_id=answer_id)
    return head.model_dump_json().encode() + b"\n" + data


def refused(fault: ChangesFault | None) -> bytes:
    return ChangesAnswer(ok=False, fault=fault).model_dump_json().encode() + b"\n"


async def test_pieces_are_asked_for_one_by_one_and_put_together() -> None:
    whole = DIFF.model_dump_json().encode()
    pieces = [whole[at : at + PIECE_BYTES] for at in range(0, len(whole), PIECE_BYTES)]
    line = Line(*(piece(data, index, len(pieces), "a") for index, data in enumerate(pieces)))
    assert await ask_for_changes(line, running(), "x", FileDiff) == DIFF
    assert [(asked.path, asked.answer_id, asked.index) for asked in line.asked] == [
        ("x", None, 0),
        *((None, "a", index) for index in range(1, len(pieces))),
    ]
    assert line.subjects == {"s.l0123456789.in.changes"}


async def test_what_the_runner_did_not_keep_is_asked_for_once_more() -> None:
    whole = DIFF.model_dump_json().encode()[:100]
    line = Line(
        piece(whole, 0, 2, "a"), refused("gone"), piece(DIFF.model_dump_json().encode()[:PIECE_BYTES])
    )
    with pytest.raises(UnavailableError):
        await ask_for_changes(line, running(), "x", FileDiff)
    assert [asked.path for asked in line.asked] == ["x", None, "x"]


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (None, UnavailableError, "does not answer"),
        (b"", UnavailableError, "something else"),
        (b"no json\nx", UnavailableError, "something else"),
        (piece(b"no json"), UnavailableError, "no whole answer"),
        (piece(b"x" * (PIECE_BYTES + 1)), UnavailableError, "too much"),
        (refused("busy"), UnavailableError, "at once"),
        (refused("failed"), UnavailableError, "could not compare"),
        (refused("not_changed"), NotFoundError, "not among"),
        (refused("no_repository"), ConflictError, "nothing to compare"),
        (refused("no_base"), ConflictError, "nothing to compare"),
        (Receipt(ok=False, detail="unknown: changes").model_dump_json().encode(), ConflictError, "earlier"),
    ],
)
async def test_why_there_is_no_answer_is_said(answer: bytes | None, kind: type[ApiError], word: str) -> None:
    with pytest.raises(kind, match=word) as raised:
        await ask_for_changes(Line(answer), running(), "x", FileDiff)
    assert (raised.value.status == 503) == (raised.value.retry_after is not None)
