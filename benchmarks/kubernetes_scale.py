"""Many sessions as Pods: how long until all run, and what holding them costs, on a real control plane with fake nodes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import psutil
from nats.aio.client import Client
from nats.aio.msg import Msg

from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.quantiles import quantile
from benchmarks.measuring.result import Result, Table, at_most
from benchmarks.measuring.script import run
from benchmarks.measuring.usage import usage
from benchmarks.measuring.web import Web
from benchmarks.yardsticks.bus import bare_connection
from benchmarks.yardsticks.pods_by_hand import Template
from benchmarks.yardsticks.standin_runners import StandInRunners, cluster_client, watch_pods
from ccplant_contracts import subjects
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane, PlaneOptions
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.cluster.namespaces import new_namespace, remove_namespace
from tests.support.waiting import eventually

_IN_FLIGHT = 16
_ALL_RUNNING_SECONDS = 600.0
_GONE_SECONDS = 300.0
_NODES = 20

ABOUT = f"""\
A real etcd, API server, scheduler and controllers; fake nodes (kwok) that say at once that a Pod runs; stand-ins for \
runners that register when they see that, and beat every 10 s. The scheduler's client rate is lifted (500/s), else it \
is the floor of every figure. *All running*: from the first POST to the lifecycle event that the last session runs, \
{_IN_FLIGHT} requests and {_IN_FLIGHT} launches in flight. The yardstick, in turns with it, is a bare client that \
creates as many of the same Secrets and Pods, {_IN_FLIGHT} at once, and waits until a watch shows all of them running. \
All of it shares the machine's two cores, the cluster included, so the processor time of each part is told as well. \
*Held*: afterwards, nothing but heartbeats. *Watch lag*: a Pod is deleted from outside; from that request until its \
session is told as ended."""


@dataclass(frozen=True)
class Scale:
    """How much of it."""

    rounds: int
    sessions: int
    held: int
    held_seconds: float
    lags: int


WHOLE = Scale(rounds=3, sessions=500, held=2_000, held_seconds=60, lags=40)
QUICK = Scale(rounds=1, sessions=40, held=60, held_seconds=5, lags=4)


@dataclass(frozen=True)
class Cluster:
    """The control plane and who talks to it without us."""

    plane: ControlPlane
    api: ClusterApi
    client: httpx.AsyncClient


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    """Start a control plane with fake nodes; nothing of it stays."""
    plane = ControlPlane(folder / "plane", PlaneOptions(fast_scheduler=True))
    kwok = Kwok(plane, folder / "kwok")
    try:
        await asyncio.to_thread(plane.start)
        await asyncio.to_thread(kwok.start)
        api = plane.api()
        await asyncio.to_thread(lambda: kwok.add_nodes(api, _NODES, cpu="2000", memory="8000Gi", pods=500))
        async with cluster_client(plane) as client:
            yield Cluster(plane, api, client)
    finally:
        kwok.kill()
        plane.kill()


async def measure(quick: bool) -> Result:
    """Both in turns, then hold."""
    scale = QUICK if quick else WHOLE
    ours: list[float] = []
    bare: list[float] = []
    spent: list[Spent] = []
    with tempfile.TemporaryDirectory(prefix="ccplant-bench-") as folder:
        async with cluster(Path(folder)) as there:
            for _ in range(scale.rounds):
                async with sessions(there) as system:
                    await system.start(1)  # what is loaded at the first launch is no part of it
                    before = processor_time(system.system.pid)
                    ours.append(await system.start(scale.sessions))
                    spent.append(Spent.between(before, processor_time(system.system.pid)))
                    template = await Template.of(there.client, system.namespace)
                await _remove(there, system.namespace)
                before = processor_time(None)
                seconds, namespace = await _bare(there, scale.sessions, template)
                bare.append(seconds)
                spent.append(Spent.between(before, processor_time(None)))
                await _remove(there, namespace)
            # the cluster ends after it with all that is in it
            async with sessions(there) as system:
                await system.start(scale.held)
                held = await system.held(scale.held_seconds)
                lags = await system.lags(scale.lags)
    ratio = min(ours) / min(bare)
    running = Table(
        title=f"{scale.sessions} sessions until all run",
        columns=("", "best", "worst", "rounds"),
        rows=(_row("ccplant", ours), _row("bare client", bare)),
    )
    return Result(
        name="kubernetes_scale",
        title="Many sessions as Pods",
        about=ABOUT,
        tables=(running, _spent_table(scale, spent[0::2], spent[1::2]), _held_table(scale, held, lags)),
        aims=(
            at_most("All running against the bare client", ratio, 1.3, "×"),
            at_most("Orchestrator's memory, sessions held", held.megabytes, 250, " MB"),
            at_most("Watch lag: p99", quantile(lags, 0.99), 1, " s"),
        ),
    )


def _row(what: str, seconds: list[float]) -> tuple[str, ...]:
    return what, f"{min(seconds):.1f} s", f"{max(seconds):.1f} s", str(len(seconds))


@dataclass(frozen=True)
class Held:
    """What holding costs the orchestrator."""

    megabytes: float
    percent: float


@dataclass(frozen=True)
class Spent:
    """Processor seconds by what spent them."""

    seconds: Mapping[str, float]

    @classmethod
    def between(cls, before: Mapping[str, float], after: Mapping[str, float]) -> Self:
        """Return what was spent from one moment to another."""
        return cls({kind: seconds - before.get(kind, 0.0) for kind, seconds in after.items()})

    def each(self, kind: str, count: int) -> float:
        """Return the milliseconds for one of so many."""
        return 1000 * self.seconds.get(kind, 0.0) / count


def processor_time(root: int | None) -> dict[str, float]:
    """Return the seconds that an installation (where there is one), the cluster and this process have used so far."""
    found = {} if root is None else {kind: of.cpu_seconds for kind, of in usage(root).items()}
    mine = time.process_time()
    cluster = 0.0
    for child in psutil.Process().children():
        if child.pid != root:
            cluster += sum(child.cpu_times()[:2])
    return {**found, "the cluster": cluster, "stand-ins and clients of the benchmark": mine}


def _spent_table(scale: Scale, ours: Sequence[Spent], bare: Sequence[Spent]) -> Table:
    kinds = sorted({kind for spent in ours for kind in spent.seconds})

    def least(spent: Sequence[Spent], kind: str) -> str:
        return f"{min(one.each(kind, scale.sessions) for one in spent):.1f} ms"

    return Table(
        title="Processor time for each session, until all run",
        columns=("", "ccplant", "bare client"),
        rows=tuple((kind, least(ours, kind), least(bare, kind)) for kind in kinds),
    )


def _held_table(scale: Scale, held: Held, lags: list[float]) -> Table:
    return Table(
        title=f"{scale.held} sessions held",
        columns=("", "found"),
        rows=(
            ("orchestrator: memory", f"{held.megabytes:.0f} MB"),
            ("orchestrator: CPU of one core", f"{held.percent:.1f} %"),
            ("watch lag: p50", f"{quantile(lags, 0.5):.3f} s"),
            ("watch lag: p99", f"{quantile(lags, 0.99):.3f} s"),
        ),
    )


@dataclass
class Sessions:
    """An installation whose sessions are Pods of the cluster."""

    system: Installation
    web: Web
    namespace: str
    bus: Client
    there: Cluster
    running: dict[str, float]
    ended: dict[str, float]

    async def start(self, count: int) -> float:
        """Create sessions; return the seconds from the first POST until all run."""
        gate = asyncio.Semaphore(_IN_FLIGHT)
        before = len(self.running)

        async def create() -> None:
            async with gate:
                await self.web.call("POST", "/api/v1/sessions", {"config": {"timeout_minutes": 0}})

        began = time.monotonic()
        await asyncio.gather(*(create() for _ in range(count)))
        await eventually(lambda: len(self.running) >= before + count, _ALL_RUNNING_SECONDS, interval=0.02)
        return max(self.running.values()) - began

    async def held(self, seconds: float) -> Held:
        """Wait, and return what the orchestrator used meanwhile."""
        before, began = usage(self.system.pid)["orchestrator"], time.monotonic()
        await asyncio.sleep(seconds)
        after, took = usage(self.system.pid)["orchestrator"], time.monotonic() - began
        percent = 100 * (after.cpu_seconds - before.cpu_seconds) / took
        return Held(after.resident / 1e6, percent)

    async def lags(self, count: int) -> list[float]:
        """Delete Pods from outside, one after another; return how long each time until the session's end is told."""
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        pods = (await self.there.client.get(path, params={"limit": count})).json()["items"]
        found: list[float] = []
        for pod in pods:
            session_id = pod["metadata"]["labels"]["ccplant.dev/session"]
            began = time.monotonic()
            answer = await self.there.client.delete(
                f"{path}/{pod['metadata']['name']}", params={"gracePeriodSeconds": 0}
            )
            answer.raise_for_status()
            found.append(await self._end_of(session_id) - began)
        return found

    async def _end_of(self, session_id: str) -> float:
        await eventually(lambda: session_id in self.ended, 60, interval=0.005)
        return self.ended[session_id]


@asynccontextmanager
async def sessions(there: Cluster) -> AsyncIterator[Sessions]:
    """Run the whole system against the cluster, in a namespace of its own, with stand-ins for its runners."""
    namespace = await asyncio.to_thread(new_namespace, there.api)
    environment = {
        "KUBECONFIG": str(there.plane.kubeconfig),
        "CCPLANT_KUBERNETES_NAMESPACE": namespace,
        "CCPLANT_KUBERNETES_TOLERATIONS": "kwok.x-k8s.io/node=fake:NoSchedule",
        "CCPLANT_RUNNER_IMAGE": "standin/runs",
        "CCPLANT_MAX_CONCURRENT_LAUNCHES": str(_IN_FLIGHT),
    }
    arguments = ("--runtime", "kubernetes", "--nats-host", "127.0.0.1")
    async with installation(environment=environment, arguments=arguments) as system, system.web() as web:
        bus = await bare_connection(system.bus_access())
        running: dict[str, float] = {}
        ended: dict[str, float] = {}

        async def heard(message: Msg) -> None:
            session_id, kind = _event(message.subject)
            if kind == "session.running":
                running[session_id] = time.monotonic()
            elif kind in ("session.terminated", "session.failed"):
                ended[session_id] = time.monotonic()

        await bus.subscribe(subjects.EVENTS, cb=heard)
        await web.open(_IN_FLIGHT)
        runners = StandInRunners(bus)
        following = asyncio.create_task(runners.follow(there.client, namespace))
        try:
            yield Sessions(system, web, namespace, bus, there, running, ended)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await runners.stop()
            await bus.close()


async def _remove(there: Cluster, namespace: str) -> None:
    """Have a namespace gone before anything else is measured: removing it is work for the cluster."""
    await asyncio.to_thread(remove_namespace, there.api, namespace)
    path = f"/api/v1/namespaces/{namespace}"

    async def gone() -> bool:
        return (await there.client.get(path)).status_code == httpx.codes.NOT_FOUND

    await eventually(gone, _GONE_SECONDS, interval=0.5)


def _event(subject: str) -> tuple[str, str]:
    parts = subject.split(".")
    return parts[3], ".".join(parts[4:])


async def _bare(there: Cluster, count: int, template: Template) -> tuple[float, str]:
    """Create as many Secrets and Pods by hand; return the seconds until all of them run, and their namespace."""
    namespace = await asyncio.to_thread(new_namespace, there.api)
    gate = asyncio.Semaphore(_IN_FLIGHT)
    running: set[str] = set()

    async def follow() -> None:
        async for event in watch_pods(there.client, namespace):
            if event["object"].get("status", {}).get("phase") == "Running":
                running.add(event["object"]["metadata"]["name"])

    async def create(number: int) -> None:
        async with gate:
            await template.create(there.client, namespace, f"bare-{number}")

    following = asyncio.create_task(follow())
    began = time.monotonic()
    try:
        await asyncio.gather(*(create(number) for number in range(count)))
        await eventually(lambda: len(running) >= count, _ALL_RUNNING_SECONDS, interval=0.02)
        return time.monotonic() - began, namespace
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


if __name__ == "__main__":
    run(__doc__, measure)
