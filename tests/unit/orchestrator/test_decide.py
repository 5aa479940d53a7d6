"""The decision, as tables: what a session is, what is seen, what is to be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ccplant_contracts.launch import LastWord
from ccplant_contracts.session import Diagnosis, Mode
from ccplant_contracts.status import Reason, Status, StopReason
from ccplant_orchestrator.runtimes.protocol import ExitRecord, StartProblem
from ccplant_orchestrator.sessions import decide as d
from ccplant_store.sessions.model import SessionDoc, StopDoc
from tests.unit.orchestrator.sessions import LIMITS, NOW, launch, seen, session

STOP = StopDoc(reason=StopReason.STOPPED, by="ada", at=NOW)
RUNNING = session(status=Status.RUNNING, launch=launch(), deadline_at=NOW + timedelta(minutes=60))
FINAL = RUNNING.model_copy(update={"status": Status.TERMINATED, "open": False})
EXITED = seen("exited", exit_record=ExitRecord(exit_code=0), exited_at=NOW)


def decide(document: object, **facts: object) -> d.Action:
    return d.decide(document, replace(d.Facts(seen=None), **facts), NOW, LIMITS)  # type: ignore[arg-type]


def reason(action: d.Action) -> Reason:
    assert isinstance(action, d.Finish)
    return action.end.reason


def test_a_launch_is_written_before_anything_is_done_outside() -> None:
    assert decide(session()) == d.AssignLaunch()


def test_a_launch_waits_for_a_place() -> None:
    assert decide(session(), may_launch=False) == d.Wait(step="queued")


def test_an_assigned_launch_is_started_again_until_its_start_is_recorded() -> None:
    assigned = session(launch=launch(started_at=None))
    assert isinstance(decide(assigned), d.Launch)
    assert isinstance(decide(assigned, seen=seen("starting")), d.Launch)


def test_a_started_launch_is_never_started_again() -> None:
    gone = decide(session(launch=launch()))
    assert reason(gone) is Reason.POD_DELETED


def test_a_start_has_a_limit() -> None:
    late = session(launch=launch(created_at=NOW - timedelta(seconds=600)), step="cloning")
    action = decide(late, seen=seen("running"), step="cloning")
    assert reason(action) is Reason.START_TIMEOUT
    assert isinstance(action, d.Finish)
    assert action.end.facts["step"] == "cloning"


def test_a_stop_is_asked_for_then_waited_for_then_enforced() -> None:
    stopping = RUNNING.model_copy(update={"stop_requested": STOP})
    assert isinstance(decide(stopping, seen=seen()), d.TellStop)
    told = STOP.model_copy(update={"signalled_at": NOW - timedelta(seconds=29)})
    waiting = decide(RUNNING.model_copy(update={"stop_requested": told}), seen=seen())
    assert waiting == d.Wait(NOW + timedelta(seconds=1))
    late = STOP.model_copy(update={"signalled_at": NOW - timedelta(seconds=30)})
    enforced = decide(RUNNING.model_copy(update={"stop_requested": late}), seen=seen())
    assert isinstance(enforced, d.Destroy)
    assert not enforced.force


def test_force_skips_the_grace() -> None:
    forced = RUNNING.model_copy(update={"stop_requested": STOP.model_copy(update={"force": True})})
    action = decide(forced, seen=seen())
    assert isinstance(action, d.Destroy)
    assert action.force


def test_a_pending_session_that_is_stopped_never_starts() -> None:
    assert reason(decide(session(stop_requested=STOP))) is Reason.STOPPED


def test_the_time_limit_is_total_running_time() -> None:
    due = RUNNING.model_copy(update={"deadline_at": NOW})
    assert decide(due, seen=seen()) == d.RequestStop(StopReason.TIMEOUT)
    assert decide(RUNNING, seen=seen()) == d.Wait(RUNNING.deadline_at)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (ExitRecord(exit_code=137, oom_killed=True, node_shutdown=True), Reason.OOM_KILLED),
        (ExitRecord(exit_code=143, node_shutdown=True), Reason.NODE_SHUTDOWN),
        (ExitRecord(exit_code=143, evicted=True), Reason.EVICTED),
        (
            ExitRecord(exit_code=1, last_word=LastWord(reason=Reason.CLONE_FAILED, detail="no")),
            Reason.CLONE_FAILED,
        ),
        (ExitRecord(exit_code=1, last_word=LastWord()), Reason.RUNNER_CRASHED),
        (ExitRecord(signal=9), Reason.RUNNER_CRASHED),
        (ExitRecord(exit_code=0), Reason.AGENT_ENDED),
        (ExitRecord(exit_code=143, deleted_from_outside=True), Reason.POD_DELETED),
    ],
)
def test_the_reason_of_an_end_follows_a_fixed_order(record: ExitRecord, expected: Reason) -> None:
    ended = seen("exited", exit_record=record, exited_at=NOW)
    assert reason(decide(RUNNING, seen=ended)) is expected
    stopped = RUNNING.model_copy(update={"stop_requested": STOP})
    assert reason(decide(stopped, seen=ended)) is Reason.STOPPED
    due = RUNNING.model_copy(update={"deadline_at": NOW})
    assert reason(decide(due, seen=ended)) is Reason.TIMEOUT


def test_an_incomplete_record_is_waited_for_and_then_judged() -> None:
    half = ExitRecord(exit_code=137, complete=False)
    fresh = seen("exited", exit_record=half, exited_at=NOW - timedelta(seconds=9))
    assert decide(RUNNING, seen=fresh) == d.Wait(NOW + timedelta(seconds=1))
    old = seen("exited", exit_record=half, exited_at=NOW - timedelta(seconds=10))
    assert reason(decide(RUNNING, seen=old)) is Reason.RUNNER_CRASHED


def test_silence_ends_a_session_only_where_somebody_listens() -> None:
    assert reason(decide(RUNNING, seen=seen(), silent_for=timedelta(seconds=300))) is Reason.RUNNER_LOST
    assert isinstance(decide(RUNNING, seen=seen(), silent_for=None), d.Wait)


def test_a_task_completes_only_when_its_last_prompt_is_the_last_there_is() -> None:
    task = RUNNING.model_copy(update={"mode": Mode.TASK, "idle_number": 2, "prompt_seq": 2})
    assert decide(task, seen=seen()) == d.RequestStop(StopReason.TASK_FINISHED)
    assert isinstance(decide(task, seen=seen(), open_prompts=1), d.Wait)
    newer = task.model_copy(update={"prompt_seq": 3})
    assert isinstance(decide(newer, seen=seen()), d.Wait)
    assert decide(newer, seen=seen(), over_after_idle=1) == d.RequestStop(StopReason.TASK_FINISHED)
    talk = task.model_copy(update={"mode": Mode.INTERACTIVE})
    assert isinstance(decide(talk, seen=seen()), d.Wait)


def test_an_end_before_the_time_limit_is_no_timeout_however_late_it_is_noticed() -> None:
    late = RUNNING.model_copy(update={"deadline_at": NOW - timedelta(minutes=1)})
    before = seen("exited", exit_record=ExitRecord(exit_code=1), exited_at=NOW - timedelta(minutes=5))
    assert reason(decide(late, seen=before)) is Reason.RUNNER_CRASHED
    assert reason(decide(late, seen=EXITED)) is Reason.TIMEOUT


@pytest.mark.parametrize("claimed", [Reason.REGISTERED, Reason.CREATED, Reason.DELETED, Reason.TASK_FINISHED])
def test_a_last_word_cannot_claim_what_a_runner_cannot_know(claimed: Reason) -> None:
    record = ExitRecord(exit_code=1, last_word=LastWord(reason=claimed))
    starting = session(launch=launch())
    for document in (starting, RUNNING):
        action = decide(document, seen=seen("exited", exit_record=record, exited_at=NOW))
        assert reason(action) is Reason.RUNNER_CRASHED


def test_after_the_end_what_runs_is_garbage_and_all_that_was_open_is_settled() -> None:
    assert isinstance(decide(FINAL, seen=seen()), d.Destroy)
    assert decide(FINAL, seen=EXITED) == d.Settle()
    assert decide(FINAL) == d.Settle()
    settled = FINAL.model_copy(update={"settled": True})
    assert decide(settled) == d.Wait()
    assert decide(settled.model_copy(update={"purge_requested": True})) == d.Purge()


def test_what_cannot_be_reconciled_fails_at_a_bound() -> None:
    assert reason(decide(session(attempts=10))) is Reason.INTERNAL_ERROR


def test_a_runner_that_a_signal_ended_has_the_exit_code_that_a_shell_tells() -> None:
    ended = seen("exited", exit_record=ExitRecord(signal=9), exited_at=NOW)
    action = decide(RUNNING, seen=ended)
    assert isinstance(action, d.Finish)
    assert "137" in action.end.diagnosis().message["en"]


NO_ROOM = StartProblem(
    Diagnosis(code="insufficient_cpu", message={"ja": "不足", "en": "no room"}, hint={"ja": "", "en": ""})
)
NO_SUCH_IMAGE = replace(
    NO_ROOM, diagnosis=NO_ROOM.diagnosis.model_copy(update={"code": "image_not_found"}), hopeless=True
)


def starting(problem: StartProblem | None, *, waited: timedelta = timedelta(0)) -> SessionDoc:
    """A launch that has waited for so long, with this problem on its document."""
    noted = None if problem is None else problem.diagnosis.model_dump()
    began = NOW - waited
    return session(launch=launch(created_at=began, started_at=began), diagnosis=noted)


def test_why_a_launch_does_not_start_is_written_once_and_taken_back() -> None:
    assert decide(starting(None), seen=seen("starting"), problem=NO_ROOM) == d.NoteProblem(NO_ROOM)
    assert isinstance(decide(starting(NO_ROOM), seen=seen("starting"), problem=NO_ROOM), d.Wait)
    assert decide(starting(NO_ROOM), seen=seen("starting")) == d.NoteProblem(None)
    other_numbers = replace(
        NO_ROOM, diagnosis=NO_ROOM.diagnosis.model_copy(update={"evidence": {"missing": 3}})
    )
    assert isinstance(decide(starting(NO_ROOM), seen=seen("starting"), problem=other_numbers), d.Wait)


def test_what_can_never_start_fails_at_once_with_the_code_of_its_problem() -> None:
    action = decide(starting(NO_SUCH_IMAGE), seen=seen("starting"), problem=NO_SUCH_IMAGE)
    assert reason(action) is Reason.START_FAILED
    assert isinstance(action, d.Finish)
    assert action.end.diagnosis() == NO_SUCH_IMAGE.diagnosis
    assert action.end.facts == {"code": "image_not_found", "detail": "no room"}


def test_what_might_start_is_waited_for_until_the_pod_start_timeout() -> None:
    early = starting(NO_ROOM, waited=timedelta(seconds=299))
    assert decide(early, seen=seen("starting"), problem=NO_ROOM) == d.Wait(NOW + timedelta(seconds=1))
    late = starting(NO_ROOM, waited=timedelta(seconds=300))
    assert reason(decide(late, seen=seen("starting"), problem=NO_ROOM)) is Reason.START_FAILED


def test_a_runner_that_runs_has_the_whole_start_timeout() -> None:
    late = starting(NO_ROOM, waited=timedelta(seconds=301))
    assert decide(late, seen=seen("running"), problem=NO_ROOM) == d.Wait(NOW + timedelta(seconds=299))


def test_what_is_refused_for_now_is_asked_for_until_the_pod_start_timeout() -> None:
    noted = NO_ROOM.diagnosis.model_dump()
    for waited, expected in ((299, d.Launch), (300, d.Finish)):
        began = NOW - timedelta(seconds=waited)
        refused = session(launch=launch(created_at=began, started_at=None), diagnosis=noted)
        action = decide(refused)
        assert isinstance(action, expected)
        if isinstance(action, d.Finish):
            assert action.end.diagnosis() == NO_ROOM.diagnosis


def test_what_ended_before_it_began_says_why_it_could_not_start() -> None:
    never = seen("exited", exit_record=ExitRecord(evidence={"never_started": True}), exited_at=NOW)
    action = decide(starting(None), seen=never, problem=NO_SUCH_IMAGE)
    assert isinstance(action, d.Finish)
    assert (action.end.reason, action.end.diagnosis().code) == (Reason.START_FAILED, "image_not_found")
    assert reason(decide(starting(None), seen=never)) is Reason.RUNNER_CRASHED
    ran = seen("exited", exit_record=ExitRecord(exit_code=1), exited_at=NOW)
    assert reason(decide(starting(None), seen=ran, problem=NO_SUCH_IMAGE)) is Reason.RUNNER_CRASHED
    evicted = seen("exited", exit_record=ExitRecord(evicted=True), exited_at=NOW)
    assert reason(decide(starting(None), seen=evicted, problem=NO_SUCH_IMAGE)) is Reason.EVICTED


def test_a_runner_that_saw_the_kernel_kill_its_agent_tells_the_limit() -> None:
    word = LastWord(reason=Reason.OOM_KILLED, detail="agent")
    ended = seen("exited", exit_record=ExitRecord(exit_code=1, last_word=word), exited_at=NOW)
    action = decide(RUNNING, seen=ended)
    assert isinstance(action, d.Finish)
    assert action.end.facts["limit"] == "4Gi"
