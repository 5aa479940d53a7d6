"""The one function that closes the difference between what is wanted and what is so.

It reads the document and what the runtime shows, asks `decide`, does the one thing it was told, and looks again. Any
replica may run it for any session at any time: a lost compare-and-set only means that somebody else moved first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.launch import Receipt, StopRequest
from ccplant_contracts.session import Diagnosis, Mode, SessionConfig, StopRequested
from ccplant_contracts.status import Status, StopReason
from ccplant_contracts.watch import Activity
from ccplant_orchestrator.requests import Runners
from ccplant_orchestrator.runtimes.protocol import (
    LaunchRef,
    LaunchRefusedError,
    Observation,
    Runtime,
    RuntimeFailedError,
    StartProblem,
    VolumeInUseError,
)
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_orchestrator.sessions.decide import (
    Action,
    AssignLaunch,
    Destroy,
    Facts,
    Finish,
    Launch,
    Limits,
    NoteProblem,
    Purge,
    RequestStop,
    Settle,
    TellStop,
    Wait,
    decide,
    describe,
    is_noted,
)
from ccplant_orchestrator.sessions.ending import End, start_failed
from ccplant_orchestrator.sessions.launch_places import LaunchPlaces
from ccplant_orchestrator.sessions.launching import (
    AgentDefaults,
    BusAccessIssuer,
    GitAccessLookup,
    launch_ref,
    launch_spec,
    volume_of,
)
from ccplant_orchestrator.sessions.settle import Settling
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import NewEvent, Store
from ccplant_store.errors import StoreUnavailableError, TransactionContentionError
from ccplant_store.sessions.model import LaunchDoc, SessionDoc, StopDoc

_log = structlog.get_logger(__name__)

_MOST_STEPS = 30
"""More steps than any session needs in one go; a loop beyond it is a bug and backs off."""
_UNCOUNTED = 4
"""A failure that does not count is tried again as after so many: within 8 s."""
_TELL_SECONDS = 2.0
_NUMBER_PATIENCE = timedelta(seconds=30)
"""A prompt whose number was given this long ago and that is not there will not come: its gateway died in between."""
_NORMAL_START = timedelta(seconds=2)
"""Within this time a launch is not asked about: most have started by then."""
_REFUSED_SECONDS = 5.0
_SETTLE_SECONDS = 1.0
"""After an end at a place that could not be asked a moment ago."""
_RUNNER_GRACE = timedelta(seconds=5)
"""The runner is told to be done this much earlier than it would be destroyed."""


class Reconciler:
    """Closes the difference for one session at a time."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        runners: Runners,
        announcer: Announcer,
        settling: Settling,
        clock: Clock,
        limits: Limits,
        agents: AgentDefaults,
        issue: BusAccessIssuer,
        git_access: GitAccessLookup,
        max_concurrent_launches: int,
        silence: Callable[[str], timedelta | None],
        look_again: Callable[[str, float], None],
        ended: Callable[[SessionDoc], Awaitable[None]],
        backoff: Backoff,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._runners = runners
        self._announcer = announcer
        self._settling = settling
        self._clock = clock
        self._limits = limits
        self._agents = agents
        self._issue = issue
        self._git_access = git_access
        self._launch_places = LaunchPlaces(store.sessions.count_starting, max_concurrent_launches)
        self._silence = silence
        self._look_again = look_again
        self._ended = ended
        self._backoff = backoff

    async def reconcile(self, session_id: str) -> None:
        """Do all that can be done about a session now; come back later by itself where something has a time."""
        structlog.contextvars.bind_contextvars(session_id=session_id)
        try:
            await self._reconcile(session_id)
        except (StoreUnavailableError, TransactionContentionError) as error:
            # no failure of this session's: it is not counted against it
            _log.warning("reconcile_postponed", error=str(error))
            self._look_again(session_id, 1.0)
        except RuntimeFailedError as error:
            _log.warning("reconcile_failed", error=str(error)[:500])
            await self._back_off(session_id, error)
        except Exception as error:  # noqa: BLE001 - logged, counted on the document, and tried again later
            _log.exception("reconcile_failed")
            await self._back_off(session_id, error)

    async def _reconcile(self, session_id: str) -> None:
        for _ in range(_MOST_STEPS):
            session = await self._store.sessions.get(session_id)
            if session is None:
                return
            now = self._clock.now()
            if session.next_attempt_at is not None and now < session.next_attempt_at:
                self._look_again(session_id, (session.next_attempt_at - now).total_seconds())
                return
            facts = await self._facts(session)
            action = decide(session, facts, now, self._limits)
            if isinstance(action, Wait):
                if session.attempts:
                    await self._forget_failures(session)
                if action.until is not None:
                    self._look_again(session_id, max(0.05, (action.until - now).total_seconds()))
                if session.attempts or session.next_attempt_at is not None:
                    # what failed before works again: failures of days must not add up to an end
                    await self._store.sessions.change(session, set={"attempts": 0, "next_attempt_at": None})
                return
            _log.info("reconcile", **describe(action))
            if isinstance(action, Launch):
                if await self._launch(session, action.launch):
                    return
            else:
                await self._perform(session, facts, action)
        raise RuntimeError("the session needs more steps than it can")

    async def _perform(self, session: SessionDoc, facts: Facts, action: Action) -> None:
        match action:
            case AssignLaunch():
                await self._assign(session)
            case NoteProblem(problem):
                await self._note(session, problem)
            case RequestStop(reason):
                await self._request_stop(session, reason)
            case TellStop(ref, stop):
                await self._tell_stop(session, ref, stop)
            case Destroy(ref, force):
                await self._runtime.destroy(ref, force=force)
                fault_point("orch.end.destroyed")
            case Finish(end):
                await self._finish(session, end, facts.seen)
            case Settle():
                await self._settling.settle(session, _ref(session), facts.seen)
            case Purge():
                await self._store.purge(session.id)
            case Launch() | Wait():
                return

    async def _facts(self, session: SessionDoc) -> Facts:
        seen: Observation | None = None
        silent: timedelta | None = None
        ref = _ref(session)
        if ref is not None and not session.settled and not _is_to_start(session):
            seen = await self._runtime.get(ref)
            if session.status is Status.RUNNING:
                silent = self._silence(ref.launch_id)
        problem = await self._problem(session, seen)
        may_launch = True
        if session.status is Status.PENDING and session.launch is None:
            may_launch = await self._launch_places.any_free()
        open_prompts = over_after_idle = 0
        if session.mode is Mode.TASK and session.idle_number is not None and session.open:
            open_prompts = await self._store.prompts.count_open(session.id)
            over_after_idle = await self._over_after(session, session.idle_number)
        return Facts(
            seen=seen,
            silent_for=silent,
            may_launch=may_launch,
            open_prompts=open_prompts,
            over_after_idle=over_after_idle,
            problem=problem,
        )

    async def _problem(self, session: SessionDoc, seen: Observation | None) -> StartProblem | None:
        """Ask the place why a launch does not start, once it takes longer than starts do where all is well."""
        started_at = None if session.launch is None else session.launch.started_at
        if seen is None or started_at is None or session.status is not Status.PENDING:
            return None
        asked_at = started_at + _NORMAL_START
        now = self._clock.now()
        if seen.phase != "exited" and now < asked_at:
            self._look_again(session.id, (asked_at - now).total_seconds())
            return None
        return await self._runtime.diagnose(seen.ref)

    async def _note(self, session: SessionDoc, problem: StartProblem | None) -> None:
        found = None if problem is None else problem.diagnosis
        noted = None if found is None else found.model_dump()
        if found is not None:
            _log.info("start_problem", code=found.code, detail=found.message["en"])
        changed = await self._store.sessions.change(session, set={"diagnosis": noted})
        if changed is not None:
            await self._announcer.session(session.id, changed.version)
            await self._launch_place_free(session)

    async def _launch_place_free(self, session: SessionDoc) -> None:
        """Wake the next launch: this one started, ended, or waits for something outside and holds no place."""
        if session.status is Status.PENDING and session.launch is not None:
            await self._announcer.launch_place_free()

    async def _over_after(self, session: SessionDoc, number: int) -> int:
        """Count the prompts after a number that the runner will not get; pass over numbers without a document."""
        later = session.prompt_seq - number
        if later <= 0:
            return 0
        documents, taken_back = await self._store.prompts.after(session.id, number)
        # giving a number moves `updated_at`: whoever took one has had this long to write the prompt
        gone = self._clock.now() - session.updated_at >= _NUMBER_PATIENCE
        return taken_back + (max(0, later - documents) if gone else 0)

    async def _assign(self, session: SessionDoc) -> None:
        async with self._launch_places.take() as taken:
            if taken:
                await self._assign_launch(session)

    async def _assign_launch(self, session: SessionDoc) -> None:
        launch = LaunchDoc(id=new_launch_id(), attempt=1, created_at=self._clock.now())
        changed = await self._store.sessions.change(
            session,
            set={"launch": launch.model_dump()},
            events=[
                NewEvent(type="session.launched", data={"launch_id": launch.id, "attempt": launch.attempt})
            ],
        )
        if changed is not None:
            fault_point("orch.launch.assigned")
            await self._announcer.session(session.id, changed.version)

    async def _launch(self, session: SessionDoc, launch: LaunchDoc) -> bool:
        """Have the launch started, or look again later; False where it never can be, and the session has ended."""
        spec = launch_spec(
            session,
            launch,
            issue=self._issue,
            agents=self._agents,
            start_timeout_seconds=self._limits.start_timeout.total_seconds(),
            git=await self._git_access(session),
        )
        try:
            config = SessionConfig.model_validate(session.config)
            await self._runtime.launch(spec, launch_ref(session, launch), config, volume_of(session))
        except LaunchRefusedError as refusal:
            return await self._refused(session, StartProblem(refusal.diagnosis, refusal.hopeless))
        fault_point("orch.launch.started")
        changed = await self._store.sessions.change(session, set={"launch.started_at": self._clock.now()})
        if changed is not None:
            await self._announcer.session(session.id, changed.version)
        # the runner's registration, its end, or the clock says what comes next
        self._look_again(session.id, _NORMAL_START.total_seconds())
        return True

    async def _refused(self, session: SessionDoc, problem: StartProblem) -> bool:
        """End a session that can never start; one that is refused for now keeps asking, and shows why (D1)."""
        if problem.hopeless:
            await self._finish(session, start_failed(problem), None)
            return False
        if not is_noted(session, problem):
            await self._note(session, problem)
        self._look_again(session.id, _REFUSED_SECONDS)
        return True

    async def _kept_from_starting(self, session: SessionDoc, error: Exception) -> bool:
        """Show what somebody has to see to before a start can go on (D1), for as long as such a start may take."""
        found = _says_why(session, error)
        if found is None or session.launch is None:
            return False
        over = self._clock.now() >= session.launch.created_at + self._limits.pod_start_timeout
        if not await self._refused(session, StartProblem(found, hopeless=over)):
            self._look_again(session.id, _SETTLE_SECONDS)
        return True

    async def _request_stop(self, session: SessionDoc, reason: StopReason) -> None:
        stop = StopRequested(reason=reason, by="system", at=self._clock.now())
        unchanged = session.prompt_seq if reason is StopReason.TASK_FINISHED else None
        changed = await self._store.sessions.request_stop(
            # decided on what the session was: its time limit may just have been moved
            session.id,
            stop,
            owner=None,
            if_prompt_seq=unchanged,
            if_version=session.version,
        )
        if changed is not None:
            await self._announcer.session(session.id, changed.version)

    async def _tell_stop(self, session: SessionDoc, ref: LaunchRef, stop: StopDoc) -> None:
        """Ask the runner to end, by the bus and, where it does not hear, by a signal."""
        grace = max(1.0, (self._limits.stop_grace - _RUNNER_GRACE).total_seconds())
        receipt = None
        if session.status is Status.RUNNING:
            request = StopRequest(reason=stop.reason.value, grace_seconds=grace)
            receipt = await self._runners.ask(ref.launch_id, "stop", request, Receipt, timeout=_TELL_SECONDS)
        if receipt is None:
            await self._runtime.signal_stop(ref, grace_seconds=grace)
        changed = await self._store.sessions.change(
            session, set={"stop_requested.signalled_at": self._clock.now()}
        )
        if changed is not None:
            await self._announcer.session(session.id, changed.version)

    async def _finish(self, session: SessionDoc, end: End, seen: Observation | None) -> None:
        if seen is not None:
            await self._keep_pod_status(session, seen)
        fault_point("orch.end.judged")
        ended = await self._store.sessions.transition(
            session,
            end.reason,
            now=self._clock.now(),
            facts=end.facts,
            diagnosis=end.diagnosis().model_dump(),
            set={"attempts": 0, "next_attempt_at": None},
        )
        if ended is not None:
            fault_point("orch.end.committed")
            _log.info("session_ended", status=ended.status.value, reason=end.reason.value)
            await self._announcer.session(session.id, ended.version)
            await self._announcer.deadlines_changed()
            await self._launch_place_free(session)
            await self._ended(ended)

    async def _keep_pod_status(self, session: SessionDoc, seen: Observation) -> None:
        """Keep the last that the place showed: it is gone with what ran there (D2)."""
        now = self._clock.now()
        status = seen.pod_status.model_dump(mode="json")
        await self._store.activity.append(
            session.id, None, Activity(updated_at=now, pod_status=status, sampled_at=now)
        )

    async def _forget_failures(self, session: SessionDoc) -> None:
        """Count anew: only failures in a row say that a session cannot be reconciled, not those of a long life."""
        await self._store.sessions.change(session, set={"attempts": 0, "next_attempt_at": None})

    async def _back_off(self, session_id: str, error: Exception) -> None:
        try:
            session = await self._store.sessions.get(session_id)
            if session is None:
                return
            if await self._kept_from_starting(session, error):
                return
            counts = _counts(session, error)
            delay = self._backoff.delay(session.attempts + 1 if counts else _UNCOUNTED) or self._backoff.cap
            await self._store.sessions.back_off(
                session_id,
                error=f"{type(error).__name__}: {error}"[:500],
                until=self._clock.now() + timedelta(seconds=delay),
                counts=counts,
            )
            self._look_again(session_id, delay)
        except StoreUnavailableError as unavailable:
            _log.warning("back_off_not_written", error=str(unavailable))
            self._look_again(session_id, 1.0)


def _says_why(session: SessionDoc, error: Exception) -> Diagnosis | None:
    """Return why a session's start cannot go on, where its place told; pure."""
    starts = session.status is Status.PENDING and session.stop_requested is None
    return error.diagnosis if starts and isinstance(error, RuntimeFailedError) else None


def _counts(session: SessionDoc, error: Exception) -> bool:
    """Tell whether a failure brings a session nearer to `internal_error`; pure.

    That the place cannot be asked now says nothing about a session that runs there and is to go on. And a volume that an
    earlier launch has not left yet, on a node that is away say, is waited for as long as any start may take.
    """
    if isinstance(error, VolumeInUseError):
        return False
    goes_on = session.status is Status.RUNNING and session.stop_requested is None
    return not (goes_on and isinstance(error, RuntimeFailedError))


def _is_to_start(session: SessionDoc) -> bool:
    """Tell whether the launch is to be started whatever there is to be seen of it: starting it again is harmless."""
    return (
        session.status is Status.PENDING
        and session.stop_requested is None
        and session.launch is not None
        and session.launch.started_at is None
    )


def _ref(session: SessionDoc) -> LaunchRef | None:
    return None if session.launch is None else launch_ref(session, session.launch)
