"""The auditor of triggers itself: what it lets pass would pass everywhere, so each kind of loss is shown to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.github_sender import Sent
from tests.support.trigger_verdicts import (
    delivery_findings,
    dispatch_findings,
    event_findings,
    slot_findings,
    tick_findings,
)

pytestmark = [pytest.mark.chaos, pytest.mark.smoke]

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Raw = dict[str, Any]


def _delivery(**changes: Any) -> Raw:
    fields = {"_id": "dlv", "github_delivery": "g", "state": "processed", "outcome": "handed", "reason": None}
    return {**fields, "dispatch_id": "disp", **changes}


def _dispatch(**changes: Any) -> Raw:
    return {
        "_id": "disp", "source": {"kind": "webhook", "delivery_id": "dlv", "run_id": None}, "trigger": "t",
        "state": "dispatched", "open": False, "waiting_for": None, "tried": [], "text": "echo x", "failure": None,
        "prompt_id": "p", "session_id": "s", "target_kind": "key", "queue": "q", "number": 1,
        "created_at": AT, "resolved_at": AT, **changes,
    }  # fmt: skip


def _prompt(**changes: Any) -> Raw:
    fields = {
        "_id": "p",
        "dispatch_id": "disp",
        "session_id": "s",
        "state": "done",
        "text": "echo x",
        "number": 1,
    }
    return {**fields, **changes}


def _session(begin: int = 0, end: int | None = None) -> Raw:
    ended = None if end is None else AT + end * MINUTE
    return {"created_at": AT + begin * MINUTE, "ended_at": ended, "stop_requested": None}


def _run(**changes: Any) -> Raw:
    return {
        "_id": "run", "schedule_id": "sched", "trigger": "tick", "tick_at": AT, "due_at": AT, "fired_at": AT,
        "missed_until": None, "outcome": "handed", **changes,
    }  # fmt: skip


TAKEN = (202, {"delivery_id": "dlv"})
AGAIN = (200, {"delivery_id": "dlv", "duplicate": True})
OF_A_RUN = {"source": {"kind": "schedule", "delivery_id": None, "run_id": "run"}}


def test_what_is_whole_passes() -> None:
    sent = [Sent({}, guid="g", answers=[TAKEN, AGAIN])]
    rows = [_delivery(), _delivery(_id="again", outcome="duplicate")]
    assert delivery_findings(sent, rows, [_dispatch()]) == []
    assert dispatch_findings([_dispatch()], [_prompt()]) == []
    missed = _run(_id="missed", outcome="missed", tick_at=AT + MINUTE, missed_until=AT + 2 * MINUTE)
    due = {"sched": [AT, AT + MINUTE, AT + 2 * MINUTE]}
    assert tick_findings(due, [_run(), missed], [_dispatch(**OF_A_RUN)]) == []
    assert event_findings([{"session_id": "d", "sequence": 1, "published": True}], {"d": 1}) == []


@pytest.mark.parametrize(
    ("answers", "rows", "dispatches"),
    [
        ([TAKEN], [], []),  # lost
        ([TAKEN], [_delivery(), _delivery(_id="dlv2")], [_dispatch()]),  # twice on record
        ([TAKEN], [_delivery(state="received", outcome=None)], []),  # without an outcome
        ([TAKEN], [_delivery()], []),  # handed to nobody
        ([TAKEN], [_delivery()], [_dispatch(), _dispatch(_id="disp2")]),  # handed on twice
        ([TAKEN, AGAIN], [_delivery()], [_dispatch()]),  # a repeat that is not on record
        ([(202, {"delivery_id": "other"})], [_delivery()], [_dispatch()]),  # told another id
        ([], [_delivery(github_delivery="stranger")], [_dispatch()]),
    ],
)
def test_a_delivery_that_is_lost_or_doubled_is_found(
    answers: list[tuple[int, Raw]], rows: list[Raw], dispatches: list[Raw]
) -> None:
    assert delivery_findings([Sent({}, guid="g", answers=[*answers])], rows, dispatches)


@pytest.mark.parametrize(
    ("runs", "dispatches"),
    [
        ([], []),  # never decided on
        ([_run(), _run(_id="run2", outcome="skipped")], [_dispatch(**OF_A_RUN)]),  # decided on twice
        ([_run()], []),  # handed to nobody
        ([_run()], [_dispatch(**OF_A_RUN)] * 2),  # fired twice
        ([_run(tick_at=AT + MINUTE)], [_dispatch(**OF_A_RUN)]),  # not due
        ([_run(fired_at=AT - MINUTE)], [_dispatch(**OF_A_RUN)]),  # too early
        ([_run(outcome="skipped")], [_dispatch(**OF_A_RUN)]),  # skipped, and started
    ],
)
def test_a_tick_that_is_lost_or_doubled_is_found(runs: list[Raw], dispatches: list[Raw]) -> None:
    assert tick_findings({"sched": [AT]}, runs, dispatches)


@pytest.mark.parametrize(
    ("dispatches", "prompts"),
    [
        ([_dispatch()], []),  # its prompt is gone
        ([_dispatch()], [_prompt(), _prompt(_id="p2", session_id="s2")]),  # in two sessions
        ([_dispatch(tried=[{"session_id": "s"}])], [_prompt(state="undelivered")]),  # nobody got it
        ([_dispatch()], [_prompt(state="queued")]),  # without an end
        ([_dispatch()], [_prompt(_id="other")]),
        ([_dispatch()], [_prompt(text="echo y")]),
        ([_dispatch(open=True, state="waiting", waiting_for="turn")], []),
        ([_dispatch(state="failed")], []),  # and does not say why
        ([_dispatch(state="cancelled")], [_prompt()]),  # and was said
        (
            [_dispatch(), _dispatch(_id="disp2")],
            [_prompt(), _prompt(_id="p2", dispatch_id="disp2")],
        ),  # one trigger
        ([], [_prompt()]),
    ],
)
def test_a_dispatch_that_is_lost_or_doubled_is_found(dispatches: list[Raw], prompts: list[Raw]) -> None:
    assert dispatch_findings(dispatches, prompts)


@pytest.mark.parametrize(
    ("second", "sessions", "number", "wrong"),
    [
        ("s", {"s": _session()}, 2, False),
        ("s", {"s": _session()}, 0, True),  # out of order
        ("s", {"s": _session()}, 1, True),  # one number twice
        ("s2", {"s": _session(0, 1), "s2": _session(1)}, 2, False),
        ("s2", {"s": _session(0, 2), "s2": _session(1)}, 2, True),  # two sessions at once
        ("s2", {"s": _session(0), "s2": _session(1)}, 2, True),
    ],
)
def test_a_place_with_two_sessions_or_out_of_order_is_found(
    second: str, sessions: dict[str, Raw], number: int, *, wrong: bool
) -> None:
    dispatches = [_dispatch(), _dispatch(_id="disp2", number=number)]
    prompts = [_prompt(), _prompt(_id="p2", dispatch_id="disp2", session_id=second, number=2)]
    assert bool(slot_findings(dispatches, prompts, sessions)) == wrong


def test_a_number_whose_maker_was_held_up_may_come_late() -> None:
    patient = _dispatch(_id="disp2", number=2, resolved_at=AT + timedelta(seconds=2))
    prompts = [_prompt(dispatch_id="disp2"), _prompt(_id="p2", number=2)]
    assert slot_findings([_dispatch(), patient], prompts, {"s": _session()}) == []
    hasty = _dispatch(_id="disp2", number=2)
    assert slot_findings([_dispatch(), hasty], prompts, {"s": _session()})


@pytest.mark.parametrize(("sequence", "published"), [(2, True), (1, False)])
def test_an_event_that_is_missing_or_unpublished_is_found(sequence: int, *, published: bool) -> None:
    assert event_findings(
        [{"type": "t", "session_id": "d", "sequence": sequence, "published": published}], {"d": 1}
    )
