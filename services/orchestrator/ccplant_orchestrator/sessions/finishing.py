"""How a session comes to its end: it is asked to, told to its runner, and judged once, with what was seen kept (D2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from ccplant_contracts.launch import Receipt, StopRequest
from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import Status, StopReason
from ccplant_contracts.watch import Activity
from ccplant_orchestrator.requests import Runners
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation, Runtime
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_orchestrator.sessions.decide import Limits
from ccplant_orchestrator.sessions.ending import End
from ccplant_orchestrator.sessions.launch_places import holds_launch_place
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.sessions.model import SessionDoc, StopDoc

_log = structlog.get_logger(__name__)

_TELL_SECONDS = 2.0
_RUNNER_GRACE = timedelta(seconds=5)
"""The runner is told to be done this much earlier than it would be destroyed."""


class Finishing:
    """Ends sessions, each once whoever does it."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        runners: Runners,
        announcer: Announcer,
        clock: Clock,
        limits: Limits,
        ended: Callable[[SessionDoc], Awaitable[None]],
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._runners = runners
        self._announcer = announcer
        self._clock = clock
        self._limits = limits
        self._ended = ended

    async def request_stop(self, session: SessionDoc, reason: StopReason) -> None:
        """Write down that the session is to end, unless it changed since that was decided."""
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

    async def tell_stop(self, session: SessionDoc, ref: LaunchRef, stop: StopDoc) -> None:
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

    async def finish(self, session: SessionDoc, end: End, seen: Observation | None = None) -> None:
        """Write down how the session ended, once, and tell whoever waits for that."""
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
            if holds_launch_place(session):
                await self._announcer.launch_place_free()
            await self._ended(ended)

    async def _keep_pod_status(self, session: SessionDoc, seen: Observation) -> None:
        """Keep the last that the place showed: it is gone with what ran there (D2)."""
        now = self._clock.now()
        status = seen.pod_status.model_dump(mode="json")
        await self._store.activity.append(
            session.id, None, Activity(updated_at=now, pod_status=status, sampled_at=now)
        )
