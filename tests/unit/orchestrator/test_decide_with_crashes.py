"""The decision as a state machine: whatever happens, and wherever a replica dies, a session comes to rest correctly.

The model performs each action against a tiny world and may crash between an action's effect outside and its record on
the document, which is where real processes lose things.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ccplant_contracts.session import Diagnosis
from ccplant_contracts.status import STATUS_OF, Reason, Status, StopReason, transition
from ccplant_orchestrator.runtimes.protocol import ExitRecord, Observation, StartProblem
from ccplant_orchestrator.sessions import decide as d
from ccplant_store.sessions.model import SessionDoc, StopDoc
from tests.unit.orchestrator.sessions import LIMITS, NOW, launch, seen, session

_ENOUGH_STEPS = 40


@dataclass
class World:
    """What is outside: one place where a launch may run."""

    observed: Observation | None = None
    starts: int = 0
    problem: StartProblem | None = None

    def start(self, fenced: bool) -> None:
        if self.observed is None and not fenced:
            self.observed = seen("starting")
            self.starts += 1

    def exit(self, record: ExitRecord, now: datetime) -> None:
        if self.observed is not None and self.observed.phase != "exited":
            self.observed = seen("exited", exit_record=record, exited_at=now)


class SessionLife(RuleBasedStateMachine):
    """Users, the runtime, the runner and crashing replicas do what they like to one session."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.document: SessionDoc = session()
        self.world = World()
        self.finals: list[Status] = []

    def set(self, **changes: object) -> None:
        self.document = self.document.model_copy(update=changes)

    def finish(self, reason: Reason) -> None:
        status = transition(self.document.status, reason)
        self.finals.append(status)
        self.set(status=status, status_reason=reason, open=False)

    def act(self, *, crash: bool) -> d.Action:  # noqa: PLR0912  one branch for each action
        facts = d.Facts(seen=self.world.observed, problem=self.world.problem)
        action = d.decide(self.document, facts, self.now, LIMITS)
        match action:
            case d.AssignLaunch():
                self.set(launch=launch(created_at=self.now, started_at=None))
            case d.Launch():
                self.world.start(fenced=self.document.status.final)
                if not crash and self.document.launch is not None:
                    self.set(launch=self.document.launch.model_copy(update={"started_at": self.now}))
            case d.NoteProblem(problem):
                if not crash:
                    self.set(diagnosis=None if problem is None else problem.diagnosis.model_dump())
            case d.RequestStop(reason):
                self.set(stop_requested=StopDoc(reason=reason, by="system", at=self.now))
            case d.TellStop(_, stop):
                if not crash:
                    self.set(stop_requested=stop.model_copy(update={"signalled_at": self.now}))
            case d.Destroy():
                self.world.exit(ExitRecord(signal=9), self.now)
            case d.Finish(end):
                if not crash:
                    self.finish(end.reason)
            case d.Settle():
                self.world.observed = None
                if not crash:
                    self.set(settled=True)
            case _:
                pass
        return action

    @rule(code=st.sampled_from([None, "insufficient_cpu", "image_pull_failed"]), hopeless=st.booleans())
    def the_place_finds(self, code: str | None, hopeless: bool) -> None:
        said: dict[Literal["ja", "en"], str] = {"ja": "", "en": ""}
        found = None if code is None else Diagnosis(code=code, message=said, hint=said)
        self.world.problem = None if found is None else StartProblem(found, hopeless)

    @rule(crash=st.booleans())
    def a_replica_looks(self, crash: bool) -> None:
        self.act(crash=crash)

    @rule(seconds=st.integers(1, 700))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.document.open)
    @rule(force=st.booleans(), reason=st.sampled_from([StopReason.STOPPED, StopReason.DELETED]))
    def somebody_asks_for_the_end(self, force: bool, reason: StopReason) -> None:
        if self.document.stop_requested is None:
            self.set(stop_requested=StopDoc(reason=reason, by="ada", force=force, at=self.now))

    @precondition(
        lambda self: (
            self.document.status is Status.PENDING
            and self.world.observed is not None
            and self.world.observed.phase == "starting"
            and self.document.stop_requested is None
        )
    )
    @rule(minutes=st.integers(0, 20))
    def the_runner_registers(self, minutes: int) -> None:
        self.world.observed = seen("running")
        deadline = self.now + timedelta(minutes=minutes) if minutes else None
        self.set(status=Status.RUNNING, deadline_at=deadline)

    @rule(code=st.sampled_from([0, 1, None]), oom=st.booleans())
    def the_runner_dies(self, code: int | None, oom: bool) -> None:
        self.world.exit(
            ExitRecord(exit_code=code, signal=None if code is not None else 9, oom_killed=oom), self.now
        )

    @invariant()
    def at_most_one_start(self) -> None:
        assert self.world.starts <= 1

    @invariant()
    def at_most_one_end_and_its_reason_fits(self) -> None:
        assert len(self.finals) <= 1
        if self.finals:
            assert STATUS_OF[self.document.status_reason] is self.finals[0]

    @invariant()
    def nobody_ends_a_session_that_was_asked_to_end_for_another_reason(self) -> None:
        stop = self.document.stop_requested
        if self.finals and stop is not None and self.document.status_reason not in (
            Reason.START_TIMEOUT, Reason.POD_DELETED,
        ):  # fmt: skip
            assert self.document.status_reason is stop.reason.reason

    def teardown(self) -> None:
        """Whatever happened: asked to end, it comes to rest, and nothing of it runs."""
        if self.document.open and self.document.stop_requested is None:
            self.set(stop_requested=StopDoc(reason=StopReason.STOPPED, by="ada", at=self.now))
        for _ in range(_ENOUGH_STEPS):
            action = self.act(crash=False)
            if isinstance(action, d.Wait):
                if action.until is None:
                    break
                self.now = max(self.now, action.until)
        assert self.document.status.final
        assert self.document.settled
        assert self.world.observed is None


SessionLife.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestSessionLife = SessionLife.TestCase
