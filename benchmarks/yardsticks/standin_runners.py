"""Stand-ins for the runners of many Pods that nobody runs: each registers when its Pod shows as running, and beats.

Fake nodes set a Pod's state and start nothing. What the control plane of ours has to do for a session stays the same.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from nats.aio.client import Client
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.launch import Heartbeat, Registration, RegistrationAnswer
from ccplant_contracts.session import AgentInfo
from tests.kubernetes.cluster.control_plane import ControlPlane

LAUNCH_LABEL = "ccplant.dev/launch"
SESSION_LABEL = "ccplant.dev/session"
_BEAT_SECONDS = 10.0
_AGAIN_SECONDS = 2.0


@asynccontextmanager
async def cluster_client(plane: ControlPlane) -> AsyncIterator[httpx.AsyncClient]:
    """A bare client of the API server, with room for many requests at once."""
    async with httpx.AsyncClient(
        base_url=plane.url,
        headers={"Authorization": f"Bearer {plane.token}"},
        verify=ssl.create_default_context(cafile=str(plane.ca_file)),
        timeout=httpx.Timeout(30, read=None),
        limits=httpx.Limits(max_connections=64),
        trust_env=False,
    ) as client:
        yield client


async def watch_pods(client: httpx.AsyncClient, namespace: str) -> AsyncIterator[dict[str, Any]]:
    """Follow the Pods of a namespace, from its beginning on."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    async with client.stream("GET", path, params={"watch": "true", "resourceVersion": "0"}) as answer:
        async for line in answer.aiter_lines():
            yield json.loads(line)


@dataclass
class StandInRunners:
    """The runners of one namespace, over one connection that may speak for all of them."""

    bus: Client
    running_at: dict[str, float] = field(default_factory=dict)
    """By launch: when its Pod was seen running."""
    registered_at: dict[str, float] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def follow(self, client: httpx.AsyncClient, namespace: str) -> None:
        """Register whatever runs."""
        async for event in watch_pods(client, namespace):
            pod = event["object"]
            labels = pod["metadata"].get("labels", {})
            launch_id = labels.get(LAUNCH_LABEL)
            if launch_id is None or pod.get("status", {}).get("phase") != "Running":
                continue
            if launch_id not in self.running_at:
                self.running_at[launch_id] = time.monotonic()
                task = asyncio.create_task(self._live(labels[SESSION_LABEL], launch_id))
                self._tasks.add(task)

    async def stop(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _live(self, session_id: str, launch_id: str) -> None:
        while not await self._register(session_id, launch_id):
            continue
        self.registered_at[launch_id] = time.monotonic()
        subject = subjects.runner_out(launch_id, "heartbeat")
        while True:
            beat = Heartbeat(
                session_id=session_id,
                launch_id=launch_id,
                sampled_at=datetime.now(UTC),
                step="ready",
                agent_state="ready",
                cpu_usage=0.1,
                memory_usage=100_000_000,
            )
            await self.bus.publish(subject, beat.model_dump_json().encode())
            await asyncio.sleep(_BEAT_SECONDS)

    async def _register(self, session_id: str, launch_id: str) -> bool:
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def arrived(message: Msg) -> None:
            if not answered.done():
                answered.set_result(message.data)

        inbox = f"{subjects.inbox_prefix(launch_id)}.registration"
        subscription = await self.bus.subscribe(inbox, cb=arrived)
        wanted = Registration(
            runner_version="stand-in",
            session_id=session_id,
            launch_id=launch_id,
            agent=AgentInfo(name="stand-in"),
        )
        try:
            await self.bus.publish(
                subjects.runner_out(launch_id, "register"), wanted.model_dump_json().encode(), reply=inbox
            )
            async with asyncio.timeout(_AGAIN_SECONDS):
                return RegistrationAnswer.model_validate_json(await answered).accepted
        except TimeoutError:
            return False
        finally:
            await subscription.unsubscribe()
