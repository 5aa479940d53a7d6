"""From a request to an agent that can answer, in a Pod of a real node, beside the same Pod made by hand."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from nats.aio.client import Client
from nats.aio.msg import Msg

from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.quantiles import SPREAD_COLUMNS, Spread
from benchmarks.measuring.result import Result, Table, at_most
from benchmarks.measuring.script import run
from benchmarks.measuring.web import Web
from benchmarks.yardsticks.bus import bare_connection
from benchmarks.yardsticks.pods_by_hand import Template
from benchmarks.yardsticks.standin_runners import LAUNCH_LABEL, SESSION_LABEL, cluster_client, watch_pods
from ccplant_contracts import subjects
from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import Mode
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.namespaces import new_namespace, remove_namespace
from tests.kubernetes.cluster.node import Node
from tests.support.waiting import eventually

_BODY = {"config": {"cpu_limit": "1", "memory_limit": "512Mi", "timeout_minutes": 0}}
_START_SECONDS = 60.0
STAGES = (
    "API: POST to 201",
    "command: 201 to launch assigned",
    "create: launch assigned to Pod seen by a watch",
    "scheduled: Pod seen to bound to the node",
    "started: bound to container running",
    "registered: container running to registration on the bus",
    "running: registration to the lifecycle event",
)

ABOUT = """\
A real kubelet, containerd and runc; the image is on the node; the demo agent. *Cold*: from the POST to the lifecycle \
event that the session runs. The yardstick, in turns with it: the same Secret and the same Pod created by a bare client, \
until its runner asks for its registration on the same bus. Each start waits a random part of a second first: the kubelet \
works in ticks of a second, and a figure that locks to the tick says nothing."""


async def measure(quick: bool) -> Result:
    """Start both in turns."""
    rounds = 3 if quick else 20
    ours: list[float] = []
    bare: list[float] = []
    stages: dict[str, list[float]] = {stage: [] for stage in STAGES}
    with tempfile.TemporaryDirectory(prefix="ccplant-bench-") as folder:
        async with _place(Path(folder)) as place:
            await place.cold()  # the first one also warms caches of the node
            template = await place.template()
            for _ in range(rounds):
                await asyncio.sleep(random.random())
                total, parts = await place.cold()
                ours.append(total * 1000)
                for stage, seconds in zip(STAGES, parts, strict=True):
                    stages[stage].append(seconds * 1000)
                await asyncio.sleep(random.random())
                bare.append(await place.by_hand(template) * 1000)
    product, hand = Spread.of(ours), Spread.of(bare)
    return Result(
        name="kubernetes_cold",
        title="Starting a session as a Pod",
        about=ABOUT,
        tables=(
            Table(
                title="POST to `running`",
                columns=("", *SPREAD_COLUMNS),
                rows=(("ccplant", *product.cells()), ("the same Pod by hand", *hand.cells())),
            ),
            Table(
                title="Where that time goes",
                columns=("stage", "median"),
                rows=tuple((stage, f"{statistics.median(stages[stage]):.0f} ms") for stage in STAGES),
            ),
        ),
        aims=(at_most("cold start: p50 against the Pod by hand", product.p50 / hand.p50, 1.15, "×"),),
    )


@dataclass
class _Seen:
    """When a bare watch showed what of each Pod, by its session; and what the bus told, by launch or session."""

    moments: dict[tuple[str, str], float] = field(default_factory=dict)
    launches: dict[str, str] = field(default_factory=dict)
    """Of each session."""

    def note(self, whose: str, what: str) -> None:
        self.moments.setdefault((whose, what), time.monotonic())

    async def at(self, whose: str, what: str) -> float:
        await eventually(lambda: (whose, what) in self.moments, _START_SECONDS, interval=0.002)
        return self.moments[(whose, what)]

    async def follow(self, client: httpx.AsyncClient, namespace: str) -> None:
        async for event in watch_pods(client, namespace):
            self._pod(event["object"])

    def _pod(self, pod: dict[str, Any]) -> None:
        labels = pod["metadata"]["labels"]
        session_id = labels[SESSION_LABEL]
        self.launches.setdefault(session_id, labels[LAUNCH_LABEL])
        self.note(session_id, "created")
        if pod["spec"].get("nodeName"):
            self.note(session_id, "scheduled")
        for status in pod["status"].get("containerStatuses", ()):
            if "running" in status["state"]:
                self.note(session_id, "started")

    async def on_bus(self, bus: Client) -> None:
        """Note registrations and lifecycle events."""

        async def registration(message: Msg) -> None:
            self.note(subjects.launch_of(message.subject), "registered")

        async def event(message: Msg) -> None:
            parts = message.subject.split(".")
            self.note(parts[3], ".".join(parts[4:]))

        await bus.subscribe("s.*.out.register", cb=registration)
        await bus.subscribe(subjects.EVENTS, cb=event)
        await bus.flush()


@dataclass
class _Place:
    """The system, its node, and somebody who looks on."""

    system: Installation
    web: Web
    namespace: str
    client: httpx.AsyncClient
    seen: _Seen
    last: str = ""

    async def cold(self) -> tuple[float, list[float]]:
        """Start one session and end it; return the seconds in all and by stage."""
        began = time.monotonic()
        session_id: str = (await self.web.call("POST", "/api/v1/sessions", _BODY))["session_id"]
        answered = time.monotonic()
        running = await self.seen.at(session_id, "session.running")
        moments = [
            began,
            answered,
            await self.seen.at(session_id, "session.launched"),
            await self.seen.at(session_id, "created"),
            await self.seen.at(session_id, "scheduled"),
            await self.seen.at(session_id, "started"),
            await self.seen.at(self.seen.launches[session_id], "registered"),
            running,
        ]
        await self._end_last()
        self.last = session_id
        return running - began, [later - earlier for earlier, later in itertools.pairwise(moments)]

    async def _end_last(self) -> None:
        """End the session before this one and wait until it is gone, so that it disturbs nobody's start."""
        if self.last:
            await self.web.call("DELETE", f"/api/v1/sessions/{self.last}?force=true")
            await self._gone(self.last)

    async def _gone(self, name: str) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}"

        async def gone() -> bool:
            return (await self.client.get(path)).status_code == httpx.codes.NOT_FOUND

        await eventually(gone, 60, interval=0.1)

    async def template(self) -> Template:
        """Copy what the product made for the session that runs."""
        return await Template.of(self.client, self.namespace)

    async def by_hand(self, template: Template) -> float:
        """Make the same Pod; return the seconds until its runner asks for its registration."""
        launch_id = new_launch_id()
        name = f"by-hand-{launch_id}"
        spec = LaunchSpec(
            session_id=f"session-bench-{launch_id}",
            launch_id=launch_id,
            attempt=1,
            owner="bench",
            mode=Mode.INTERACTIVE,
            bus=self.system.launch_access(launch_id),
            workspace="/workspace/project",
            state_dir="/var/lib/ccplant",
            agent="demo",
            policy=PermissionPolicy(mode=PolicyMode.ASK),
        )
        began = time.monotonic()
        await template.create(self.client, self.namespace, name, spec=spec.model_dump_json())
        registered = await self.seen.at(launch_id, "registered")
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}"
        await self.client.delete(path, params={"gracePeriodSeconds": "1"})
        await self._gone(name)
        return registered - began


@asynccontextmanager
async def _place(folder: Path) -> AsyncIterator[_Place]:
    plane = ControlPlane(folder / "plane")
    node: Node | None = None
    try:
        await asyncio.to_thread(plane.start)
        api = plane.api()
        node = Node(plane)
        await asyncio.to_thread(node.start, api)
        namespace = await asyncio.to_thread(new_namespace, api)
        environment = {
            "KUBECONFIG": str(plane.kubeconfig),
            "CCPLANT_KUBERNETES_NAMESPACE": namespace,
            # otherwise the sweep would collect what is made by hand
            "CCPLANT_SWEEP_SECONDS": "3600",
            "CCPLANT_RUNNER_IMAGE": node.runner.name,
        }
        arguments = ("--runtime", "kubernetes", "--nats-host", node.address)
        async with (
            cluster_client(plane) as client,
            installation(environment=environment, arguments=arguments) as system,
            system.web() as web,
        ):
            seen, bus = _Seen(), await bare_connection(system.bus_access())
            await seen.on_bus(bus)
            following = asyncio.create_task(seen.follow(client, namespace))
            try:
                yield _Place(system, web, namespace, client, seen)
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
                await bus.close()
        await asyncio.to_thread(remove_namespace, api, namespace)
    finally:
        if node is not None:
            await asyncio.to_thread(node.stop)
        plane.kill()


if __name__ == "__main__":
    run(__doc__, measure)
