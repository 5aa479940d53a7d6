"""Receiving webhooks: deliveries a second and p99 of one process, beside a minimal handler that stores as durably."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.measuring.child import Child, child
from benchmarks.measuring.quantiles import SPREAD_COLUMNS, Spread
from benchmarks.measuring.result import Aim, Result, Table, at_most
from benchmarks.measuring.script import run
from ccplant_store import Store
from ccplant_store.webhooks.model import WebhookDoc
from ccplant_triggers.examples import EXAMPLES
from tests.support.ingest import SECRET, IngestProcess, make_webhook
from tests.support.programs import free_port
from tests.support.servers import MongoServer, NatsServer
from tests.support.waiting import eventually

_CONNECTIONS = 16
_BYTES = 10_000
_RATE = 50
_DRAIN_SECONDS = 300.0

ABOUT = f"""\
*Receiving*: {_CONNECTIONS} connections, each sending signed deliveries of {_BYTES // 1_000} kB one after another \
as fast as they are answered 202; in turns to the ingester (a webhook whose filter ignores them, then one that \
dispatches each) and to the yardstick: a minimal Starlette handler on the same server program that checks the HMAC \
and does one such insert (majority and journal, the same indexes) by the same driver. Each is one process; sender and \
MongoDB share the machine. What the ingester works off after its answers is told beside it. *At {_RATE}/s*: the same in \
an open loop. Debian's `webhook` (adnanh), where it is installed, checks the HMAC by a rule and answers when it has \
started a command; it stores nothing, and what of its commands really ran is counted."""


@dataclass
class Receiver:
    """Something that deliveries are sent to."""

    name: str
    port: int
    path: str
    status: int
    pid: int
    seconds: float = 0.0
    cpu: float = 0.0
    drained: float = 0.0
    closed: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    ran: int | None = None

    def forget(self) -> None:
        """Begin anew, after what only warmed it up."""
        self.seconds = self.cpu = self.drained = 0.0
        self.closed.clear()

    @property
    def per_second(self) -> float:
        """Deliveries that were answered."""
        return len(self.closed) / self.seconds

    def cells(self) -> tuple[str, ...]:
        """Return its line of the table."""
        count = len(self.closed)
        worked_off = f"{count / (self.seconds + self.drained):,.0f}/s" if self.drained else ""
        if self.ran is not None:
            worked_off = f"{100 * self.ran / (count + len(self.opened)):.0f} % ran"
        return (
            self.name,
            f"{self.per_second:,.0f}/s",
            *Spread.of(self.closed).cells(),
            f"{1000 * self.cpu / count:.2f} ms",
            worked_off,
        )


async def measure(quick: bool) -> Result:
    """Send to all of them in turns."""
    rounds, count, seconds = (1, 300, 2) if quick else (5, 2_000, 10)
    async with AsyncExitStack() as exits:
        stage = await exits.enter_async_context(_stage())
        load = await exits.enter_async_context(child("benchmarks.yardsticks.deliveries"))
        handler = await exits.enter_async_context(
            child(
                "benchmarks.yardsticks.webhook_handler",
                mongodb_url=stage.mongod.url,
                database=stage.ingester.mongo.mongodb_database,
                secret=SECRET,
            )
        )
        ignored = stage.receiver("ccplant, ignored by a filter", stage.ignoring)
        dispatched = stage.receiver("ccplant, dispatched", stage.dispatching)
        bare = Receiver(
            "minimal Starlette handler",
            handler.first["port"],
            f"/webhooks/{stage.ignoring.id}",
            202,
            handler.pid,
        )
        receivers = [ignored, bare, dispatched]
        other = await exits.enter_async_context(_debians_webhook(stage.folder))
        if other is not None:
            receivers.append(other)
        for receiver in receivers:  # warm
            await _closed(load, receiver, 50, "warm")
            await stage.drained()
            receiver.forget()
        for number in range(rounds):
            for receiver in receivers:
                await _closed(load, receiver, count, f"closed-{number}")
                receiver.drained += await stage.drained()
        for receiver in receivers:
            answer = await _ask(load, receiver, _RATE * seconds, "open", rate=_RATE)
            receiver.opened += answer.latencies
            await stage.drained()
        if other is not None:
            other.ran = _runs(stage.folder) - 50
    return _result(receivers, ignored, dispatched, bare, other)


def _result(
    receivers: list[Receiver],
    ignored: Receiver,
    dispatched: Receiver,
    bare: Receiver,
    other: Receiver | None,
) -> Result:
    closed = Table(
        title=f"{_CONNECTIONS} connections, as fast as answered",
        columns=("", "answered", *SPREAD_COLUMNS, "CPU each", "worked off"),
        rows=tuple(receiver.cells() for receiver in receivers),
    )
    opened = Table(
        title=f"At {_RATE}/s",
        columns=("", *SPREAD_COLUMNS),
        rows=tuple((receiver.name, *Spread.of(receiver.opened).cells()) for receiver in receivers),
    )
    aims = [
        _at_least(
            "ignored: answers a second against the minimal handler", ignored.per_second / bare.per_second
        ),
        _at_least(
            "dispatched: answers a second against the minimal handler",
            dispatched.per_second / bare.per_second,
        ),
        at_most(
            f"p99 at {_RATE}/s against the minimal handler",
            Spread.of(ignored.opened).p99 / Spread.of(bare.opened).p99,
            2,
            "×",
        ),
    ]
    about = ABOUT if other is not None else f"{ABOUT} It is not installed here."
    return Result(
        name="webhook_ingest",
        title="Receiving webhooks",
        about=about,
        tables=(closed, opened),
        aims=tuple(aims),
    )


def _at_least(what: str, found: float) -> Aim:
    return Aim(what=what, aimed="≥ 0.8×", found=f"{found:.2f}×", met=found >= 0.8)


# --- what is sent to


@dataclass
class _Stage:
    folder: Path
    mongod: MongoServer
    store: Store
    ingester: IngestProcess
    ignoring: WebhookDoc
    dispatching: WebhookDoc

    def receiver(self, name: str, webhook: WebhookDoc) -> Receiver:
        assert self.ingester.process is not None
        return Receiver(name, self.ingester.port, f"/webhooks/{webhook.id}", 202, self.ingester.process.pid)

    async def drained(self) -> float:
        """Wait until nothing is left to process; return the seconds that took."""
        began = time.monotonic()

        async def none_open() -> bool:
            deliveries = self.store.database.collection("deliveries")
            return await deliveries.count({"state": "received"}, limit=1) == 0

        await eventually(none_open, _DRAIN_SECONDS, interval=0.05)
        return time.monotonic() - began


@asynccontextmanager
async def _stage() -> AsyncIterator[_Stage]:
    with tempfile.TemporaryDirectory(prefix="ccplant-bench-") as temporary:
        folder = Path(temporary)
        for name in ("nats", "mongod", "ingest"):
            (folder / name).mkdir()
        nats, mongod = NatsServer(folder / "nats"), MongoServer(folder / "mongod")
        ingester: IngestProcess | None = None
        try:
            nats.start()
            mongod.start()
            mongo = mongod.fresh_settings()
            store = await Store.connect(mongo.url(), database=mongo.mongodb_database)
            await store.ensure_indexes()
            ignoring = await make_webhook(store, events=("push",))
            dispatching = await make_webhook(store, max_dispatches_per_hour=10_000)
            ingester = IngestProcess(folder / "ingest", mongo, nats.settings())
            await ingester.start(ingest_lease_seconds=20)
            yield _Stage(folder, mongod, store, ingester, ignoring, dispatching)
            ingester.signal(signal.SIGTERM)
            await ingester.ended()
            store.close()
        finally:
            if ingester is not None:
                ingester.kill()
            mongod.kill()
            nats.kill()


@asynccontextmanager
async def _debians_webhook(folder: Path) -> AsyncIterator[Receiver | None]:
    program = shutil.which("webhook")
    if program is None:
        yield None
        return
    port = free_port()
    note = folder / "note.sh"
    note.write_text(f"#!/bin/sh\necho >> {folder / 'ran'}\n")
    note.chmod(0o755)
    rule = {
        "match": {
            "type": "payload-hmac-sha256",
            "secret": SECRET,
            "parameter": {"source": "header", "name": "X-Hub-Signature-256"},
        }
    }
    hook = {"id": "bench", "execute-command": str(note), "trigger-rule": rule}
    hooks = folder / "hooks.json"
    hooks.write_text(json.dumps([hook]))
    process = await asyncio.create_subprocess_exec(
        program, "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await eventually(lambda: _listens(process.pid))
        yield Receiver("webhook 2.8 (adnanh), stores nothing", port, "/hooks/bench", 200, process.pid)
    finally:
        process.kill()
        await process.wait()


def _listens(pid: int) -> bool:
    return any(one.status == psutil.CONN_LISTEN for one in psutil.Process(pid).net_connections(kind="tcp"))


def _runs(folder: Path) -> int:
    ran = folder / "ran"
    return ran.read_text().count("\n") if ran.exists() else 0


# --- sending


async def _closed(load: Child, receiver: Receiver, count: int, name: str) -> None:
    before = _cpu(receiver.pid)
    answer = await _ask(load, receiver, count, name)
    receiver.cpu += _cpu(receiver.pid) - before
    receiver.seconds += answer.seconds
    receiver.closed += answer.latencies


@dataclass(frozen=True)
class _Sent:
    seconds: float
    latencies: list[float]


async def _ask(load: Child, receiver: Receiver, count: int, name: str, *, rate: int = 0) -> _Sent:
    payload = EXAMPLES["pull_request"]
    padding = _BYTES - len(json.dumps(payload))
    answer = await load.ask(
        path=receiver.path,
        body=json.dumps({**payload, "padding": "x" * max(0, padding)}),
        name=f"{receiver.name}-{name}".replace(" ", "-"),
        event="pull_request",
        secret=SECRET,
        port=receiver.port,
        count=count,
        connections=_CONNECTIONS,
        status=receiver.status,
        rate=rate,
    )
    return _Sent(answer["seconds"], answer["latencies"])


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    run(__doc__, measure)
