"""Chat relay: from a runner's publication to the WebSocket client, beside a minimal relay.

A session runs with its demo agent, which is quiet; a stand-in speaks with a credential of the same launch.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import websockets
from pymongo import AsyncMongoClient

from benchmarks.measuring.child import Child, child
from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.quantiles import SPREAD_COLUMNS, Spread
from benchmarks.measuring.result import Aim, Result, Table, at_most
from benchmarks.measuring.script import run
from ccplant_contracts import subjects
from tests.support.waiting import eventually

_SAID = re.compile(r"@(\d+)@")
_LAST_WORDS_SECONDS = 5.0
_STORED = "bench.stored"
_WARM_UP = 0.5

PRODUCT, RELAY, DURABLE = "ccplant", "minimal relay", "least durable relay"
ABOUT = """\
From the moment at which a runner publishes to the moment at which a WebSocket client has the frame. The \
speaker is a stand-in with the launch's credential: the real runner gathers text for some milliseconds \
first, on purpose, which is not the relay's doing. *Minimal relay*: a nats-py subscription that sends \
each message to a Starlette WebSocket, in one process. *Least durable relay*: JetStream pull, one insert \
with majority and journal, publish, acknowledge, in one process; the minimal relay in another. It \
neither orders nor checks anything. A runner makes at most two chunks a second and message."""


@dataclass
class Side:
    """One way to the viewer."""

    name: str
    subject: str
    kind: str
    viewer: Viewer
    numbered: bool = False
    latencies: list[float] = field(default_factory=list)
    lost: int = 0


@dataclass
class Viewer:
    """One WebSocket connection; remembers how old each frame was when it came."""

    socket: websockets.ClientConnection
    ages: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        """Take frames until the connection ends."""
        async for frame in self.socket:
            now = time.monotonic_ns()
            said = _SAID.search(frame if isinstance(frame, str) else frame.decode())
            if said is not None:
                self.ages.append((now - int(said.group(1))) / 1e6)

    async def have(self, count: int) -> None:
        """Wait until that many came, or until no more will."""
        with contextlib.suppress(AssertionError):
            await eventually(lambda: len(self.ages) >= count, _LAST_WORDS_SECONDS)


@dataclass(frozen=True)
class Plan:
    """Rounds of one rate."""

    rate: int
    rounds: int
    seconds: float


@dataclass
class Stage:
    """Everything that takes part."""

    speaker: Child
    sides: dict[str, list[Side]]
    next_seq: int

    async def turns(self, what: str, plan: Plan) -> list[tuple[Side, Spread]]:
        """Let each side have its turn, round by round."""
        for side in self.sides[what]:
            side.latencies, side.lost = [], 0
            await self._turn(side, plan.rate, _WARM_UP)
            side.latencies.clear()
        for _ in range(plan.rounds):
            for side in self.sides[what]:
                await self._turn(side, plan.rate, plan.seconds)
        return [(side, Spread.of(side.latencies)) for side in self.sides[what]]

    async def _turn(self, side: Side, rate: int, seconds: float) -> None:
        side.viewer.ages.clear()
        first = self.next_seq if side.numbered else 1
        said = await self.speaker.ask(
            subject=side.subject, kind=side.kind, rate=rate, seconds=seconds, first_seq=first
        )
        if side.numbered:
            self.next_seq += said["count"]
        await side.viewer.have(said["count"])
        side.lost += said["count"] - len(side.viewer.ages)
        side.latencies += side.viewer.ages


async def measure(quick: bool) -> Result:
    """Run all rates."""
    previews = (Plan(20, 2, 1), Plan(200, 2, 0.5)) if quick else (Plan(20, 6, 5), Plan(200, 5, 2))
    chunks = (Plan(20, 2, 1), Plan(200, 2, 0.5)) if quick else (Plan(20, 5, 4), Plan(200, 4, 1.5))
    tables: list[Table] = []
    aims: list[Aim] = []
    async with installation() as system, _stage(system) as stage:
        for what, plans, beside in (("delta", previews, RELAY), ("durable chunk", chunks, DURABLE)):
            for plan in plans:
                found = await stage.turns(what, plan)
                title = f"{what.capitalize()}s at {plan.rate}/s"
                tables.append(_table(title, found))
                spreads = {side.name: spread for side, spread in found}
                ratio = spreads[PRODUCT].p50 / spreads[beside].p50
                aims.append(at_most(f"{title}: p50 against the {beside}", ratio, 1.7, "×"))
                aims.append(at_most(f"{title}: p99", spreads[PRODUCT].p99, 10, " ms"))
                lost = next(side.lost for side, _ in found if side.name == PRODUCT)
                if what != "delta" and lost:
                    raise RuntimeError(f"{lost} durable chunks did not reach the viewer")
    return Result(name="chat_relay", title="Chat relay", about=ABOUT, tables=tuple(tables), aims=tuple(aims))


def _table(title: str, found: list[tuple[Side, Spread]]) -> Table:
    rows = tuple((side.name, *spread.cells(), str(side.lost)) for side, spread in found)
    return Table(title=title, columns=("", *SPREAD_COLUMNS, "lost"), rows=rows)


@asynccontextmanager
async def _stage(system: Installation) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(system.web())
        session_id = await system.running_session(web, name="relay")
        launch_id, last = await _launch(system.mongodb_url, session_id)
        access = system.bus_access().model_dump()
        relay = await stack.enter_async_context(child("benchmarks.yardsticks.relay", access=access))
        kept = f"s.{launch_id}.out.bench-kept"
        await stack.enter_async_context(
            child(
                "benchmarks.yardsticks.durable_writer",
                access=system.bus_access().model_dump(),
                mongodb_url=system.mongodb_url,
                subject=kept,
                stored=_STORED,
            )
        )
        speaker = await stack.enter_async_context(
            child(
                "benchmarks.yardsticks.speaker",
                access=system.launch_access(launch_id).model_dump(),
                session_id=session_id,
                launch_id=launch_id,
            )
        )

        async def viewer(url: str, **options: str) -> Viewer:
            socket = await stack.enter_async_context(
                websockets.connect(url, compression=None, additional_headers=options)
            )
            await socket.recv()  # `hello`, or the relay's `ready`: from here on it listens
            watching = Viewer(socket)
            task = asyncio.create_task(watching.watch())
            stack.callback(task.cancel)
            return watching

        def minimal(subject: str) -> str:
            return f"ws://127.0.0.1:{relay.first['port']}/relay?subject={subject}"

        unkept = f"s.{launch_id}.out.bench"
        own = await viewer(
            f"ws://127.0.0.1:{system.port}/ws/sessions/{session_id}", Authorization=f"Bearer {system.token}"
        )
        plain, stored = await viewer(minimal(unkept)), await viewer(minimal(_STORED))
        events = subjects.runner_out(launch_id, "events")
        yield Stage(
            speaker,
            {
                "delta": [
                    Side(PRODUCT, subjects.runner_out(launch_id, "delta"), "preview", own),
                    Side(RELAY, unkept, "preview", plain),
                ],
                "durable chunk": [
                    Side(PRODUCT, events, "durable", own, numbered=True),
                    Side(DURABLE, kept, "durable", stored),
                    Side(f"{RELAY} (nothing durable)", unkept, "unkept", plain),
                ],
            },
            last + 1,
        )


async def _launch(mongodb_url: str, session_id: str) -> tuple[str, int]:
    """Return the session's launch and the last number that its runner gave."""
    async with AsyncMongoClient[dict[str, object]](mongodb_url) as client:
        session = await client["ccplant"]["sessions"].find_one({"_id": session_id}) or {}
        rows = await client["ccplant"]["output"].count_documents({"_id": {"$regex": f"^{session_id}:"}})
    launch = session["launch"]
    assert isinstance(launch, dict)
    return str(launch["id"]), rows


if __name__ == "__main__":
    run(__doc__, measure)
