"""How a launch comes to be: it gets a place, is started, and while it does not start the session shows why (D1).

Each step is one write to the document after what it tells has happened, so a replica that dies in between is followed by
one that does the same again: starting a launch that was started already is harmless.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.session import Diagnosis, SessionConfig
from ccplant_contracts.status import Status
from ccplant_orchestrator.runtimes.protocol import (
    LaunchRefusedError,
    Runtime,
    RuntimeFailedError,
    StartProblem,
)
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_orchestrator.sessions.decide import Limits, is_noted
from ccplant_orchestrator.sessions.ending import End, start_failed
from ccplant_orchestrator.sessions.launch_places import LaunchPlaces, holds_launch_place
from ccplant_orchestrator.sessions.launching import (
    AgentDefaults,
    BusAccessIssuer,
    GitAccessLookup,
    launch_ref,
    launch_spec,
    volume_of,
)
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import NewEvent, Store
from ccplant_store.sessions.model import LaunchDoc, SessionDoc

_log = structlog.get_logger(__name__)

NORMAL_START_SECONDS = 2.0
"""Within this time a launch is not asked about: most have started by then."""
_REFUSED_SECONDS = 5.0
_SETTLE_SECONDS = 1.0
"""After an end at a place that could not be asked a moment ago."""

Finish = Callable[[SessionDoc, End], Awaitable[None]]


class Starting:
    """Starts launches of one replica."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        announcer: Announcer,
        clock: Clock,
        limits: Limits,
        agents: AgentDefaults,
        issue: BusAccessIssuer,
        git_access: GitAccessLookup,
        places: LaunchPlaces,
        finish: Finish,
        look_again: Callable[[str, float], None],
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._announcer = announcer
        self._clock = clock
        self._limits = limits
        self._agents = agents
        self._issue = issue
        self._git_access = git_access
        self._places = places
        self._finish = finish
        self._look_again = look_again

    async def may_launch(self, session: SessionDoc) -> bool:
        """Tell whether a session that waits for its launch may have one now."""
        if session.status is Status.PENDING and session.launch is None:
            return await self._places.any_free()
        return True

    async def assign(self, session: SessionDoc) -> None:
        """Write down the launch that is to be, where a place is free."""
        async with self._places.take() as taken:
            if not taken:
                return
            launch = LaunchDoc(id=new_launch_id(), attempt=1, created_at=self._clock.now())
            changed = await self._store.sessions.change(
                session,
                set={"launch": launch.model_dump()},
                events=[
                    NewEvent(
                        type="session.launched", data={"launch_id": launch.id, "attempt": launch.attempt}
                    )
                ],
            )
            if changed is not None:
                fault_point("orch.launch.assigned")
                await self._announcer.session(session.id, changed.version)

    async def launch(self, session: SessionDoc, launch: LaunchDoc) -> bool:
        """Have the launch started, or look again later; False where it never can be, and the session has ended.

        Raises:
            RuntimeFailedError: the place could not do it now.
        """
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
        self._look_again(session.id, NORMAL_START_SECONDS)
        return True

    async def note(self, session: SessionDoc, problem: StartProblem | None) -> None:
        """Show why a session does not start, or that nothing is in its way any more."""
        found = None if problem is None else problem.diagnosis
        noted = None if found is None else found.model_dump()
        if found is not None:
            _log.info("start_problem", code=found.code, detail=found.message["en"])
        changed = await self._store.sessions.change(session, set={"diagnosis": noted})
        if changed is not None:
            await self._announcer.session(session.id, changed.version)
            if holds_launch_place(session):
                await self._announcer.launch_place_free()

    async def kept_from(self, session: SessionDoc, error: Exception) -> bool:
        """Show what somebody has to see to before a start can go on (D1), for as long as such a start may take."""
        found = _says_why(session, error)
        if found is None or session.launch is None:
            return False
        over = self._clock.now() >= session.launch.created_at + self._limits.pod_start_timeout
        if not await self._refused(session, StartProblem(found, hopeless=over)):
            self._look_again(session.id, _SETTLE_SECONDS)
        return True

    async def _refused(self, session: SessionDoc, problem: StartProblem) -> bool:
        """End a session that can never start; one that is refused for now keeps asking, and shows why (D1)."""
        if problem.hopeless:
            await self._finish(session, start_failed(problem))
            return False
        if not is_noted(session, problem):
            await self.note(session, problem)
        self._look_again(session.id, _REFUSED_SECONDS)
        return True


def is_to_start(session: SessionDoc) -> bool:
    """Tell whether the launch is to be started whatever there is to be seen of it: starting it again is harmless."""
    return (
        session.status is Status.PENDING
        and session.stop_requested is None
        and session.launch is not None
        and session.launch.started_at is None
    )


def _says_why(session: SessionDoc, error: Exception) -> Diagnosis | None:
    """Return why a session's start cannot go on, where its place told; pure."""
    starts = session.status is Status.PENDING and session.stop_requested is None
    return error.diagnosis if starts and isinstance(error, RuntimeFailedError) else None
