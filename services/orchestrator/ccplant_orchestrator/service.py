"""Starting and stopping the orchestrator: settings in, connections made, one replica run until it is told to stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib.metadata import version

import structlog

from ccplant_contracts.commands import Command
from ccplant_orchestrator.events.stream import LifecycleEventStream
from ccplant_orchestrator.jobs.liveness import Silence
from ccplant_orchestrator.main import Orchestrator, Parts
from ccplant_orchestrator.runtimes.bounded import BoundedRuntime
from ccplant_orchestrator.runtimes.local.options import LocalOptions
from ccplant_orchestrator.runtimes.local.runtime import LocalRuntime
from ccplant_orchestrator.runtimes.protocol import Runtime
from ccplant_orchestrator.sessions.git_access import OwnersGitAccess
from ccplant_orchestrator.sessions.launching import AgentDefaults
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_platform.bus.broker import make_broker
from ccplant_platform.bus.connection import connect, jetstream
from ccplant_platform.bus.credentials import LaunchIssuer
from ccplant_platform.bus.topology import COMMANDS, ensure_topology, keep_topology
from ccplant_platform.clock import Clock, SystemClock
from ccplant_platform.process import run_service
from ccplant_platform.sealing import SealingSettings
from ccplant_platform.settings import BusSettings, LimitSettings, MongoSettings
from ccplant_store import Store

_log = structlog.get_logger(__name__)

NAME = "orchestrator"


async def serve(stopping: asyncio.Event) -> None:
    """Run one replica until `stopping` is set."""
    settings, bus_settings = OrchestratorSettings(), BusSettings()
    clock = SystemClock()
    mongo = MongoSettings()
    store = await Store.connect(
        mongo.url(), database=mongo.mongodb_database, clock=clock, application="ccplant-orchestrator"
    )
    await store.ensure_indexes()
    silence = Silence(clock)
    closed = asyncio.Event()

    async def bus_closed() -> None:
        closed.set()

    bus = await connect(bus_settings, name=NAME, on_disconnect=silence.bus_lost, on_closed=bus_closed)
    js = jetstream(bus)
    await ensure_topology(js, replicas=bus_settings.nats_stream_replicas)
    broker = make_broker(bus_settings, js, name=NAME)
    issuer = LaunchIssuer.from_settings(
        bus_settings,
        url=settings.runner_nats_url,
        lifetime=timedelta(seconds=settings.launch_credential_seconds),
    )
    runtime = BoundedRuntime(open_runtime(settings, clock))
    orchestrator = Orchestrator(
        Parts(
            settings=settings,
            store=store,
            bus=bus,
            silence=silence,
            runtime=runtime,
            clock=clock,
            issue=issuer,
            agents=AgentDefaults.load(
                settings.default_agent,
                settings.agent_env_file,
                settings.agents_dir,
                provider_wait_seconds=settings.provider_wait_seconds,
            ),
            events=LifecycleEventStream(broker.faststream, js, replicas=bus_settings.nats_stream_replicas),
            version=version("ccplant-orchestrator"),
            limits=LimitSettings(),
            git_access=OwnersGitAccess(store.users, SealingSettings().sealer(), settings.github_url).of,
            stream_replicas=bus_settings.nats_stream_replicas,
        )
    )
    broker.consume(COMMANDS, Command, orchestrator.handle)
    await broker.start()
    await orchestrator.start()
    keeper = asyncio.create_task(keep_topology(js, clock, replicas=bus_settings.nats_stream_replicas))
    _log.info("orchestrator_ready", replica=orchestrator.holder, runtime=runtime.kind)
    try:
        await _first_of(stopping, closed, orchestrator.broken)
        if not stopping.is_set():
            # the process ends and is started again: that is the one cure that always helps
            raise ReplicaBrokenError("the bus gave up for good" if closed.is_set() else "a part has ended")
    finally:
        keeper.cancel()
        await broker.stop()
        await orchestrator.stop()
        await runtime.aclose()
        await bus.close()
        store.close()


def open_runtime(settings: OrchestratorSettings, clock: Clock) -> Runtime:
    """Make the place where sessions run; it connects at its first call."""
    if settings.runtime == "local":
        return LocalRuntime(
            LocalOptions(data_dir=settings.local_data_dir, anchor_pid=settings.local_anchor_pid)
        )
    # late: the client costs most of a second and 70 MB, which `ccplant up` on one machine has no use for
    from ccplant_orchestrator.runtimes.kubernetes.opening import open_kubernetes_runtime

    return open_kubernetes_runtime(clock)


class ReplicaBrokenError(Exception):
    """This replica cannot do its work any more."""


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def main() -> None:
    """Run as a process of its own."""
    run_service(NAME, serve)
