"""What became of a run: told by its dispatch, its prompt and its session, never by a copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from ccplant_api.schedules.fate import fate_of
from ccplant_contracts.dispatch import DispatchFailure, DispatchResource, DispatchSource
from ccplant_contracts.schedule import RunOutcome
from ccplant_contracts.session import Mode
from ccplant_contracts.status import STATUS_OF, PromptState, Reason
from ccplant_store.prompts.model import PromptStanding
from ccplant_store.sessions.model import SessionListing

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


def dispatch(state: Any, **fields: Any) -> DispatchResource:
    source = DispatchSource(kind="schedule", id="sched-1", name="nightly")
    return DispatchResource(
        dispatch_id="disp-1", source=source, state=state, message="m", target="new", created_at=AT, version=1, **fields
    )  # fmt: skip


def prompt(state: PromptState, **fields: Any) -> PromptStanding:
    return PromptStanding(id="prompt-1", state=state, started_at=AT, ended_at=LATER, **fields)


def session(reason: Reason, **fields: Any) -> SessionListing:
    return SessionListing.model_validate(
        {
            "id": "session-ann-1", "owner": "ann", "name": "nightly", "mode": Mode.TASK, "status": STATUS_OF[reason],
            "status_reason": reason, "open": not STATUS_OF[reason].final, "created_at": AT, "updated_at": AT,
            "running_at": AT, "ended_at": LATER if STATUS_OF[reason].final else None, "cpu_limit": "1",
            "memory_limit": "1Gi", "labels": {}, "repository": None, "branch": None, **fields,
        }
    )  # fmt: skip


FAILURE = DispatchFailure(code="volume_refused", message={"ja": "だめ", "en": "no"})


@pytest.mark.parametrize(
    ("told", "outcome", "reason"),
    [
        (None, "erased", None),
        (dispatch("waiting", waiting_for="place"), "waiting", "place"),
        (dispatch("waiting"), "waiting", None),
        (dispatch("cancelled", resolved_at=LATER), "cancelled", None),
        (dispatch("failed", failure=FAILURE, resolved_at=LATER), "failed", "volume_refused"),
    ],
)
def test_a_run_that_reached_no_session_has_its_dispatchs_fate(
    told: DispatchResource | None, outcome: str, reason: str | None
) -> None:
    for ends_with_session in (True, False):
        fate = fate_of(told, ends_with_session=ends_with_session, prompt=None, session=None)
        assert (fate.outcome, fate.reason) == (outcome, reason)
        assert (fate.words is None) == (reason is None)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (PromptState.QUEUED, "waiting"),
        (PromptState.DELIVERING, "running"),
        (PromptState.IN_PROGRESS, "running"),
        (PromptState.DONE, "succeeded"),
        (PromptState.FAILED, "failed"),
        (PromptState.INTERRUPTED, "interrupted"),
        (PromptState.CANCELLED, "cancelled"),
        (PromptState.REMOVED, "cancelled"),
        (PromptState.UNDELIVERED, "waiting"),
    ],
)
def test_with_reuse_a_run_ends_with_its_prompt_whatever_the_session_does(
    state: PromptState, outcome: str
) -> None:
    for told in (session(Reason.REGISTERED), session(Reason.STOPPED), None):
        fate = fate_of(
            dispatch("dispatched"), ends_with_session=False, prompt=prompt(state, error="why"), session=told
        )
        assert fate.outcome == outcome
        assert (fate.reason is not None) == (state in (PromptState.QUEUED, PromptState.FAILED))
        assert (fate.words is not None) == (fate.reason is not None)
        if outcome in ("succeeded", "failed", "interrupted", "cancelled"):
            assert (fate.started_at, fate.ended_at) == (AT, LATER)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.CREATED, "running"),
        (Reason.REGISTERED, "running"),
        (Reason.TASK_FINISHED, "succeeded"),
        (Reason.AGENT_ENDED, "succeeded"),
        (Reason.OWNER_COMPLETED, "succeeded"),
        (Reason.TIMEOUT, "failed"),
        (Reason.OOM_KILLED, "failed"),
        (Reason.CLONE_FAILED, "failed"),
        (Reason.STOPPED, "cancelled"),
        (Reason.DELETED, "cancelled"),
        (Reason.NODE_SHUTDOWN, "interrupted"),
        (Reason.EVICTED, "interrupted"),
        (Reason.POD_DELETED, "interrupted"),
    ],
)
def test_without_reuse_a_run_ends_with_its_session(reason: Reason, outcome: str) -> None:
    fate = fate_of(
        dispatch("dispatched"),
        ends_with_session=True,
        prompt=prompt(PromptState.DONE),
        session=session(reason),
    )
    assert fate.outcome == outcome
    assert fate.ended_at == (None if outcome == "running" else LATER)
    if outcome in ("failed", "cancelled", "interrupted"):
        assert fate.reason == reason.value
        assert fate.words is not None
        assert fate.words["ja"]


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (PromptState.FAILED, "failed"),
        (PromptState.INTERRUPTED, "interrupted"),
        (PromptState.DONE, "succeeded"),
    ],
)
def test_a_task_whose_turn_failed_is_no_success_however_its_session_ended(
    state: PromptState, outcome: str
) -> None:
    fate = fate_of(
        dispatch("dispatched"),
        ends_with_session=True,
        prompt=prompt(state, stop_reason="refusal"),
        session=session(Reason.TASK_FINISHED),
    )
    assert fate.outcome == outcome
    assert fate.reason == ("refusal" if outcome == "failed" else None), "not the session's, which ended well"
    assert fate.ended_at == LATER


def test_every_reason_and_state_has_a_fate_and_erased_records_have_their_own() -> None:
    for reason in Reason:
        for state in PromptState:
            for ends in (True, False):
                fate = fate_of(
                    dispatch("dispatched"),
                    ends_with_session=ends,
                    prompt=prompt(state),
                    session=session(reason),
                )
                assert fate.outcome in get_args(RunOutcome)
    assert (
        fate_of(dispatch("dispatched"), ends_with_session=True, prompt=None, session=None).outcome == "erased"
    )
    assert (
        fate_of(dispatch("dispatched"), ends_with_session=False, prompt=None, session=None).outcome
        == "erased"
    )
