"""The decision at the heart of the system: what a session is, what its runtime shows, what is to be done.

`decide` is pure. It is asked again after every step, by any replica, at any time, so it never remembers
anything: each action it returns is idempotent, and a crash between any two of them only means that the next
caller gets the same answer. It returns one action at a time, because each one changes what it looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ccplant_contracts.session import Diagnosis, Mode
from ccplant_contracts.status import Reason, Status, StopReason
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation, StartProblem
from ccplant_orchestrator.sessions.ending import (
    EVIDENCE_PATIENCE,
    End,
    asked_end,
    judge_exit,
    never_ran,
    start_failed,
    stop_end,
)
from ccplant_store.sessions.model import LaunchDoc, SessionDoc, StopDoc


@dataclass(frozen=True)
class Limits:
    """The settings that the decision needs."""

    start_timeout: timedelta
    stop_grace: timedelta
    runner_lost_after: timedelta
    max_attempts: int
    pod_start_timeout: timedelta = timedelta(seconds=300)
    """How long a launch whose problem may go away is waited for before its runner was started."""


@dataclass(frozen=True)
class Facts:
    """What is known besides the document; `seen` comes from a direct read of the current launch."""

    seen: Observation | None
    silent_for: timedelta | None = None
    """How long the runner has been silent, where somebody listens; never counted while the bus was away (D5)."""
    may_launch: bool = True
    """Whether another launch has a place."""
    open_prompts: int = 0
    over_after_idle: int = 0
    """How many prompts after the last that the runner was idle after need nothing from it: they were taken back while
    queued, or their number was given and no document ever came."""
    step: str | None = None
    problem: StartProblem | None = None
    """Why the place does not start the launch, as far as it was asked."""


@dataclass(frozen=True)
class AssignLaunch:
    """Write the attempt on the document, before anything is done outside."""


@dataclass(frozen=True)
class Launch:
    """Have the runtime start the current launch."""

    launch: LaunchDoc


@dataclass(frozen=True)
class NoteProblem:
    """Write on the document why the launch does not start (D1); None: nothing keeps it any more."""

    problem: StartProblem | None


@dataclass(frozen=True)
class RequestStop:
    """Write that the end is wanted."""

    reason: StopReason


@dataclass(frozen=True)
class TellStop:
    """Tell the runner to end, and note when."""

    ref: LaunchRef
    stop: StopDoc


@dataclass(frozen=True)
class Destroy:
    """Have the runtime remove the launch's processes; `force` skips the grace."""

    ref: LaunchRef
    force: bool


@dataclass(frozen=True)
class Finish:
    """Enter a final status."""

    end: End


@dataclass(frozen=True)
class Settle:
    """After the end: the rest of the output, prompts, permissions, what remains at the runtime, in this order."""


@dataclass(frozen=True)
class Purge:
    """Erase everything that is recorded of the session."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do now; look again at `until`, or when something happens."""

    until: datetime | None = None
    step: str | None = None


Action = (
    AssignLaunch | Launch | NoteProblem | RequestStop | TellStop | Destroy | Finish | Settle | Purge | Wait
)


def decide(session: SessionDoc, facts: Facts, now: datetime, limits: Limits) -> Action:
    """Return the one thing to do next about a session."""
    if session.status.final:
        return _after_the_end(session, facts)
    if session.attempts >= limits.max_attempts:
        return Finish(End(Reason.INTERNAL_ERROR, {}, {"last_error": session.last_error}))
    if facts.seen is not None and facts.seen.phase == "exited":
        return _exited(session, facts.seen, facts.problem, now)
    if session.stop_requested is not None:
        return _stopping(session, session.stop_requested, facts, now, limits)
    if session.deadline_at is not None and now >= session.deadline_at:
        return RequestStop(StopReason.TIMEOUT)
    if session.status is Status.PENDING:
        return _pending(session, facts, now, limits)
    return _running(session, facts, limits)


def _exited(session: SessionDoc, seen: Observation, problem: StartProblem | None, now: datetime) -> Action:
    record = seen.exit
    if problem is not None and session.stop_requested is None and never_ran(record):
        return Finish(start_failed(problem))
    exited_at = seen.exited_at or now
    if record is None or not record.complete:
        judged_at = exited_at + EVIDENCE_PATIENCE
        if now < judged_at:
            return Wait(judged_at)
    if record is None:
        return Finish(stop_end(session) or End(Reason.RUNNER_CRASHED, {}, {}))
    return Finish(judge_exit(session, record, exited_at))


def _stopping(session: SessionDoc, stop: StopDoc, facts: Facts, now: datetime, limits: Limits) -> Action:
    if facts.seen is None:
        return Finish(asked_end(session, stop))
    if stop.force:
        return Destroy(facts.seen.ref, force=True)
    if stop.signalled_at is None:
        return TellStop(facts.seen.ref, stop)
    destroy_at = stop.signalled_at + limits.stop_grace
    return Destroy(facts.seen.ref, force=False) if now >= destroy_at else Wait(destroy_at)


def _pending(session: SessionDoc, facts: Facts, now: datetime, limits: Limits) -> Action:
    launch = session.launch
    if launch is None:
        return AssignLaunch() if facts.may_launch else Wait(step="queued")
    overdue_at = launch.created_at + limits.start_timeout
    if now >= overdue_at:
        seconds = round(limits.start_timeout.total_seconds())
        step = facts.step or session.step
        evidence = (
            {"step": step} if session.diagnosis is None else {"step": step, "problem": session.diagnosis}
        )
        return Finish(End(Reason.START_TIMEOUT, {"seconds": seconds, "step": step}, evidence))
    if facts.seen is None:
        if launch.started_at is None:
            return _launch(session, launch, now, limits)
        return Finish(End(Reason.POD_DELETED))
    if launch.started_at is None:
        return _launch(session, launch, now, limits)
    if not is_noted(session, facts.problem):
        return NoteProblem(facts.problem)
    if facts.problem is None:
        return Wait(overdue_at)
    if facts.problem.hopeless:
        return Finish(start_failed(facts.problem))
    if facts.seen.phase != "starting":
        return Wait(overdue_at)
    given_up_at = launch.started_at + limits.pod_start_timeout
    return Finish(start_failed(facts.problem)) if now >= given_up_at else Wait(min(overdue_at, given_up_at))


def _launch(session: SessionDoc, launch: LaunchDoc, now: datetime, limits: Limits) -> Action:
    """Start the launch, unless the place has refused it for too long."""
    if session.diagnosis is not None and now >= launch.created_at + limits.pod_start_timeout:
        return Finish(start_failed(StartProblem(Diagnosis.model_validate(session.diagnosis))))
    return Launch(launch)


def is_noted(session: SessionDoc, problem: StartProblem | None) -> bool:
    """Tell whether the document says this problem; that its evidence has other numbers now is no news."""
    noted = session.diagnosis or {}
    if problem is None:
        return not noted
    return noted.get("code") == problem.diagnosis.code and noted.get("message") == problem.diagnosis.message


def _running(session: SessionDoc, facts: Facts, limits: Limits) -> Action:
    if facts.seen is None:
        return Finish(End(Reason.POD_DELETED))
    if facts.silent_for is not None and facts.silent_for >= limits.runner_lost_after:
        seconds = round(facts.silent_for.total_seconds())
        return Finish(End(Reason.RUNNER_LOST, {"seconds": seconds}, {"silent_seconds": seconds}))
    if _task_finished(session, facts):
        return RequestStop(StopReason.TASK_FINISHED)
    return Wait(session.deadline_at)


def _task_finished(session: SessionDoc, facts: Facts) -> bool:
    """Tell whether a task session has nothing left: the runner is idle after the last prompt it gets (C6)."""
    return (
        session.mode is Mode.TASK
        and session.idle_number is not None
        and session.idle_number + facts.over_after_idle >= session.prompt_seq
        and facts.open_prompts == 0
    )


def _after_the_end(session: SessionDoc, facts: Facts) -> Action:
    if facts.seen is not None and facts.seen.phase != "exited":
        return Destroy(facts.seen.ref, force=_must_not_linger(session))
    if not session.settled:
        return Settle()
    if session.purge_requested:
        return Purge()
    return Wait()


def _must_not_linger(session: SessionDoc) -> bool:
    stop = session.stop_requested
    return stop is not None and stop.force


def describe(action: Action) -> dict[str, Any]:
    """Return what a log line says about an action."""
    detail = {"action": type(action).__name__}
    if isinstance(action, Finish):
        detail["reason"] = action.end.reason.value
    return detail
