"""One orchestrator in this process: real NATS and MongoDB, a runtime in memory, scripted runners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccplant_contracts.commands import Command, CommandName
from ccplant_contracts.dispatch import DispatchSource, Target
from ccplant_contracts.ids import new_prompt_id, new_session_id, random_text
from ccplant_contracts.session import Mode, SessionConfig, StopRequested
from ccplant_contracts.status import StopReason
from ccplant_orchestrator.events.stream import LifecycleEventStream
from ccplant_orchestrator.jobs.liveness import Silence
from ccplant_orchestrator.main import Orchestrator, Parts
from ccplant_orchestrator.sessions.launching import AgentDefaults, GitAccessLookup, no_git_access
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_platform.bus.broker import make_broker
from ccplant_platform.bus.connection import connect, jetstream
from ccplant_platform.bus.topology import ensure_topology
from ccplant_platform.clock import SystemClock
from ccplant_platform.settings import LimitSettings, MongoSettings
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc, StartDoc, new_dispatch
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc, new_session
from tests.support.memory_runtime import MemoryRuntime
from tests.support.scripted_runner import ScriptedRunner
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

OWNER = "ada"


@dataclass
class Plant:
    """What a test holds: the store, the runtime, replicas, and verbs of a gateway."""

    store: Store
    runtime: MemoryRuntime
    nats: NatsServer
    settings: OrchestratorSettings
    max_sessions: int | None = None
    """The limit of sessions of each owner."""
    lifetime: timedelta | None = None
    """Of the work credentials of launches; None: they have no end."""
    git_access: GitAccessLookup = no_git_access
    replicas: list[Orchestrator] = field(default_factory=list)
    runners: list[ScriptedRunner] = field(default_factory=list)
    _closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def start_replica(self) -> Orchestrator:
        """Start another orchestrator."""
        clock = SystemClock()
        silence = Silence(clock)
        access = self.nats.access("all")
        bus = await connect(access, name="orchestrator", on_disconnect=silence.bus_lost)
        js = jetstream(bus)
        await ensure_topology(js)
        broker = make_broker(access, js, name="orchestrator")
        orchestrator = Orchestrator(
            Parts(
                settings=self.settings,
                store=self.store,
                bus=bus,
                silence=silence,
                runtime=self.runtime,
                clock=clock,
                issue=self.nats.issuer(self.lifetime),
                agents=AgentDefaults("demo"),
                git_access=lambda session, /: self.git_access(session),
                events=LifecycleEventStream(broker.faststream, js, replicas=1),
                version="test",
                limits=LimitSettings(max_sessions_per_owner=self.max_sessions),
            )
        )
        await broker.start()
        await orchestrator.start()
        self.replicas.append(orchestrator)

        async def close() -> None:
            await broker.stop()
            await orchestrator.stop()
            await bus.close()

        self._closers.append(close)
        return orchestrator

    async def create(
        self,
        *,
        prompts: int = 0,
        mode: Mode = Mode.INTERACTIVE,
        volume_id: str | None = None,
        resumes: str | None = None,
        repository: str | None = None,
        name: str = "test",
        **config: object,
    ) -> SessionDoc:
        """Write the intent of a session, as a gateway does, and tell the replicas."""
        now = datetime.now(UTC)
        chosen = SessionConfig.model_validate(config)
        session_id = new_session_id(OWNER)
        session = new_session(
            session_id,
            owner=OWNER,
            name=name,
            mode=mode,
            labels={},
            repository=repository,
            branch=None,
            config=chosen,
            at=now,
            volume_id=volume_id,
            resumes=resumes,
        )
        await self.store.sessions.create(session)
        for number in range(prompts):
            await self.prompt(session.id, f"prompt {number}")
        await self.tell("session.launch", session.id)
        return session

    async def prompt(self, session_id: str, text: str) -> PromptDoc | None:
        """Queue a prompt, as a gateway does; None where the session takes none."""
        number = await self.store.sessions.take_prompt_number(session_id, OWNER)
        if number is None:
            return None
        doc = PromptDoc(
            id=new_prompt_id(),
            session_id=session_id,
            owner=OWNER,
            number=number,
            text=text,
            by=OWNER,
            created_at=datetime.now(UTC),
        )
        inserted = await self.store.prompts.insert(doc)
        await self.tell("prompt.deliver", session_id)
        return inserted

    async def stop(
        self, session_id: str, reason: StopReason = StopReason.STOPPED, *, force: bool = False
    ) -> None:
        """Ask for the end, as a gateway does."""
        stop = StopRequested(reason=reason, by=OWNER, force=force, at=datetime.now(UTC))
        await self.store.sessions.request_stop(session_id, stop, owner=OWNER)
        await self.tell("session.stop", session_id)

    async def dispatch(self, target: Target, text: str, **fields: Any) -> DispatchDoc:
        """Write a dispatch, as a trigger does, and tell the replicas."""
        trigger = f"test:{text}:{random_text(8)}"
        number = fields.pop("number", None)
        if target.kind != "new" and number is None:
            number = await self.store.slots.next_number(target.queue(OWNER, ""))
        start = StartDoc(
            name=fields.pop("name", "triggered"),
            mode=fields.pop("mode", Mode.INTERACTIVE),
            config=SessionConfig.model_validate(fields.pop("config", {})),
        )
        made = new_dispatch(
            owner=OWNER,
            source=DispatchSource(kind="webhook", id="hook-1", name="test"),
            trigger=trigger,
            target=target,
            text=text,
            start=start,
            at=datetime.now(UTC),
            number=number,
            **fields,
        )
        added = await self.store.dispatches.add(made)
        await self.tell_queue(added.queue)
        return added

    async def tell_queue(self, queue: str) -> None:
        """Hand the news of a queue to every replica."""
        for replica in self.replicas:
            command = Command(name="session.dispatch", target_id=queue, issued_at=datetime.now(UTC))
            await replica.handle(command)

    async def dispatched(self, dispatch: DispatchDoc, timeout: float = 20) -> DispatchDoc:
        """Wait until a dispatch is resolved."""

        async def resolved() -> DispatchDoc | None:
            found = await self.store.dispatches.get(dispatch.id)
            return found if found is not None and not found.open else None

        found = await eventually(resolved, timeout)
        assert found is not None
        return found

    async def tell(self, name: CommandName, session_id: str) -> None:
        """Hand a command to every replica: twice is as good as once."""
        for replica in self.replicas:
            await replica.handle(Command(name=name, session_id=session_id, issued_at=datetime.now(UTC)))

    async def runner(self, session_id: str, *, register: bool = True) -> ScriptedRunner:
        """Play the runner of a session's launch as soon as there is one."""
        launch_id = await eventually(lambda: self._launched(session_id))
        await eventually(lambda: launch_id in self.runtime.launched)
        runner = await ScriptedRunner.connect(session_id, launch_id, self.runtime.launched[launch_id].bus)
        self.runners.append(runner)
        if register:
            answer = await runner.register()
            assert answer.accepted, answer.refusal
        return runner

    async def get(self, session_id: str) -> SessionDoc:
        """Read a session."""
        session = await self.store.sessions.get(session_id)
        assert session is not None
        return session

    async def settled(self, session_id: str, timeout: float = 20) -> SessionDoc:
        """Wait until a session has ended and come to rest."""

        async def at_rest() -> SessionDoc | None:
            session = await self.get(session_id)
            return session if session.settled else None

        session = await eventually(at_rest, timeout)
        assert session is not None
        return session

    async def _launched(self, session_id: str) -> str:
        launch = (await self.get(session_id)).launch
        return launch.id if launch is not None and launch.started_at is not None else ""

    async def stop_first_replica(self) -> None:
        """Stop the replica that runs longest."""
        await self._closers.pop(0)()
        del self.replicas[0]

    async def close(self) -> None:
        """Stop everything."""
        for runner in self.runners:
            await runner.close()
        for close in self._closers:
            await close()


@pytest.fixture
def orchestrator_settings() -> OrchestratorSettings:
    """Settings with short waits; a module may have its own."""
    return OrchestratorSettings(resync_seconds=1, stop_grace_seconds=0.5, max_concurrent_launches=1_000)


@pytest.fixture
def launch_lifetime() -> timedelta | None:
    """How long a launch's work credential is good for; a module may have its own."""
    return None


@pytest.fixture
def max_sessions() -> int | None:
    """The limit of sessions of each owner; a module or a mark may have its own."""
    return None


@pytest.fixture
async def plant(
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    orchestrator_settings: OrchestratorSettings,
    launch_lifetime: timedelta | None,
    max_sessions: int | None,
) -> AsyncIterator[Plant]:
    """A plant with one orchestrator."""
    store = await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database)
    await store.ensure_indexes()
    plant = Plant(
        store=store,
        runtime=MemoryRuntime(),
        nats=nats_server,
        settings=orchestrator_settings,
        max_sessions=max_sessions,
        lifetime=launch_lifetime,
    )
    await plant.start_replica()
    yield plant
    await plant.close()
    store.close()
