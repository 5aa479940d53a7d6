"""The orchestrator, as a table of contents: what it listens to, what it does under a lease, and how it stops.

`Orchestrator.build` puts the parts together; `run` starts them in the order in which they need each other and stops
them in reverse. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.commands import Command
from ccplant_contracts.ids import random_text
from ccplant_contracts.launch import DeadlineNotice, Receipt
from ccplant_orchestrator.dispatches.places import Places
from ccplant_orchestrator.dispatches.resolve import Resolver
from ccplant_orchestrator.events.publisher import EventPublisher, EventStream
from ccplant_orchestrator.health import Desk
from ccplant_orchestrator.jobs.deadlines import Deadlines
from ccplant_orchestrator.jobs.leased import LeasedJob, Tenure
from ccplant_orchestrator.jobs.liveness import Liveness, Silence
from ccplant_orchestrator.jobs.resync import Resync
from ccplant_orchestrator.jobs.volumes import VolumeRemoval
from ccplant_orchestrator.output.apply import Applier, FollowUps
from ccplant_orchestrator.output.blobs import BlobReceiver
from ccplant_orchestrator.output.dead_letter import DeadLetters
from ccplant_orchestrator.output.pull import StandingPull
from ccplant_orchestrator.output.writer import OutputWriter
from ccplant_orchestrator.permissions.delivery import PermissionDelivering
from ccplant_orchestrator.prompts.attachments import AttachmentSender
from ccplant_orchestrator.prompts.delivery import Outcome, PromptDelivering
from ccplant_orchestrator.renewals import RenewalIssuer, Renewals
from ccplant_orchestrator.requests import Runners
from ccplant_orchestrator.runtimes.protocol import Runtime, RuntimeFailedError
from ccplant_orchestrator.runtimes.sightings import Sightings
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_orchestrator.sessions.finishing import Finishing
from ccplant_orchestrator.sessions.keyed import KeyedWorker
from ccplant_orchestrator.sessions.launch_places import LaunchPlaces
from ccplant_orchestrator.sessions.launching import (
    AgentDefaults,
    BusAccessIssuer,
    GitAccessLookup,
    no_git_access,
)
from ccplant_orchestrator.sessions.reconcile import Reconciler
from ccplant_orchestrator.sessions.registration import Registrations
from ccplant_orchestrator.sessions.settle import Settling
from ccplant_orchestrator.sessions.starting import Starting
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.bus.topology import EVENTS_RETENTION_SECONDS, ensure_topology
from ccplant_platform.clock import Clock
from ccplant_platform.settings import LimitSettings
from ccplant_store import Store
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)

QUEUE = "orchestrator"
_WAITING = 500
"""These mostly wait for runners: some that do not answer must not take the places of those that do."""
_RESOLVING = 16
_WAKING = ("exited", "unknown")
_ASK_AGAIN_SECONDS = 1.0
_TELL_AGAIN_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 2.0


class LaunchIssuing(BusAccessIssuer, RenewalIssuer, Protocol):
    """Makes the credentials of launches, the first ones and those after them."""


@dataclass(frozen=True)
class Parts:
    """What is made outside and given in: connections, the place where sessions run, time."""

    settings: OrchestratorSettings
    store: Store
    bus: Client
    silence: Silence
    runtime: Runtime
    clock: Clock
    issue: LaunchIssuing
    agents: AgentDefaults
    events: EventStream
    version: str
    limits: LimitSettings
    git_access: GitAccessLookup = no_git_access
    stream_replicas: int = 1


class Orchestrator:
    """One replica."""

    def __init__(self, parts: Parts) -> None:
        settings, store, clock = parts.settings, parts.store, parts.clock
        self._parts = parts
        self.broken = asyncio.Event()
        """Set when this replica can do its work no more, and has to be started again."""
        self.holder = f"{socket.gethostname()}-{os.getpid()}-{random_text(6)}"
        self._announcer = Announcer(parts.bus)
        self._runners = Runners(parts.bus)
        self._sightings = Sightings(parts.runtime)

        self.sessions = KeyedWorker("session", self._reconcile)
        self.prompts = KeyedWorker("prompt", self._deliver_prompts, concurrency=_WAITING)
        self.permissions = KeyedWorker("permission", self._deliver_permissions, concurrency=_WAITING)
        self.deadlines = KeyedWorker("deadline", self._tell_deadline)
        self._registering = KeyedWorker("registration", self._register)
        self._asked: dict[str, Msg] = {}
        """The last registration of each launch that waits: of those before nobody hears an answer any more."""

        self._prompt_delivering = PromptDelivering(
            store=store, runners=self._runners, announcer=self._announcer, clock=clock
        )
        self._permission_delivering = PermissionDelivering(
            store=store, runners=self._runners, announcer=self._announcer, clock=clock
        )
        self._writer = OutputWriter(
            store=store,
            bus=parts.bus,
            announcer=self._announcer,
            applier=Applier(
                store,
                self._announcer,
                FollowUps(deliver=self.prompts.poke, reconcile=self.sessions.poke),
                clock=clock,
                permission_timeout=timedelta(seconds=settings.permission_timeout_seconds),
            ),
            dead_letters=DeadLetters(parts.bus.jetstream(timeout=5.0)),
            clock=clock,
        )
        self.dispatches = KeyedWorker("dispatch", self._resolve_dispatches, concurrency=_RESOLVING)
        self._places = Places(
            store, clock, limit=parts.limits.max_sessions_per_owner, resolve=self.dispatches.poke
        )
        self._resolver = Resolver(
            store=store,
            announcer=self._announcer,
            places=self._places,
            clock=clock,
            backoff=Backoff(base=1.0, cap=60.0, limit=1 << 30),
            default_agent=settings.default_agent,
            look_again=self.dispatches.poke_later,
            reconcile=self.sessions.poke,
            deliver=self.prompts.poke,
        )
        volumes = VolumeRemoval(store=store, runtime=parts.runtime, clock=clock)
        limits = settings.limits()
        finishing = Finishing(
            store=store,
            runtime=parts.runtime,
            runners=self._runners,
            announcer=self._announcer,
            clock=clock,
            limits=limits,
            ended=self._session_ended,
        )
        starting = Starting(
            store=store,
            runtime=parts.runtime,
            announcer=self._announcer,
            clock=clock,
            limits=limits,
            agents=parts.agents,
            issue=parts.issue,
            git_access=parts.git_access,
            places=LaunchPlaces(store.session_work.count_starting, settings.max_concurrent_launches),
            finish=finishing.finish,
            look_again=self.sessions.poke_later,
        )
        self._reconciler = Reconciler(
            store=store,
            runtime=parts.runtime,
            starting=starting,
            finishing=finishing,
            settling=Settling(
                store=store,
                runtime=parts.runtime,
                writer=self._writer,
                announcer=self._announcer,
                volumes=volumes,
                ended=self._session_ended,
                requeued=self._dispatch_requeued,
                clock=clock,
            ),
            clock=clock,
            limits=limits,
            silence=parts.silence.of,
            look_again=self.sessions.poke_later,
            backoff=Backoff(base=1.0, cap=60.0, limit=1 << 30),
        )
        self._registrations = Registrations(
            store=store,
            announcer=self._announcer,
            clock=clock,
            registered=self._runner_registered,
            ended=self.sessions.poke,
        )
        self.liveness = Liveness(
            store=store,
            sightings=self._sightings,
            bus=parts.bus,
            announcer=self._announcer,
            sessions=self.sessions,
            silence=parts.silence,
            clock=clock,
            unreachable_after=timedelta(seconds=settings.unreachable_after_seconds),
            lost_after=timedelta(seconds=settings.runner_lost_after_seconds),
        )
        self.publisher = EventPublisher(
            outbox=store.events,
            stream=parts.events,
            clock=clock,
            retention=timedelta(seconds=EVENTS_RETENTION_SECONDS),
        )
        self._jobs = [
            self._job("liveness", self.liveness.run),
            self._job("publisher", self.publisher.run),
            self._job(
                "deadlines",
                Deadlines(store=store, bus=parts.bus, sessions=self.sessions, clock=clock).run,
            ),
            self._job(
                "resync",
                Resync(
                    store=store,
                    runtime=parts.runtime,
                    sessions=self.sessions,
                    prompts=self.prompts,
                    permissions=self.permissions,
                    dispatches=self.dispatches,
                    places=self._places,
                    expiry=self._permission_delivering,
                    volumes=volumes,
                    clock=clock,
                    max_concurrent_launches=settings.max_concurrent_launches,
                    every_seconds=settings.resync_seconds,
                    sweep_every_seconds=settings.sweep_seconds,
                    bus=parts.bus,
                ).run,
            ),
        ]

        self._renewals = Renewals(store=store, issuer=parts.issue)
        self._blobs = BlobReceiver(store, clock)
        self._attachments = AttachmentSender(store)
        self._desk = Desk(
            store=store,
            runtime=parts.runtime,
            version=parts.version,
            launches_held=settings.max_concurrent_launches == 0,
        )
        self._registration: Subscription | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen to the bus and to the runtime, and start to ask for leases."""
        bus = self._parts.bus
        self._registration = await bus.subscribe(
            subjects.any_runner_out("register"), queue=QUEUE, cb=self._registration_arrived
        )
        await bus.subscribe(subjects.any_runner_out("renew"), queue=QUEUE, cb=self._renewals.arrived)
        await bus.subscribe(subjects.any_runner_out("blob"), queue=QUEUE, cb=self._blobs.arrived)
        await bus.subscribe(subjects.any_runner_out("attachment"), queue=QUEUE, cb=self._attachments.arrived)
        await self._desk.open(bus, QUEUE)
        pull = StandingPull(
            bus,
            subjects.STREAM_OUTPUT,
            subjects.OUTPUT_CONSUMER,
            self._writer.arrived,
            restore=self.restore_topology,
            room=self._writer.room.wait,
        )
        self._tasks = [
            asyncio.create_task(pull.run(), name="output"),
            asyncio.create_task(self._follow_runtime(), name="runtime"),
            *(asyncio.create_task(job.run(), name=f"lease:{job.name}") for job in self._jobs),
        ]
        for task in self._tasks:
            task.add_done_callback(self._part_ended)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        """None of these ends by itself; a replica that lacks one looks alive and does not do its work."""
        if not task.cancelled():
            _log.critical("part_ended", part=task.get_name(), exc_info=task.exception())
            self.broken.set()

    async def stop(self) -> None:
        """Give leases back, finish what is under way, and let go."""
        if self._registration is not None:
            try:
                # first: what the bus still gave to this replica, the others would never see
                await self._registration.unsubscribe()
            except NatsError as error:
                _log.debug("unsubscribe_failed", error=str(error))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in (
            self._registering, self.dispatches, self.sessions, self.prompts, self.permissions, self.deadlines,
        ):  # fmt: skip
            await worker.close()
        await self._renewals.close()
        await self._writer.close()

    async def handle(self, command: Command) -> None:
        """Take a command: news that a document has an unfulfilled intent."""
        structlog.contextvars.bind_contextvars(
            session_id=command.session_id, request_id=command.request_id, traceparent=command.traceparent
        )
        _log.debug("command", name=command.name, target_id=command.target_id)
        self.publisher.wake()
        match command.name:
            case "prompt.deliver" | "prompt.cancel":
                self.prompts.poke(command.about)
            case "permission.deliver":
                self.permissions.poke(command.about)
            case "session.extend":
                self.deadlines.poke(command.about)
                self.sessions.poke(command.about)
            case "session.dispatch":
                self.dispatches.poke(command.about)
            case "session.launch" | "session.stop" | "session.purge":
                self.sessions.poke(command.about)

    async def _registration_arrived(self, message: Msg) -> None:
        """Take a registration aside: the subscription hands on one at a time, and one that hangs would hold up all."""
        launch_id = subjects.launch_of(message.subject)
        self._asked[launch_id] = message
        self._registering.poke(launch_id)

    async def _register(self, launch_id: str) -> None:
        message = self._asked.pop(launch_id, None)
        if message is not None:
            await self._registrations.arrived(message)

    async def restore_topology(self) -> None:
        """Make streams and consumers that vanished; what they held comes again from MongoDB and the runners."""
        await ensure_topology(self._parts.bus.jetstream(timeout=5.0), replicas=self._parts.stream_replicas)

    async def _reconcile(self, session_id: str) -> None:
        await self._reconciler.reconcile(session_id)
        self.publisher.wake()

    async def _deliver_prompts(self, session_id: str) -> None:
        if await self._prompt_delivering.deliver(session_id) is Outcome.LATER:
            self.prompts.poke_later(session_id, _ASK_AGAIN_SECONDS)
        self.publisher.wake()

    async def _resolve_dispatches(self, queue: str) -> None:
        await self._resolver.resolve(queue)
        self.publisher.wake()

    async def _session_ended(self, session: SessionDoc) -> None:
        await self._places.free(session.owner, session.id)

    async def _dispatch_requeued(self, prompt: PromptDoc) -> None:
        dispatch = await self._parts.store.dispatches.get(prompt.dispatch_id or "")
        if dispatch is not None:
            self.dispatches.poke(dispatch.queue)

    async def _deliver_permissions(self, session_id: str) -> None:
        await self._permission_delivering.deliver(session_id)

    def _runner_registered(self, session_id: str) -> None:
        # what is due at once was written with the registration; in a burst of starts the rest only stands in the way
        self.sessions.poke_later(session_id, _LOOK_AGAIN_SECONDS)
        self.prompts.poke(session_id)
        self.permissions.poke(session_id)

    async def _tell_deadline(self, session_id: str) -> None:
        """Tell the runner the time that remains: it ends itself should the control plane be away then."""
        session = await self._parts.store.sessions.get(session_id)
        if session is None or session.launch is None or not session.open:
            return
        left = None
        if session.deadline_at is not None:
            left = max(0.0, (session.deadline_at - self._parts.clock.now()).total_seconds())
        await self._announcer.deadlines_changed()
        notice = DeadlineNotice(seconds_left=left)
        if await self._runners.ask(session.launch.id, "deadline", notice, Receipt) is None:
            self.deadlines.poke_later(session_id, _TELL_AGAIN_SECONDS)

    async def _follow_runtime(self) -> None:
        """Wake the session of everything that ends or vanishes at the runtime.

        That a start proceeds is no reason to look: the runner's registration tells when it is there, and a start that
        takes long is looked at by the clock.
        """
        while True:
            try:
                async for observation in self._parts.runtime.changes():
                    self._sightings.note(observation)
                    if observation.phase in _WAKING:
                        self.sessions.poke(observation.ref.session_id)
            except RuntimeFailedError as error:
                _log.warning("runtime_not_followed", error=str(error))
            except Exception:  # noqa: BLE001 - logged; without a follower nobody hears of a runner's end
                _log.exception("runtime_not_followed")
            await self._parts.clock.sleep(1)

    def _job(self, name: str, job: Callable[[Tenure], Awaitable[None]]) -> LeasedJob:
        return LeasedJob(
            name,
            job,
            leases=self._parts.store.leases,
            holder=self.holder,
            clock=self._parts.clock,
            ttl_seconds=self._parts.settings.lease_ttl_seconds,
        )
