"""Doing nothing: memory and CPU of an idle installation, and how soon a warm one is ready."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.measuring.installation import installation
from benchmarks.measuring.quantiles import quantile
from benchmarks.measuring.result import Aim, Result, Table, at_most
from benchmarks.measuring.script import run
from benchmarks.measuring.usage import Usage, usage
from tests.support.servers import MongoServer, NatsServer

_SETTLE_SECONDS = 5.0
_SERVICES = ("api", "orchestrator", "webhook-ingest", "scheduler")
_KINDS = (*_SERVICES, "up", "nats", "mongod")
_MAX_MEGABYTES = 100
_MAX_PERCENT = 1
_MAX_READY_SECONDS = 6

ABOUT = """\
*Ready*: from the start of `ccplant up` on a data directory that was used before to its line that \
everything is ready. Beside it, in turns, the bare nats-server and mongod of the same versions on used \
directories, both at once, until they answer: that part is not ours. *Idle*: no session, no client; \
memory is resident."""


async def measure(quick: bool) -> Result:
    """Start some times, then wait."""
    starts, seconds = (2, 3.0) if quick else (5, 60.0)
    with tempfile.TemporaryDirectory(prefix="ccplant-bench-") as folder:
        data_dir = Path(folder) / "data"
        servers = _servers(Path(folder))
        async with installation(data_dir):
            await _bare_start(servers)
        ready: list[float] = []
        bare: list[float] = []
        for _ in range(starts):
            bare.append(await _bare_start(servers))
            async with installation(data_dir) as system:
                ready.append(system.ready_seconds)
        async with installation(data_dir) as system:
            await asyncio.sleep(_SETTLE_SECONDS)
            before, began = usage(system.pid), time.monotonic()
            await asyncio.sleep(seconds)
            after, took = usage(system.pid), time.monotonic() - began
    return _result(ready, bare, before, after, took)


def _servers(folder: Path) -> tuple[NatsServer, MongoServer]:
    for name in ("nats", "mongod"):
        (folder / name).mkdir()
    return NatsServer(folder / "nats"), MongoServer(folder / "mongod")


async def _bare_start(servers: tuple[NatsServer, MongoServer]) -> float:
    """Return how long both take until they answer; both are ended again."""
    began = time.monotonic()
    try:
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        return time.monotonic() - began
    finally:
        for server in servers:
            await asyncio.to_thread(server.kill)


def _result(
    ready: list[float], bare: list[float], before: dict[str, Usage], after: dict[str, Usage], seconds: float
) -> Result:
    percents = {kind: 100 * (after[kind].cpu_seconds - before[kind].cpu_seconds) / seconds for kind in _KINDS}
    megabytes = {kind: after[kind].resident / 1e6 for kind in _KINDS}
    rows = tuple((kind, f"{percents[kind]:.2f} %", f"{megabytes[kind]:.0f} MB") for kind in _KINDS)
    starts = tuple(
        (name, f"{quantile(values, 0.5):.2f} s", f"{max(values):.2f} s", str(len(values)))
        for name, values in (("ccplant up", ready), ("bare nats-server and mongod", bare))
    )
    aims: list[Aim] = []
    for service in _SERVICES:
        aims.append(at_most(f"idle {service}: memory", megabytes[service], _MAX_MEGABYTES, " MB"))
        aims.append(at_most(f"idle {service}: CPU", percents[service], _MAX_PERCENT, " %"))
    aims.append(at_most("`ccplant up` ready, warm, p50", quantile(ready, 0.5), _MAX_READY_SECONDS, " s"))
    return Result(
        name="idle",
        title="Idle, and ready",
        about=ABOUT,
        tables=(
            Table(title="Ready, warm", columns=("", "p50", "worst", "starts"), rows=starts),
            Table(title=f"Idle for {seconds:.0f} s", columns=("", "CPU of a core", "memory"), rows=rows),
        ),
        aims=tuple(aims),
    )


if __name__ == "__main__":
    run(__doc__, measure)
