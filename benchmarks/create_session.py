"""Creating sessions: POST to 201 beside the bare transaction, and POST to `running` beside a runner started by hand."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import websockets
from nats.aio.msg import Msg
from pymongo import AsyncMongoClient

from benchmarks.measuring.child import child
from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.pace import at_rate
from benchmarks.measuring.quantiles import SPREAD_COLUMNS, Spread
from benchmarks.measuring.result import Aim, Result, Table, at_most
from benchmarks.measuring.script import run
from benchmarks.measuring.web import Web
from benchmarks.yardsticks.bus import bare_connection
from benchmarks.yardsticks.runner_by_hand import Started, by_hand
from ccplant_contracts import subjects
from tests.support.waiting import eventually

_RATE = 50
_TEXT = "Please read the README and say what this is."
_WARM_UP = 1.0
_RUNNING_SECONDS = 60.0
_HELD = {"CCPLANT_MAX_CONCURRENT_LAUNCHES": "0"}

ABOUT = f"""\
*Creation*: {_RATE} requests a second in an open loop, each with a first prompt, to an installation that \
holds its launches (`CCPLANT_MAX_CONCURRENT_LAUNCHES=0`); the yardstick is the transaction that this \
needs (a session, a prompt and two lifecycle events; majority and journal; the same indexes) by the bare \
driver in a process of its own at the same rate. The orchestrator reads and publishes what was created \
meanwhile, as it always does. *Start*: from the POST to the moment at which a viewer sees `running`, for \
the demo agent; the yardstick is the same runner started by hand on an idle bus, to its registration."""
STAGES = (
    "API: POST to 201",
    "command: created to launch assigned",
    "launch: assigned to runtime accepted",
    "runner: accepted to first heartbeat",
    "agent: first heartbeat to registration",
    "registered: registration to running",
    "viewer: running to frame",
)


async def measure(quick: bool) -> Result:
    """Run both halves."""
    creation, creation_aims = await _creation(quick)
    starts, start_aims = await _starts(3 if quick else 15)
    return Result(
        name="create_session",
        title="Creating and starting sessions",
        about=ABOUT,
        tables=(creation, *starts),
        aims=(*creation_aims, *start_aims),
    )


async def _creation(quick: bool) -> tuple[Table, list[Aim]]:
    rounds, seconds = (2, 1.0) if quick else (6, 5.0)
    ours: list[float] = []
    bare: list[float] = []
    body = json.dumps({"message": _TEXT}).encode()
    async with (
        installation(environment=_HELD) as system,
        system.web() as web,
        child("benchmarks.yardsticks.creation", mongodb_url=system.mongodb_url) as yardstick,
    ):
        await web.open(10)

        async def create(_number: int) -> None:
            began = time.monotonic()
            status, content = await web.raw("POST", "/api/v1/sessions", body)
            ours.append((time.monotonic() - began) * 1000)
            if status != 201:
                raise RuntimeError(f"{status} {content[:300].decode(errors='replace')}")

        async def transactions(seconds: float) -> list[float]:
            answer = await yardstick.ask(rate=_RATE, seconds=seconds, text=_TEXT)
            found: list[float] = answer["latencies"]
            return found

        await at_rate(_RATE, _WARM_UP, create)
        await transactions(_WARM_UP)
        ours.clear()
        for _ in range(rounds):
            await at_rate(_RATE, seconds, create)
            bare += await transactions(seconds)
        statuses = {item["status"] for item in (await web.call("GET", "/api/v1/sessions"))["sessions"]}
        if statuses != {"pending"}:
            raise RuntimeError(f"launches were not held: {statuses}")
    api, transaction = Spread.of(ours), Spread.of(bare)
    table = Table(
        title=f"POST to 201 at {_RATE}/s",
        columns=("", *SPREAD_COLUMNS),
        rows=(("ccplant", *api.cells()), ("bare transaction", *transaction.cells())),
    )
    return table, [
        at_most("creation: p50 against the bare transaction", api.p50 / transaction.p50, 3, "×"),
        at_most("creation: p99 against the bare transaction", api.p99 / transaction.p99, 2, "×"),
    ]


async def _starts(count: int) -> tuple[list[Table], list[Aim]]:
    totals: list[float] = []
    hands: list[Started] = []
    stages: dict[str, list[float]] = defaultdict(list)
    async with installation() as system, system.web() as web, by_hand() as hand:
        await _started(system, web)
        await hand.start()
        for _ in range(count):
            took, parts = await _started(system, web)
            totals.append(took)
            for stage, milliseconds in parts.items():
                stages[stage].append(milliseconds)
            hands.append(await hand.start())
    registered = [started.registered for started in hands]
    first = [started.first_heartbeat for started in hands]
    product, bare = Spread.of(totals), Spread.of(registered)
    tables = [
        Table(
            title="POST to `running`",
            columns=("", *SPREAD_COLUMNS),
            rows=(
                ("ccplant", *product.cells()),
                ("the runner by hand, to its registration", *bare.cells()),
                ("the runner by hand, to its first heartbeat", *Spread.of(first).cells()),
            ),
        ),
        Table(
            title="Where that time goes",
            columns=("stage", "median"),
            rows=tuple((stage, f"{statistics.median(stages[stage]):.1f} ms") for stage in STAGES),
        ),
    ]
    return tables, [at_most("start: p50 above the runner by hand", product.p50 - bare.p50, 150, " ms")]


async def _started(system: Installation, web: Web) -> tuple[float, dict[str, float]]:
    """Start a session, see it run, end it; return the time in milliseconds and its parts."""
    heard: dict[str, dict[str, float]] = defaultdict(dict)
    bus = await bare_connection(system.bus_access())

    async def note(message: Msg) -> None:
        launch = subjects.launch_of(message.subject)
        heard[launch].setdefault(message.subject.rpartition(".")[2], time.time())

    for kind in ("heartbeat", "register"):
        await bus.subscribe(f"s.*.out.{kind}", cb=note)
    await bus.flush()
    try:
        began = time.monotonic()
        session_id = (await web.call("POST", "/api/v1/sessions", {}))["session_id"]
        answered = time.monotonic()
        await _seen_running(system, session_id)
        ended = time.monotonic()
        seen_at = time.time()
        session = await _document(system.mongodb_url, session_id)
        await _ended(system, web, session_id)
    finally:
        await bus.close()
    launch = session["launch"]
    beats = heard[launch["id"]]
    moments = [
        _stamp(session["created_at"]),
        _stamp(launch["created_at"]),
        _stamp(launch["started_at"]),
        beats["heartbeat"],
        beats["register"],
        _stamp(session["running_at"]),
        seen_at,
    ]
    parts = [(later - earlier) * 1000 for earlier, later in itertools.pairwise(moments)]
    return (ended - began) * 1000, dict(zip(STAGES, [(answered - began) * 1000, *parts], strict=True))


async def _ended(system: Installation, web: Web, session_id: str) -> None:
    """End a session and wait until nothing of it is left to do, so that it does not disturb what comes next."""
    await web.call("DELETE", f"/api/v1/sessions/{session_id}?force=true")

    async def settled() -> bool:
        return bool((await _document(system.mongodb_url, session_id))["settled"])

    await eventually(settled, 30.0, interval=0.1)


async def _seen_running(system: Installation, session_id: str) -> None:
    url = f"ws://127.0.0.1:{system.port}/ws/sessions/{session_id}"
    headers = {"Authorization": f"Bearer {system.token}"}
    async with (
        asyncio.timeout(_RUNNING_SECONDS),
        websockets.connect(url, compression=None, additional_headers=headers) as socket,
    ):
        async for frame in socket:
            status = _status(json.loads(frame))
            if status == "running":
                return
            if status not in (None, "pending"):
                raise RuntimeError(f"the session is {status}")
    raise RuntimeError("the viewer was closed before the session ran")


def _status(frame: Mapping[str, Any]) -> str | None:
    data = frame.get("data", {})
    session = data.get("session", {}) if frame["type"] == "hello" else data
    return session.get("status") if frame["type"] in ("hello", "session") else None


async def _document(mongodb_url: str, session_id: str) -> dict[str, Any]:
    async with AsyncMongoClient[dict[str, Any]](mongodb_url, tz_aware=True) as client:
        found = await client["ccplant"]["sessions"].find_one({"_id": session_id})
    assert found is not None
    return found


def _stamp(moment: datetime) -> float:
    return moment.timestamp()


if __name__ == "__main__":
    run(__doc__, measure)
