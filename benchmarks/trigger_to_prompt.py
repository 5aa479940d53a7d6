"""From the 202 of a webhook's delivery to the runner's word that it has the prompt, beside a prompt sent by REST."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from nats.aio.msg import Msg
from pymongo import AsyncMongoClient

from benchmarks.measuring.installation import Installation, installation
from benchmarks.measuring.quantiles import SPREAD_COLUMNS, Spread
from benchmarks.measuring.result import Result, Table
from benchmarks.measuring.script import run
from benchmarks.yardsticks.bus import bare_connection
from ccplant_contracts import subjects
from ccplant_contracts.launch import PromptReceipt
from ccplant_contracts.stream import OutputBatch, Turn

_SECONDS = 120.0
_WARM_UP = 10
_KEY = "one"

DELIVERY, REST = "webhook delivery, same session", "prompt by REST"
ABOUT = """\
A session runs and is idle. *Webhook delivery*: signed as GitHub does, of the pull request that the session \
is about (`reuse_key`); it is verified, stored, judged and rendered, stands in its queue, finds the session \
and is put into it. *Prompt by REST*: the same text to the same session by `POST …/messages`. Both in turns, \
one at a time. The clock starts when the sender has the whole answer, 202 in both cases (second table: when \
it begins to send), and stops when the runner says on the bus that it has written the prompt down and \
accepts it. The next one is sent when the agent has answered."""


@dataclass
class Listener:
    """Hears on the bus what the runner accepts, and when a turn is over."""

    accepted: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    ended: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def receipt(self, message: Msg) -> None:
        """Take an answer to the orchestrator; most are about other things."""
        now = time.monotonic_ns()
        content = json.loads(message.data) if message.data[:1] == b"{" else {}
        if PromptReceipt.model_fields.keys() >= content.keys() >= {"prompt_id", "accepted"}:
            receipt = PromptReceipt.model_validate(content)
            if receipt.accepted and receipt.state == "accepted":
                self.accepted.put_nowait(now)

    async def output(self, message: Msg) -> None:
        """Take what the runner publishes; the same again on its way to a consumer is passed over."""
        if message.reply.startswith("$JS.ACK"):
            return
        for event in OutputBatch.model_validate_json(message.data).events:
            if isinstance(event.data, Turn) and event.data.state != "started":
                self.ended.put_nowait(event.data.state)


@dataclass
class Side:
    """One way to say something."""

    name: str
    send: Callable[[], Awaitable[None]]
    after_answer: list[float] = field(default_factory=list)
    after_request: list[float] = field(default_factory=list)


async def measure(quick: bool) -> Result:
    """Send by both ways in turns."""
    rounds = 40 if quick else 2_000
    async with installation() as system, _listener(system) as heard, _client() as client:
        made = await _webhook(client, system)

        async def deliver() -> None:
            await _deliver(client, made)

        first = Side(DELIVERY, deliver)
        await _turn(first, heard, counts=False)  # makes the session
        session_id = await _session(system)

        async def say() -> None:
            await _post(client, system, f"/sessions/{session_id}/messages", {"text": "echo again"}, 202)

        sides = (first, Side(REST, say))
        for number in range(-_WARM_UP, rounds):
            for side in sides:
                await _turn(side, heard, counts=number >= 0)
        if await _session(system) != session_id:
            raise RuntimeError("not all went to one session")
    return Result(
        name="trigger_to_prompt",
        title="From a trigger to the prompt",
        about=ABOUT,
        tables=(
            _table("From the answer (202) until the runner accepts", {s.name: s.after_answer for s in sides}),
            _table("From the request until the runner accepts", {s.name: s.after_request for s in sides}),
        ),
        aims=(),
    )


def _table(title: str, found: Mapping[str, list[float]]) -> Table:
    spreads = {name: Spread.of(values) for name, values in found.items()}
    yardstick = spreads[REST]
    rows = tuple(
        (name, *spread.cells(), f"{spread.p50 / yardstick.p50:.2f}×") for name, spread in spreads.items()
    )
    return Table(title=title, columns=("", *SPREAD_COLUMNS, "p50 against REST"), rows=rows)


async def _turn(side: Side, heard: Listener, *, counts: bool) -> None:
    begun = time.monotonic_ns()
    await side.send()
    answered = time.monotonic_ns()
    async with asyncio.timeout(_SECONDS):
        accepted = await heard.accepted.get()
        state = await heard.ended.get()
    if state != "done" or not (heard.accepted.empty() and heard.ended.empty()):
        raise RuntimeError(f"the turn ended as {state}, or there was more than one")
    if counts:
        side.after_answer.append((accepted - answered) / 1e6)
        side.after_request.append((accepted - begun) / 1e6)


@asynccontextmanager
async def _listener(system: Installation) -> AsyncIterator[Listener]:
    heard = Listener()
    bus = await bare_connection(system.bus_access())
    try:
        await bus.subscribe(f"{subjects.inbox_prefix('orchestrator')}.>", cb=heard.receipt)
        await bus.subscribe(subjects.OUTPUT, cb=heard.output)
        await bus.flush()
        yield heard
    finally:
        await bus.close()


@asynccontextmanager
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
        yield client


async def _post(
    client: httpx.AsyncClient, system: Installation, path: str, body: object, wanted: int
) -> dict[str, Any]:
    url = f"http://127.0.0.1:{system.port}/api/v1{path}"
    answer = await client.post(url, json=body, headers={"Authorization": f"Bearer {system.token}"})
    if answer.status_code != wanted:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
    made: dict[str, Any] = answer.json()
    return made


async def _webhook(client: httpx.AsyncClient, system: Installation) -> dict[str, Any]:
    body = {
        "name": "bench",
        "events": ["pull_request"],
        "message": "echo again",
        "reuse_session": True,
        "reuse_key": _KEY,
        "max_dispatches_per_hour": 10_000,
    }
    return await _post(client, system, "/webhooks", body, 201)


async def _deliver(client: httpx.AsyncClient, made: Mapping[str, Any]) -> None:
    content = json.dumps(
        {
            "action": "synchronize",
            "number": 7,
            "pull_request": {"number": 7, "title": "a change", "head": {"sha": secrets.token_hex(20)}},
            "repository": {"full_name": "acme/site"},
            "sender": {"login": "ada", "type": "User"},
        }
    ).encode()
    signature = hmac.new(made["secret"].encode(), content, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": secrets.token_hex(16),
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    answer = await client.post(made["delivery_url"], content=content, headers=headers)
    if answer.status_code != 202:
        raise RuntimeError(f"the delivery was answered {answer.status_code} {answer.text[:300]}")


async def _session(system: Installation) -> str:
    """Return the one session that there is."""
    async with AsyncMongoClient[dict[str, Any]](system.mongodb_url) as client:
        [session] = await client["ccplant"]["sessions"].find({}).to_list()
    return str(session["_id"])


if __name__ == "__main__":
    run(__doc__, measure)
