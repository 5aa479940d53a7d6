"""The holder of a lease is killed: how long until its job goes on elsewhere."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psutil
from nats.aio.msg import Msg
from pymongo import AsyncMongoClient

from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.quantiles import quantile
from benchmarks.measuring.result import Result, Table, at_most
from benchmarks.measuring.script import run
from benchmarks.measuring.usage import kind_of
from benchmarks.measuring.web import Web
from benchmarks.yardsticks.bus import bare_connection
from ccplant_contracts import subjects
from tests.support.waiting import eventually

_JOB = "publisher"
_MOST_SECONDS = 5.0
_EVENT_SECONDS = 30.0
_HELD = {"CCPLANT_MAX_CONCURRENT_LAUNCHES": "0"}

ABOUT = """\
Three orchestrators share the jobs; the one that holds the lease of the event publisher is killed (`SIGKILL`), and \
at the same moment a session is created. *Handled*: from the POST to the moment at which a subscriber on NATS has \
the lifecycle event of that session. Beside it the same without a kill."""


async def measure(quick: bool) -> Result:
    """Kill the holder again and again."""
    rounds = 2 if quick else 12
    calm: list[float] = []
    killed: list[float] = []
    async with installation(environment=_HELD) as system, system.web() as web:
        mongo: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(system.mongodb_url)
        try:
            environment = await _environment_of_orchestrator(system)
            for _ in range(rounds):
                # two of our own: the one of the system may be held back for a while after it was killed
                async with _orchestrator(system, environment), _orchestrator(system, environment):
                    await _all_ask(mongo)
                    calm.append(await _handled(system, web))
                    os.kill(await _holder(mongo), signal.SIGKILL)
                    killed.append(await _handled(system, web))
        finally:
            await mongo.close()
    rows = [_row("after the kill", killed), _row("without a kill", calm)]
    return Result(
        name="lease_takeover",
        title="A lease holder is killed",
        about=ABOUT,
        tables=(Table(title="POST to event", columns=("", "p50", "worst", "times"), rows=tuple(rows)),),
        aims=(at_most("Until the next event is handled: worst", max(killed), _MOST_SECONDS, " s"),),
    )


def _row(what: str, seconds: list[float]) -> tuple[str, ...]:
    return what, f"{quantile(seconds, 0.5):.2f} s", f"{max(seconds):.2f} s", str(len(seconds))


async def _handled(system: Installation, web: Web) -> float:
    """Create a session; return how long its event takes to a subscriber."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def arrived(message: Msg) -> None:
        heard.put_nowait(message.subject)

    bus = await bare_connection(system.bus_access())
    try:
        await bus.subscribe(subjects.EVENTS, cb=arrived)
        await bus.flush()
        began = time.monotonic()
        session_id = (await web.call("POST", "/api/v1/sessions", {}))["session_id"]
        async with asyncio.timeout(_EVENT_SECONDS):
            while session_id not in await heard.get():
                continue
        return time.monotonic() - began
    finally:
        await bus.close()


async def _holder(mongo: AsyncMongoClient[dict[str, object]]) -> int:
    lease = await mongo.get_default_database()["leases"].find_one({"_id": _JOB})
    assert lease is not None
    found = re.search(r"-(\d+)-[^-]+$", str(lease["holder"]))
    assert found is not None, lease
    return int(found[1])


async def _all_ask(mongo: AsyncMongoClient[dict[str, object]]) -> None:
    """Wait until the lease is held by a living process, and all replicas have had the time to ask."""

    async def alive() -> bool:
        try:
            os.kill(await _holder(mongo), 0)
        except ProcessLookupError:
            return False
        return True

    await eventually(alive, 30.0)
    await asyncio.sleep(3)


async def _environment_of_orchestrator(system: Installation) -> dict[str, str]:
    """Return what the system's own orchestrator was started with, but for its tie to the system."""
    found: list[psutil.Process] = []

    async def there() -> bool:
        children = psutil.Process(system.pid).children(recursive=True)
        found[:] = [each for each in children if kind_of(each.cmdline()) == "orchestrator"]
        return bool(found)

    await eventually(there, 30.0)
    environment = found[0].environ()
    environment.pop("CCPLANT_PARENT_PID", None)
    return environment


@asynccontextmanager
async def _orchestrator(system: Installation, environment: Mapping[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ccplant_orchestrator",
        env=environment, cwd=system.data_dir,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    run(__doc__, measure)
