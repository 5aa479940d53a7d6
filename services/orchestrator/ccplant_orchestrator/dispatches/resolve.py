"""Resolving a queue of dispatches: each finds its session or gets a new one, in the order of their numbers (W3).

Every step is a compare-and-set on the dispatch or idempotent, and `decide_dispatch` is asked again after each. So two
replicas may resolve the same queue, a command may come twice or not at all, and the process may die between any two
lines: the resync pokes every queue that has an open dispatch.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from ccplant_contracts.ids import new_session_id
from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import PromptState, StopReason
from ccplant_orchestrator.dispatches.decide import (
    Assign,
    Confirm,
    CreateSession,
    EndEarlier,
    Fail,
    GiveWay,
    Hold,
    PutIn,
    Step,
    Unassign,
    decide_dispatch,
    failure,
)
from ccplant_orchestrator.dispatches.looking import Looking
from ccplant_orchestrator.dispatches.making import Making, prompt_of
from ccplant_orchestrator.dispatches.places import Places
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.dispatches.slots import SlotDoc, SlotLostError
from ccplant_store.driver import Transaction
from ccplant_store.errors import (
    DuplicateKeyError,
    StoreUnavailableError,
    TransactionContentionError,
    VolumeRefusedError,
)
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)

_MOST_STEPS = 2_000
"""Of one visit to a queue; one that needs more is looked at again at once."""
_MOST_ATTEMPTS = 10
_MOST_LOST = 20
_LOST_SECONDS = 0.5
"""Whoever loses so often in a row leaves the others alone for a moment."""
_PLACE_SECONDS = 30.0
"""A place that gets free wakes the next one; this is for a wake that was lost."""


class LostRaceError(Exception):
    """Another replica, or the owner, was faster; look again."""


class Resolver:
    """Resolves one queue at a time."""

    def __init__(
        self,
        *,
        store: Store,
        announcer: Announcer,
        places: Places,
        clock: Clock,
        backoff: Backoff,
        default_agent: str,
        look_again: Callable[[str, float], None],
        reconcile: Callable[[str], None],
        deliver: Callable[[str], None],
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._places = places
        self._clock = clock
        self._backoff = backoff
        self._looking = Looking(store)
        self._making = Making(store, default_agent)
        self._look_again = look_again
        self._reconcile = reconcile
        self._deliver = deliver

    async def resolve(self, queue: str) -> None:
        """Resolve what can be resolved of a queue now; come back later by itself where something has a time."""
        lost = 0
        for _ in range(_MOST_STEPS):
            dispatch = await self._store.dispatches.lowest_open(queue)
            if dispatch is None:
                return
            try:
                with structlog.contextvars.bound_contextvars(dispatch_id=dispatch.id):
                    if not await self._step(dispatch):
                        return
            except LostRaceError:
                lost += 1
                if lost > _MOST_LOST:
                    self._look_again(queue, _LOST_SECONDS)
                    return
                continue
            except (StoreUnavailableError, TransactionContentionError) as error:
                _log.warning("dispatch_postponed", error=str(error))
                self._look_again(queue, 1.0)
                return
            except Exception as error:  # noqa: BLE001 - logged, counted on the document, and tried again later
                _log.exception("dispatch_failed")
                if not await self._failed(dispatch, error):
                    return
        self._look_again(queue, 0.0)

    async def _step(self, dispatch: DispatchDoc) -> bool:
        """Take one step; False where the queue has to wait."""
        now = self._clock.now()
        slot = await self._looking.slot(dispatch)
        sight = await self._looking.sight(dispatch, slot)
        step = decide_dispatch(dispatch, sight, now)
        if isinstance(step, Hold):
            await self._hold(dispatch, step)
            return False
        if isinstance(step, EndEarlier):
            await self._end_earlier(dispatch)
            await self._hold(dispatch, Hold("earlier_run", 2.0))
            return False
        if isinstance(step, CreateSession):
            return await self._create(dispatch, slot, now)
        await self._perform(dispatch, step, now)
        return True

    async def _perform(self, dispatch: DispatchDoc, step: Step, now: datetime) -> None:
        match step:
            case Assign(session_id):
                if await self._store.dispatches.assign(dispatch, session_id) is not None:
                    fault_point("dispatch.assigned")
            case PutIn(session_id):
                await self._put_in(dispatch, session_id, now)
            case Confirm(prompt):
                await self._confirm(dispatch, prompt, now)
            case Unassign():
                await self._store.dispatches.unassign(dispatch)
            case GiveWay():
                by = f"{dispatch.source.kind}:{dispatch.source.id}"
                await self._store.dispatches.cancel(dispatch.id, dispatch.owner, by=by, at=now)
            case Fail(reason):
                _log.warning("dispatch_given_up", code=reason.code)
                await self._store.dispatches.fail(dispatch, reason, at=now)
            case _:
                raise AssertionError(step)

    async def _hold(self, dispatch: DispatchDoc, hold: Hold) -> None:
        if hold.waiting_for != "retry":
            await self._store.dispatches.wait(dispatch, hold.waiting_for)
        await self._store.dispatches.stand_behind(dispatch)
        self._look_again(dispatch.queue, max(0.05, hold.seconds))

    async def _end_earlier(self, dispatch: DispatchDoc) -> None:
        """End the run before: its session, with reuse its prompt alone, or itself where it still waits."""
        assert dispatch.after is not None  # noqa: S101 - decided on it
        earlier = await self._store.dispatches.get(dispatch.after)
        if earlier is None:
            return
        by, now = f"{dispatch.source.kind}:{dispatch.source.id}", self._clock.now()
        if earlier.open:
            await self._store.dispatches.cancel(earlier.id, earlier.owner, by=by, at=now)
        elif earlier.session_id is None or earlier.prompt_id is None:
            return
        elif earlier.target_kind == "new":
            stop = StopRequested(reason=StopReason.STOPPED, by=by, at=now)
            if await self._store.sessions.request_stop(earlier.session_id, stop) is not None:
                self._reconcile(earlier.session_id)
        else:
            session_id, prompt_id = earlier.session_id, earlier.prompt_id
            prompt = await self._store.prompts.get(session_id, prompt_id)
            if prompt is not None and prompt.state is PromptState.QUEUED:
                await self._store.prompts.cancel_queued(session_id, prompt_id, by=by, at=now)
            else:
                await self._store.prompts.request_cancel(session_id, prompt_id, by=by, at=now)
            self._deliver(session_id)

    async def _put_in(self, dispatch: DispatchDoc, session_id: str, now: datetime) -> None:
        number = await self._store.sessions.take_prompt_number(session_id, dispatch.owner)
        if number is None:
            return  # it takes none any more: the next look tells
        fault_point("dispatch.numbered")
        prompt = prompt_of(dispatch, session_id, number, now)
        there = await self._store.prompts.insert(prompt)
        fault_point("dispatch.prompt_inserted")
        await self._confirm(dispatch, there, now)

    async def _confirm(self, dispatch: DispatchDoc, prompt: PromptDoc, now: datetime) -> None:
        done = await self._store.dispatches.dispatched(
            dispatch, session_id=prompt.session_id, prompt_id=prompt.id, created=False, at=now
        )
        if done is not None:
            fault_point("dispatch.dispatched")
            _log.info("dispatched", session_id=prompt.session_id, created=False)
        await self._announcer.prompt(prompt.session_id, prompt.id, prompt.version)
        self._deliver(prompt.session_id)

    async def _create(self, dispatch: DispatchDoc, slot: SlotDoc, now: datetime) -> bool:
        """Have a new session take the place; False where the queue has to wait for one under the owner's limit."""
        session_id = new_session_id(dispatch.owner)
        if await self._store.dispatches.older_waits_for_place(dispatch) or not await self._places.take(
            dispatch.owner, session_id
        ):
            await self._hold(dispatch, Hold("place", _PLACE_SECONDS))
            return False
        fault_point("dispatch.place_taken")
        try:
            await self._write_session(
                dispatch, slot, await self._making.session(dispatch, session_id, now), now
            )
        except VolumeRefusedError as refused:
            await self._places.free(dispatch.owner, session_id)
            return await self._volume_refused(dispatch, refused, now)
        except (LostRaceError, DuplicateKeyError):
            # only these say that nothing was written; after any other failure the sweep finds out whether it was
            await self._places.free(dispatch.owner, session_id)
            raise
        fault_point("dispatch.session_created")
        _log.info("dispatched", session_id=session_id, created=True)
        self._reconcile(session_id)
        return True

    async def _write_session(
        self, dispatch: DispatchDoc, slot: SlotDoc, session: SessionDoc, now: datetime
    ) -> None:
        """Write session, prompt, place and the dispatch's outcome at once; another's session is never replaced."""
        prompt = prompt_of(dispatch, session.id, 1, now)

        async def also(run: Transaction) -> None:
            if dispatch.target_kind != "new":
                await self._store.slots.take(slot, session.id, number=dispatch.number, transaction=run)
            done = await self._store.dispatches.dispatched(
                dispatch, session_id=session.id, prompt_id=prompt.id, created=True, at=now, transaction=run
            )
            if done is None:
                raise LostRaceError

        try:
            await self._store.sessions.create(session, prompt=prompt, also=also)
        except SlotLostError as error:
            raise LostRaceError from error

    async def _volume_refused(
        self, dispatch: DispatchDoc, refused: VolumeRefusedError, now: datetime
    ) -> bool:
        """Wait for a volume that another session still has, for a while."""
        delay = self._backoff.delay(dispatch.attempts + 1)
        if delay is None or dispatch.attempts + 1 >= _MOST_ATTEMPTS:
            reason = failure("volume_refused", volume_id=refused.volume_id)
            await self._store.dispatches.fail(dispatch, reason, at=now)
            return True
        await self._store.dispatches.wait(dispatch, "retry", until=now + timedelta(seconds=delay), tried=True)
        self._look_again(dispatch.queue, delay)
        return False

    async def _failed(self, dispatch: DispatchDoc, error: Exception) -> bool:
        """Count a failure of ours, and give the dispatch up at a bound, so that those behind it get their turn."""
        now = self._clock.now()
        try:
            delay = self._backoff.delay(dispatch.attempts + 1)
            if delay is None or dispatch.attempts + 1 >= _MOST_ATTEMPTS:
                reason = failure("dispatch_error", detail=type(error).__name__)
                await self._store.dispatches.fail(dispatch, reason, at=now)
                return True
            until = now + timedelta(seconds=delay)
            await self._store.dispatches.wait(dispatch, "retry", until=until, tried=True)
        except StoreUnavailableError as unavailable:
            _log.warning("failure_not_written", error=str(unavailable))
            delay = 1.0
        self._look_again(dispatch.queue, delay)
        return False
