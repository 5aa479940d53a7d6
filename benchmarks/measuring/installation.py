"""The whole system as a user starts it, in a directory of its own, for as long as a measurement takes."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring.web import Web
from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.credentials import Operator
from ccplant_platform.bus.rights import Rights
from tests.support.programs import free_port
from tests.support.waiting import eventually

_READY_SECONDS = 90.0
_STOP_SECONDS = 40.0
_EVERYTHING = Rights(publish=(">",), subscribe=(">",))


@dataclass(frozen=True)
class Installation:
    """A running `ccplant up`."""

    pid: int
    port: int
    token: str
    data_dir: Path
    ready_seconds: float
    nats_host: str = "127.0.0.1"

    def web(self) -> Web:
        """Return a client of the API with the token of its owner."""
        return Web(self.port, self.token)

    @property
    def mongodb_url(self) -> str:
        """The address that the services use, password included."""
        return (self.data_dir / "secrets" / "mongodb.url").read_text(encoding="utf-8").strip()

    def bus_access(self) -> BusAccess:
        """Return a credential of the bus for a yardstick: it may do everything."""
        return self._operator().issue_user("bench", _EVERYTHING, url=self._bus_url())

    def launch_access(self, launch_id: str) -> BusAccess:
        """Return a credential of the kind that the runner of this launch has."""
        return self._operator().issue_launch(launch_id, url=self._bus_url())

    async def running_session(self, web: Web, **body: object) -> str:
        """Create a session and return its id when it runs."""
        session_id: str = (await web.call("POST", "/api/v1/sessions", body))["session_id"]

        async def running() -> bool:
            status = (await web.call("GET", f"/api/v1/sessions/{session_id}"))["status"]
            if status not in ("pending", "running"):
                raise RuntimeError(f"the session is {status}")
            return bool(status == "running")

        await eventually(running, 60.0, interval=0.05)
        return session_id

    def _operator(self) -> Operator:
        return Operator.load(self.data_dir / "secrets" / "bus" / "operator.json")

    def _bus_url(self) -> str:
        ports: dict[str, Any] = json.loads((self.data_dir / "ports.json").read_text(encoding="utf-8"))
        return f"nats://{self.nats_host}:{ports['nats']}"


@asynccontextmanager
async def installation(
    data_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> AsyncIterator[Installation]:
    """Start the system and stop it afterwards; without `data_dir` nothing of it remains."""
    with tempfile.TemporaryDirectory(prefix="ccplant-bench-") as temporary:
        place = data_dir or Path(temporary)
        port = free_port()
        log = (place.parent / f"{place.name}.log") if data_dir else place / "up.log"
        place.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                Path(sys.executable).with_name("ccplant"),
                "up", "--json", "--port", str(port), "--data-dir", str(place), *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip
        try:
            assert process.stdout is not None
            async with asyncio.timeout(_READY_SECONDS):
                line = await process.stdout.readline()
            took = time.monotonic() - began
            if not line:
                raise RuntimeError(f"the system did not start: {log.read_text(errors='replace')[-2000:]}")
            host = dict(itertools.pairwise(arguments)).get("--nats-host", "127.0.0.1")
            yield Installation(process.pid, port, json.loads(line)["token"], place, took, host)
        finally:
            await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
