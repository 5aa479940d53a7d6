"""Twenty sessions at once, each streaming to two viewers: nothing durable may be lost, and what does it cost?"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import websockets

from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.result import Aim, Result, Table
from benchmarks.measuring.script import run
from benchmarks.measuring.usage import Usage, usage
from benchmarks.measuring.web import Web
from tests.support.waiting import eventually

_RATE = 20
_VIEWERS = 2
_KINDS = ("api", "orchestrator", "nats", "mongod", "runners", "agents", "supervisors", "up")
_LATE_SECONDS = 60.0

ABOUT = f"""\
Local sessions with the demo agent, each streaming {_RATE} words a second to {_VIEWERS} viewers over \
WebSocket, all at once. Every viewer's durable frames are counted off 1, 2, 3 … to the end of the turn, \
and their text is put together and compared with the words that were asked for; previews may be lost and \
are only counted. There is no yardstick: it is the count that matters. CPU is that of the time while all \
stream; memory is resident, at its end."""


@dataclass
class Seen:
    """What one viewer got."""

    sequence: list[int] = field(default_factory=list)
    text: str = ""
    deltas: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, frame: dict[str, Any]) -> None:
        """Note a frame.

        Raises:
            RuntimeError: a durable frame is missing, doubled or out of order.
        """
        seq = frame.get("seq")
        if frame["type"] == "delta":
            self.deltas += 1
        if seq is None:
            return
        if seq != len(self.sequence) + 1:
            raise RuntimeError(f"a viewer got {seq} after {len(self.sequence)}")
        self.sequence.append(seq)
        data = frame["data"]
        if frame["type"] == "message_chunk" and data["role"] == "agent":
            if data["offset"] != len(self.text):
                raise RuntimeError(f"a chunk begins at {data['offset']}, not at {len(self.text)}")
            self.text += data["text"]
        elif frame["type"] == "turn" and data["state"] != "started":
            if data["state"] != "done":
                raise RuntimeError(f"the turn ended as {data['state']}")
            self.ended.set()


async def measure(quick: bool) -> Result:
    """Let them stream."""
    sessions, seconds = (4, 5) if quick else (20, 60)
    words = _RATE * seconds
    async with installation() as system, system.web() as web, AsyncExitStack() as stack:
        ids = await asyncio.gather(
            *(system.running_session(web, name=f"stream-{number}") for number in range(sessions))
        )
        watchers: list[tuple[Seen, asyncio.Task[None]]] = []
        for session_id in ids:
            for _ in range(_VIEWERS):
                seen = Seen()
                task = asyncio.create_task(_watch(system, session_id, seen))
                stack.callback(task.cancel)
                watchers.append((seen, task))
        before, began = usage(system.pid), time.monotonic()
        for session_id in ids:
            await web.call(
                "POST", f"/api/v1/sessions/{session_id}/messages", {"text": f"stream {words} {_RATE}"}
            )
        await asyncio.sleep(seconds)
        after, took = usage(system.pid), time.monotonic() - began
        await _all_ended(watchers)
        await _complete(web, ids, watchers, words)
    durable = sum(len(seen.sequence) for seen, _ in watchers)
    deltas = sum(seen.deltas for seen, _ in watchers)
    counts = Table(
        title=f"{sessions} sessions, {_VIEWERS} viewers each, {seconds} s",
        columns=("", "count"),
        rows=(
            ("durable frames seen", f"{durable:,}"),
            ("durable frames lost, doubled or out of order", "0"),
            ("previews seen", f"{deltas:,}"),
            ("frames a second", f"{(durable + deltas) / took:,.0f}"),
        ),
    )
    lost = Aim(what="durable frames lost", aimed="0", found="0", met=True)
    return Result(
        name="many_sessions",
        title="Many sessions at once",
        about=ABOUT,
        tables=(counts, _cost(before, after, took)),
        aims=(lost,),
    )


async def _watch(system: Installation, session_id: str, seen: Seen) -> None:
    url = f"ws://127.0.0.1:{system.port}/ws/sessions/{session_id}?since=0"
    headers = {"Authorization": f"Bearer {system.token}"}
    async with websockets.connect(url, compression=None, additional_headers=headers) as socket:
        async for frame in socket:
            seen.take(json.loads(frame))


async def _all_ended(watchers: list[tuple[Seen, asyncio.Task[None]]]) -> None:
    """Wait for the end of every viewer's turn; the first that finds something missing fails all."""

    def ended() -> bool:
        for _, task in watchers:
            if task.done():
                task.result()
                raise RuntimeError("a viewer was closed in the middle")
        return all(seen.ended.is_set() for seen, _ in watchers)

    try:
        await eventually(ended, _LATE_SECONDS, interval=0.1)
    except AssertionError:
        late = [
            (index, len(seen.sequence)) for index, (seen, _) in enumerate(watchers) if not seen.ended.is_set()
        ]
        raise RuntimeError(f"viewers still wait for the end (viewer, frames so far): {late}") from None


async def _complete(
    web: Web, ids: list[str], watchers: list[tuple[Seen, asyncio.Task[None]]], words: int
) -> None:
    for index, session_id in enumerate(ids):
        mine = [seen for seen, _ in watchers[index * _VIEWERS : (index + 1) * _VIEWERS]]
        if len({seen.text for seen in mine}) != 1 or len(mine[0].text.split()) != words:
            raise RuntimeError(f"a viewer of {session_id} has {len(mine[0].text.split())} words of {words}")
        conversation = (await web.raw("GET", f"/api/v1/sessions/{session_id}/messages"))[1].decode()
        if mine[0].text[-200:] not in conversation:
            raise RuntimeError(f"the record of {session_id} does not end as its viewers saw it")


def _cost(before: dict[str, Usage], after: dict[str, Usage], seconds: float) -> Table:
    rows = []
    for kind in _KINDS:
        now, then = after.get(kind, Usage()), before.get(kind, Usage())
        if now.processes:
            spent = now.cpu_seconds - then.cpu_seconds
            rows.append(
                (
                    kind,
                    str(now.processes),
                    f"{spent:.1f} s",
                    f"{100 * spent / seconds:.1f} %",
                    f"{now.resident / 1e6:.0f} MB",
                )
            )
    return Table(
        title="What it costs", columns=("", "processes", "CPU", "of a core", "memory"), rows=tuple(rows)
    )


if __name__ == "__main__":
    run(__doc__, measure)
