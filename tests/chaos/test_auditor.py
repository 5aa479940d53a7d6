"""The auditor itself: what it lets pass would pass everywhere, so each kind of loss is shown to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccplant_contracts.stream import MessageChunk, StreamData, StreamEvent, Turn
from tests.support.absences import PATIENCE, Absences
from tests.support.verdicts import prompt_findings, stream_findings

pytestmark = [pytest.mark.chaos, pytest.mark.smoke]

SAID: tuple[StreamData, ...] = (
    Turn(prompt_id="p", state="started"),
    MessageChunk(message_id="p", role="user", offset=0, text="echo word", final=True),
    MessageChunk(message_id="a", role="agent", offset=0, text="wo"),
    MessageChunk(message_id="a", role="agent", offset=2, text="rd", final=True),
    Turn(prompt_id="p", state="done"),
)


def _events(*data: StreamData) -> list[StreamEvent]:
    return [StreamEvent(seq=seq, at=datetime.now(UTC), data=item) for seq, item in enumerate(data, start=1)]


def _session(last: int, **changes: Any) -> dict[str, Any]:
    return {"stored_to": last, "transcript": {"last_seq": last, "complete": True}, **changes}


def _prompt(state: str = "done", name: str = "p") -> dict[str, Any]:
    return {"_id": name, "state": state, "text": "echo word", "idempotency_key": "k"}


def test_what_is_whole_passes() -> None:
    assert stream_findings(_session(5), _events(*SAID)) == []
    assert prompt_findings([_prompt()], _events(*SAID), {"p": "echo word"}) == []


@pytest.mark.parametrize(
    ("session", "left_out"),
    [
        (_session(5), 3),
        (_session(4), None),
        (_session(5, transcript=None), None),
        (_session(5, transcript={"last_seq": 5, "complete": False}), None),
    ],
)
def test_a_stream_that_is_not_whole_is_found(session: dict[str, Any], left_out: int | None) -> None:
    assert stream_findings(session, [event for event in _events(*SAID) if event.seq != left_out])


def test_a_hole_in_a_message_is_found() -> None:
    assert stream_findings(_session(4), _events(*SAID[:2], *SAID[3:]))


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ([], SAID),  # lost
        ([_prompt("queued")], ()),  # without an end
        ([_prompt(), _prompt(name="q")], SAID),  # one key, two prompts
        ([_prompt()], SAID * 2),  # run twice
        ([_prompt("removed")], SAID),  # removed, and run
        ([_prompt()], SAID[:4]),  # done, and the runner never said so
        ([_prompt("interrupted")], SAID),  # the runner said otherwise
        ([_prompt()], SAID[:2] + SAID[4:]),  # done without an answer
        ([_prompt()], (*SAID, Turn(prompt_id="stranger", state="started"))),
    ],
)
def test_a_prompt_that_is_lost_or_repeated_is_found(
    prompts: list[dict[str, Any]], said: tuple[StreamData, ...]
) -> None:
    assert prompt_findings(prompts, _events(*said), {"p": "echo word"})


def _failed(at: datetime, event: str = "service_failed", where: str = "ccplant_store/driver.py") -> str:
    return json.dumps({"event": event, "level": "error", "exception": f"in {where}", "time": at.isoformat()})


def test_a_service_may_say_that_mongodb_is_away_only_while_it_is() -> None:
    absences = Absences()
    before = datetime.now(UTC)
    assert not absences.explain(_failed(before))
    absences.begin()
    meanwhile = datetime.now(UTC)
    assert absences.explain(_failed(meanwhile + timedelta(hours=1)))
    absences.end()
    returned = datetime.now(UTC)
    assert absences.explain(_failed(meanwhile))
    assert absences.explain(_failed(returned + PATIENCE / 2))
    assert not absences.explain(_failed(before - timedelta(seconds=1)))
    assert not absences.explain(_failed(returned + PATIENCE + timedelta(seconds=1)))
    assert not absences.explain(_failed(meanwhile, event="dispatch_failed"))
    assert not absences.explain(_failed(meanwhile, where="ccplant_api/main.py"))
    assert not absences.explain('"event": "service_failed" ccplant_store/driver.py, cut off')
