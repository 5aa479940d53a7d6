"""The decision about a dispatch: as a table, and what holds whatever is seen (W3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.dispatch import DispatchSource, Target, reuse_target
from ccplant_contracts.messages import CATALOGUE
from ccplant_contracts.session import SessionConfig, StopRequested
from ccplant_contracts.status import PromptState, Reason, Status, StopReason
from ccplant_orchestrator.dispatches.decide import (
    GAP_PATIENCE,
    MOST_SESSIONS,
    Assign,
    Confirm,
    CreateSession,
    EndEarlier,
    Fail,
    FailureCode,
    GiveWay,
    Hold,
    PutIn,
    Sight,
    Unassign,
    decide_dispatch,
    failure,
    takes_prompts,
)
from ccplant_store.dispatches.model import DispatchDoc, StartDoc, TriedDoc, new_dispatch
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc, StopDoc, new_session

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CREATED = NOW - timedelta(minutes=1)


def dispatch(**fields: object) -> DispatchDoc:
    made = new_dispatch(
        owner="ada",
        source=DispatchSource(kind="schedule", id="sched-1", name="nightly"),
        trigger="tick:1",
        target=Target("key", "k"),
        text="hello",
        start=StartDoc(name="nightly", config=SessionConfig()),
        at=CREATED,
        number=3,
    )
    return made.model_copy(update=fields)


def session(
    status: Status = Status.RUNNING,
    *,
    reason: Reason = Reason.REGISTERED,
    stopped: StopReason | None = None,
    session_id: str = "session-ada-1",
) -> SessionDoc:
    made = new_session(
        session_id, owner="ada", name="x", mode=StartDoc(name="x", config=SessionConfig()).mode, labels={},
        repository=None, branch=None, config=SessionConfig(), at=CREATED,
    )  # fmt: skip
    stop = (
        None if stopped is None else StopDoc(**StopRequested(reason=stopped, by="eve", at=NOW).model_dump())
    )
    return made.model_copy(
        update={"status": status, "status_reason": reason, "open": not status.final, "stop_requested": stop}
    )


def prompt(state: PromptState) -> PromptDoc:
    return PromptDoc(
        id="prompt-1", session_id="session-ada-1", owner="ada", number=1, text="hello", by="x", state=state,
        created_at=CREATED,
    )  # fmt: skip


ASSIGNED = {"session_id": "session-ada-1"}
CASES = [
    ("nothing there", {}, Sight(), CreateSession),
    ("one runs", {}, Sight(current=session()), Assign),
    ("one will run", {}, Sight(current=session(Status.PENDING)), Assign),
    ("one has ended", {}, Sight(current=session(Status.FAILED)), CreateSession),
    ("one is ending", {}, Sight(current=session(stopped=StopReason.STOPPED)), CreateSession),
    ("its messages come back first", {}, Sight(current=session(Status.FAILED), returning=True), Hold),
    ("the number before is out", {"created_at": NOW}, Sight(gap=True), Hold),
    ("the number before is lost", {"created_at": NOW - GAP_PATIENCE}, Sight(gap=True), CreateSession),
    ("a failure of ours just now", {"next_attempt_at": NOW + timedelta(seconds=1)}, Sight(), Hold),
    ("the run that replaces it is there", {}, Sight(replaced=True), GiveWay),
    (
        "it is replaced while it waits for another try",
        {"next_attempt_at": NOW + timedelta(seconds=9)},
        Sight(replaced=True),
        GiveWay,
    ),
    (
        "it is replaced, and its prompt may be in a session",
        {"session_id": "session-ada-1"},
        Sight(replaced=True, assigned=session()),
        PutIn,
    ),
    ("the run before goes on", {}, Sight(earlier_over=False), Hold),
    ("the run before is to go", {"replace": True}, Sight(earlier_over=False), EndEarlier),
    ("written down and open", ASSIGNED, Sight(assigned=session()), PutIn),
    ("written down and gone", ASSIGNED, Sight(), Unassign),
    ("written down and ended", ASSIGNED, Sight(assigned=session(Status.FAILED)), Unassign),
    ("written down and ending", ASSIGNED, Sight(assigned=session(stopped=StopReason.TIMEOUT)), Unassign),
    ("the prompt is there", ASSIGNED, Sight(assigned=session(), prompt=prompt(PromptState.QUEUED)), Confirm),
    ("the prompt ran", ASSIGNED, Sight(prompt=prompt(PromptState.INTERRUPTED)), Confirm),
    ("the prompt came back", ASSIGNED, Sight(prompt=prompt(PromptState.UNDELIVERED)), Unassign),
]


@pytest.mark.parametrize(("name", "fields", "sight", "step"), CASES, ids=[case[0] for case in CASES])
def test_each_situation_has_its_step(
    name: str, fields: dict[str, object], sight: Sight, step: type[object]
) -> None:
    assert isinstance(decide_dispatch(dispatch(**fields), sight, NOW), step)


@pytest.mark.parametrize(
    ("created", "last", "code"),
    [
        (True, session(Status.FAILED, reason=Reason.CLONE_FAILED), "session_failed"),
        (True, session(Status.TERMINATED, reason=Reason.DELETED), "session_ended_by"),
        (True, session(Status.TERMINATED, reason=Reason.POD_DELETED), None),
        (False, session(Status.FAILED, reason=Reason.CLONE_FAILED), None),
        (False, session(Status.TERMINATED, reason=Reason.STOPPED), None),
        (True, None, None),
    ],
)
def test_only_the_end_of_its_own_session_by_failure_or_by_somebody_ends_a_dispatch(
    created: bool, last: SessionDoc | None, code: str | None
) -> None:
    tried = (TriedDoc(session_id="session-ada-1", created=created),)
    step = decide_dispatch(dispatch(tried=tried), Sight(last_tried=last), NOW)
    assert (step.failure.code if isinstance(step, Fail) else None) == code


def test_a_dispatch_is_given_up_after_so_many_sessions() -> None:
    tried = (TriedDoc(session_id="session-ada-1", created=False),) * MOST_SESSIONS
    step = decide_dispatch(dispatch(tried=tried), Sight(current=session()), NOW)
    assert isinstance(step, Fail)
    assert step.failure.code == "sessions_ended"
    assert isinstance(decide_dispatch(dispatch(tried=tried[1:]), Sight(current=session()), NOW), Assign)


SESSIONS = st.none() | st.builds(
    session, st.sampled_from(Status), stopped=st.none() | st.sampled_from(StopReason)
)
SIGHTS = st.builds(
    Sight,
    gap=st.booleans(),
    assigned=SESSIONS,
    prompt=st.none() | st.builds(prompt, st.sampled_from(PromptState)),
    earlier_over=st.booleans(),
    last_tried=SESSIONS,
    current=SESSIONS,
    returning=st.booleans(),
)


@given(SIGHTS, st.booleans(), st.booleans())
def test_a_prompt_is_never_left_where_a_runner_may_still_get_it(
    sight: Sight, assigned: bool, replace: bool
) -> None:
    looked_at = dispatch(session_id="session-ada-1" if assigned else None, replace=replace)
    step = decide_dispatch(looked_at, sight, NOW)
    if assigned and sight.prompt is not None and sight.prompt.state is not PromptState.UNDELIVERED:
        assert step == Confirm(sight.prompt)
    if assigned and sight.prompt is None and sight.assigned is not None and takes_prompts(sight.assigned):
        assert isinstance(step, PutIn)
    if assigned:
        assert not isinstance(step, Assign | CreateSession | EndEarlier | Fail)
    if isinstance(step, Assign):
        assert sight.current is not None
        assert takes_prompts(sight.current)
    if isinstance(step, CreateSession):
        assert sight.current is None or not takes_prompts(sight.current)
        assert sight.earlier_over
        assert not sight.returning


@pytest.mark.parametrize(
    "code", ["session_failed", "session_ended_by", "sessions_ended", "volume_refused", "dispatch_error"]
)
def test_each_failure_has_its_sentence(code: FailureCode) -> None:
    assert code in CATALOGUE
    said = failure(code).message
    assert said["ja"] != said["en"]


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"reuse": False, "session": None, "key": None}, Target("new")),
        ({"reuse": True, "session": None, "key": None}, Target("last")),
        ({"reuse": True, "session": "session-ada-1", "key": None}, Target("session", "session-ada-1")),
        ({"reuse": True, "session": "monitoring-session", "key": None}, Target("name", "monitoring-session")),
        ({"reuse": True, "session": None, "key": "a/b#1"}, Target("key", "a/b#1")),
    ],
)
def test_the_fields_of_reuse_name_their_target(fields: dict[str, object], target: Target) -> None:
    assert reuse_target(**fields) == target  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.text(), st.sampled_from(["session", "name", "last", "key"]), st.text()), unique=True
    )
)
def test_each_place_has_a_queue_of_its_own(places: list[tuple[str, str, str]]) -> None:
    known = [(owner, kind, value) for owner, kind, value in places if "\0" not in owner + value]
    queues = {Target(kind, value).queue(owner, "disp-1") for owner, kind, value in known}  # type: ignore[arg-type]
    assert len(queues) == len(known)
