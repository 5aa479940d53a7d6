"""The one function that closes the difference between what is wanted and what is so.

It reads the document and what the runtime shows, asks `decide`, does the one thing it was told, and looks again. Any
replica may run it for any session at any time: a lost compare-and-set only means that somebody else moved first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from ccplant_contracts.session import Mode
from ccplant_contracts.status import Status
from ccplant_orchestrator.runtimes.protocol import (
    LaunchRef,
    Observation,
    Runtime,
    RuntimeFailedError,
    StartProblem,
    VolumeInUseError,
)
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
)
from ccplant_orchestrator.sessions.finishing import Finishing
from ccplant_orchestrator.sessions.launching import launch_ref
from ccplant_orchestrator.sessions.settle import Settling
from ccplant_orchestrator.sessions.starting import NORMAL_START_SECONDS, Starting, is_to_start
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError, TransactionContentionError
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)

_MOST_STEPS = 30
"""More steps than any session needs in one go; a loop beyond it is a bug and backs off."""
_UNCOUNTED = 4
"""A failure that does not count is tried again as after so many: within 8 s."""
_NUMBER_PATIENCE = timedelta(seconds=30)
"""A prompt whose number was given this long ago and that is not there will not come: its gateway died in between."""


class Reconciler:
    """Closes the difference for one session at a time."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        starting: Starting,
        finishing: Finishing,
        settling: Settling,
        clock: Clock,
        limits: Limits,
        silence: Callable[[str], timedelta | None],
        look_again: Callable[[str, float], None],
        backoff: Backoff,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._starting = starting
        self._finishing = finishing
        self._settling = settling
        self._clock = clock
        self._limits = limits
        self._silence = silence
        self._look_again = look_again
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
                if session.attempts or session.next_attempt_at is not None:
                    await self._forget_failures(session)
                if action.until is not None:
                    self._look_again(session_id, max(0.05, (action.until - now).total_seconds()))
                return
            _log.info("reconcile", **describe(action))
            if isinstance(action, Launch):
                if await self._starting.launch(session, action.launch):
                    return
            else:
                await self._perform(session, facts, action)
        raise RuntimeError("the session needs more steps than it can")

    async def _perform(self, session: SessionDoc, facts: Facts, action: Action) -> None:
        match action:
            case AssignLaunch():
                await self._starting.assign(session)
            case NoteProblem(problem):
                await self._starting.note(session, problem)
            case RequestStop(reason):
                await self._finishing.request_stop(session, reason)
            case TellStop(ref, stop):
                await self._finishing.tell_stop(session, ref, stop)
            case Destroy(ref, force):
                await self._runtime.destroy(ref, force=force)
                fault_point("orch.end.destroyed")
            case Finish(end):
                await self._finishing.finish(session, end, facts.seen)
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
        if ref is not None and not session.settled and not is_to_start(session):
            seen = await self._runtime.get(ref)
            if session.status is Status.RUNNING:
                silent = self._silence(ref.launch_id)
        problem = await self._problem(session, seen)
        open_prompts = over_after_idle = 0
        if session.mode is Mode.TASK and session.idle_number is not None and session.open:
            open_prompts = await self._store.prompts.count_open(session.id)
            over_after_idle = await self._over_after(session, session.idle_number)
        return Facts(
            seen=seen,
            silent_for=silent,
            may_launch=await self._starting.may_launch(session),
            open_prompts=open_prompts,
            over_after_idle=over_after_idle,
            problem=problem,
        )

    async def _problem(self, session: SessionDoc, seen: Observation | None) -> StartProblem | None:
        """Ask the place why a launch does not start, once it takes longer than starts do where all is well."""
        started_at = None if session.launch is None else session.launch.started_at
        if seen is None or started_at is None or session.status is not Status.PENDING:
            return None
        asked_at = started_at + timedelta(seconds=NORMAL_START_SECONDS)
        now = self._clock.now()
        if seen.phase != "exited" and now < asked_at:
            self._look_again(session.id, (asked_at - now).total_seconds())
            return None
        return await self._runtime.diagnose(seen.ref)

    async def _over_after(self, session: SessionDoc, number: int) -> int:
        """Count the prompts after a number that the runner will not get; pass over numbers without a document."""
        later = session.prompt_seq - number
        if later <= 0:
            return 0
        documents, taken_back = await self._store.prompts.after(session.id, number)
        # giving a number moves `updated_at`: whoever took one has had this long to write the prompt
        gone = self._clock.now() - session.updated_at >= _NUMBER_PATIENCE
        return taken_back + (max(0, later - documents) if gone else 0)

    async def _forget_failures(self, session: SessionDoc) -> None:
        """Count anew: only failures in a row say that a session cannot be reconciled, not those of a long life."""
        await self._store.sessions.change(session, set={"attempts": 0, "next_attempt_at": None})

    async def _back_off(self, session_id: str, error: Exception) -> None:
        try:
            session = await self._store.sessions.get(session_id)
            if session is None:
                return
            if await self._starting.kept_from(session, error):
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


def _counts(session: SessionDoc, error: Exception) -> bool:
    """Tell whether a failure brings a session nearer to `internal_error`; pure.

    That the place cannot be asked now says nothing about a session that runs there and is to go on. And a volume that an
    earlier launch has not left yet, on a node that is away say, is waited for as long as any start may take.
    """
    if isinstance(error, VolumeInUseError):
        return False
    goes_on = session.status is Status.RUNNING and session.stop_requested is None
    return not (goes_on and isinstance(error, RuntimeFailedError))


def _ref(session: SessionDoc) -> LaunchRef | None:
    return None if session.launch is None else launch_ref(session, session.launch)
