"""Who has been heard, and for how long others have been silent (D5).

What was heard last lives in the lease holder's memory. A holder that is new, or whose bus came back, counts
anew: silence while nobody could hear is no silence, so a session never ends because the bus was down.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.launch import Heartbeat
from ccplant_contracts.session import Sample
from ccplant_contracts.watch import Activity
from ccplant_orchestrator.jobs.leased import Tenure
from ccplant_orchestrator.launch_message import read_launch_message
from ccplant_orchestrator.runtimes.sightings import Sightings
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_orchestrator.sessions.keyed import KeyedWorker
from ccplant_orchestrator.sessions.launching import launch_ref
from ccplant_platform.clock import Clock
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)

_LOOKS_PER_SILENCE = 6
"""Silence is noticed at most a sixth too late; at the default of 30 s that is a look every 5 s."""
_BACKLOG = 10_000
_KEEPERS = 4
"""Samples that are written at the same time: each is a round trip or two to MongoDB."""
_LONGEST_PAUSE = 5.0
_AWAKE_SECONDS = 20.0
"""Longer than a pause and a look at a slow database; a process that was away for longer counts anew."""


class Silence:
    """How long each launch has been silent, as far as somebody listens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[str, float] = {}
        self._listening = False
        self._awake_until = float("-inf")

    @property
    def listening(self) -> bool:
        """Whether anything could be heard now, and all the time since the last look."""
        return self._listening and self._clock.monotonic() < self._awake_until

    def listen(self) -> None:
        """Begin to count, from now on for everybody."""
        self._heard.clear()
        self._listening = True
        self.awake()

    def awake(self) -> None:
        """This process runs; one that does not say so again in time was frozen, and heard nothing meanwhile."""
        self._awake_until = self._clock.monotonic() + _AWAKE_SECONDS

    def deaf(self) -> None:
        """Stop counting: nothing can be heard."""
        self._heard.clear()
        self._listening = False

    async def bus_lost(self) -> None:
        """The bus is away; told by the connection as soon as it knows."""
        self.deaf()

    def heard(self, launch_id: str) -> None:
        """Note a sign of life."""
        if self.listening:
            self._heard[launch_id] = self._clock.monotonic()

    def of(self, launch_id: str) -> timedelta | None:
        """Return how long it has been silent, None where nobody listens; asking starts the count."""
        if not self.listening:
            return None
        now = self._clock.monotonic()
        return timedelta(seconds=now - self._heard.setdefault(launch_id, now))

    def forget_all_but(self, launch_ids: frozenset[str]) -> None:
        """Drop what nobody asks about any more, so that the memory is bounded by what runs."""
        for launch_id in self._heard.keys() - launch_ids:
            del self._heard[launch_id]


class Liveness:
    """The job: hears heartbeats, keeps samples, notices the silent."""

    def __init__(
        self,
        *,
        store: Store,
        sightings: Sightings,
        bus: Client,
        announcer: Announcer,
        sessions: KeyedWorker,
        silence: Silence,
        clock: Clock,
        unreachable_after: timedelta,
        lost_after: timedelta,
    ) -> None:
        self._store = store
        self._sightings = sightings
        self._bus = bus
        self._announcer = announcer
        self._sessions = sessions
        self._silence = silence
        self._clock = clock
        self._unreachable_after = unreachable_after
        self._lost_after = lost_after
        self._backlog: asyncio.Queue[Heartbeat] = asyncio.Queue(_BACKLOG)
        self._unreachable: set[str] = set()

    async def run(self, tenure: Tenure) -> None:
        """Listen while the lease is held."""
        subscription = await self._bus.subscribe(subjects.any_runner_out("heartbeat"), cb=self._arrived)
        keepers = [asyncio.create_task(self._keep_samples()) for _ in range(_KEEPERS)]
        try:
            while tenure.valid:
                if not self._bus.is_connected:
                    self._silence.deaf()
                elif not self._silence.listening:
                    self._silence.listen()
                else:
                    self._silence.awake()
                    await self._look()
                await self._clock.sleep(
                    min(_LONGEST_PAUSE, self._unreachable_after.total_seconds() / _LOOKS_PER_SILENCE)
                )
        finally:
            self._silence.deaf()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            try:
                await subscription.unsubscribe()
            except NatsError:
                _log.debug("unsubscribe_failed")

    async def _arrived(self, message: Msg) -> None:
        try:
            heartbeat = read_launch_message(Heartbeat, message)
        except ValueError as error:
            _log.warning("heartbeat_refused", subject=message.subject, error=str(error)[:200])
            return
        self._silence.heard(heartbeat.launch_id)
        if not self._backlog.full():
            self._backlog.put_nowait(heartbeat)

    async def _keep_samples(self) -> None:
        while True:
            heartbeat = await self._backlog.get()
            try:
                await self._keep(heartbeat)
            except StoreUnavailableError as error:
                _log.warning("sample_lost", session_id=heartbeat.session_id, error=str(error))
            except Exception:  # noqa: BLE001 - logged; one runner's heartbeat must not end everybody's samples
                _log.exception("sample_lost", session_id=heartbeat.session_id)

    async def _keep(self, heartbeat: Heartbeat) -> None:
        session = await self._store.sessions.get(heartbeat.session_id)
        if session is None or session.launch is None or session.launch.id != heartbeat.launch_id:
            return
        if not session.open:
            self._sessions.poke(session.id)
            return
        activity = Activity(
            updated_at=session.updated_at,
            resources={"cpu_usage": heartbeat.cpu_usage, "memory_usage": heartbeat.memory_usage},
            pod_status=await self._sightings.pod_status(launch_ref(session, session.launch)),
            reachable=True,
            agent_state=heartbeat.agent_state,
            step=heartbeat.step,
            sampled_at=heartbeat.sampled_at,
        )
        sample = Sample(
            at=heartbeat.sampled_at, cpu_usage=heartbeat.cpu_usage, memory_usage=heartbeat.memory_usage
        )
        await self._store.activity.append(session.id, sample, activity)
        await self._announcer.activity(session.id, activity)
        if session.reachable is False:
            await self._mark(session.id, reachable=True)

    async def _look(self) -> None:
        try:
            running = await self._store.session_work.running_launches()
            self._silence.forget_all_but(frozenset(running.values()))
            for session_id, launch_id in running.items():
                silent = self._silence.of(launch_id)
                if silent is None:
                    return
                if silent >= self._unreachable_after and session_id not in self._unreachable:
                    await self._mark(session_id, reachable=False)
                if silent >= self._lost_after:
                    self._sessions.poke(session_id)
            self._unreachable &= running.keys()
        except StoreUnavailableError as error:
            _log.warning("liveness_not_looked", error=str(error))

    async def _mark(self, session_id: str, *, reachable: bool) -> None:
        changed = await self._store.sessions.mark_reachable(
            session_id, reachable=reachable, now=self._clock.now()
        )
        if reachable:
            self._unreachable.discard(session_id)
        else:
            self._unreachable.add(session_id)
        if changed is not None:
            _log.info("reachable" if reachable else "unreachable", session_id=session_id)
            await self._announcer.session(session_id, changed.version)
