"""The same runner started by hand: a process, its specification, and somebody who answers its registration."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nats.aio.client import Client
from nats.aio.msg import Msg

from benchmarks.yardsticks.bus import bare_connection
from ccplant_contracts import subjects
from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.launch import LaunchSpec, RegistrationAnswer
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import Mode
from ccplant_platform.bus.connection import jetstream
from ccplant_platform.bus.topology import ensure_topology
from tests.support.servers import NatsServer

_START_SECONDS = 30.0


@dataclass(frozen=True)
class Started:
    """How long a start took, in milliseconds from the moment at which the process was asked for."""

    first_heartbeat: float
    registered: float


@dataclass
class Hand:
    """Starts runners on a bus of their own, where nobody else answers."""

    server: NatsServer
    bus: Client
    folder: Path

    async def start(self) -> Started:
        """Start a runner, wait for its registration, and end it."""
        launch_id = new_launch_id()
        place = self.folder / launch_id
        for path in (place / "workspace", place / "state" / "wal", place / "state" / "home"):
            path.mkdir(parents=True)
        spec = LaunchSpec(
            session_id=f"session-bench-{launch_id}",
            launch_id=launch_id,
            attempt=1,
            owner="bench",
            mode=Mode.INTERACTIVE,
            bus=self.server.launch_access(launch_id),
            workspace=str(place / "workspace"),
            state_dir=str(place / "state"),
            agent="demo",
            policy=PermissionPolicy(mode=PolicyMode.ASK),
        )
        file = place / "spec.json"
        file.touch(mode=0o600)
        file.write_text(spec.model_dump_json(), encoding="utf-8")
        loop = asyncio.get_running_loop()
        beat: asyncio.Future[float] = loop.create_future()
        registered: asyncio.Future[float] = loop.create_future()

        async def heard(_message: Msg) -> None:
            if not beat.done():
                beat.set_result(time.monotonic())

        async def accept(message: Msg) -> None:
            if not registered.done():
                registered.set_result(time.monotonic())
            await message.respond(RegistrationAnswer(accepted=True).model_dump_json().encode())

        heartbeats = await self.bus.subscribe(subjects.runner_out(launch_id, "heartbeat"), cb=heard)
        registrations = await self.bus.subscribe(subjects.runner_out(launch_id, "register"), cb=accept)
        await self.bus.flush()
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccplant_runner", "--spec", str(file), cwd=place,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(place / "state" / "home")},
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_START_SECONDS):
                first, at = await beat, await registered
            return Started((first - began) * 1000, (at - began) * 1000)
        finally:
            process.kill()
            await process.wait()
            await heartbeats.unsubscribe()
            await registrations.unsubscribe()


@asynccontextmanager
async def by_hand() -> AsyncIterator[Hand]:
    """Have a bare bus for runners that are started by hand."""
    with TemporaryDirectory(prefix="ccplant-bench-") as folder:
        server = NatsServer(Path(folder))
        await asyncio.to_thread(server.start)
        bus: Client | None = None
        try:
            bus = await bare_connection(server.access())
            await ensure_topology(jetstream(bus))
            yield Hand(server, bus, Path(folder))
        finally:
            if bus is not None:
                await bus.close()
            await asyncio.to_thread(server.kill)
