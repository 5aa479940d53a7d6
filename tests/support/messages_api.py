"""A stand-in for the model's API: answers Claude Code by script, so that the real agent runs without a key or a network.

The last thing the user said decides: ``say TEXT``, ``write FILE``, ``bash COMMAND``, ``background COMMAND``, ``stall``.
The result of a tool is answered with ``tool said: …``. What the agent adds by itself (reminders, requests for titles)
is passed over. `refusals` are the answers to the next requests of turns, as a provider at its limit gives them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_MODEL = "claude-stub"

Json = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """How a provider says no."""

    status: int
    kind: str
    headers: tuple[tuple[str, str], ...] = ()


def rate_limited(retry_after: int | None = None) -> Refusal:
    """Return the answer to a client that asks too often."""
    headers = () if retry_after is None else (("retry-after", str(retry_after)),)
    return Refusal(429, "rate_limit_error", headers)


OVERLOADED = Refusal(529, "overloaded_error")


@dataclass
class MessagesApi:
    """The running stub."""

    port: int = 0
    requests: list[Json] = field(default_factory=list)
    refusals: deque[Refusal] = field(default_factory=deque)
    """What the next requests get instead of an answer."""
    refused: int = 0
    keys: set[str] = field(default_factory=set)

    closing: asyncio.Event = field(default_factory=asyncio.Event)
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.current_task()
        if task is not None:
            self.connections.add(task)
        self.writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ", 2)
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.keys.add(headers.get("x-api-key") or headers.get("authorization", ""))
                await self._answer(method, path.partition("?")[0], body, writer)
        writer.close()

    async def close(self) -> None:
        """End every connection and wait for that."""
        self.closing.set()
        for writer in self.writers:
            writer.close()
        await asyncio.wait(self.connections | {asyncio.ensure_future(asyncio.sleep(0))}, timeout=5)

    async def _answer(self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if method != "POST" or not path.startswith("/v1/messages"):
            _respond(writer, 404, {"type": "error", "error": {"type": "not_found_error", "message": path}})
        elif path.endswith("/count_tokens"):
            _respond(writer, 200, {"input_tokens": 10})
        else:
            request = json.loads(body)
            if self.refusals and request.get("tools"):
                self.refused += 1
                _refuse(writer, self.refusals.popleft())
                await writer.drain()
                return
            self.requests.append(request)
            block = _decide(request)
            if request.get("stream"):
                await _stream(writer, block, self.closing)
            else:
                _respond(
                    writer, 200, _message([block], "tool_use" if block["type"] == "tool_use" else "end_turn")
                )
        await writer.drain()


@asynccontextmanager
async def messages_api() -> AsyncIterator[MessagesApi]:
    """Run the stub on a free port of this machine."""
    api = MessagesApi()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0, limit=64 << 20)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()
        await api.close()


def _decide(request: Json) -> Json:
    if not request.get("tools"):
        return {"type": "text", "text": "A title"}
    result, said = _last(request["messages"])
    if result is not None:
        return {"type": "text", "text": f"tool said: {result[:300]}"}
    word, _, rest = said.partition(" ")
    match word:
        case "write":
            return _tool("Write", {"file_path": rest, "content": "written by the stub\n"})
        case "bash":
            return _tool("Bash", {"command": rest, "description": "run it"})
        case "background":
            return _tool("Bash", {"command": rest, "description": "run it", "run_in_background": True})
        case "recall":
            said_before = [
                text for message in request["messages"] if (text := _texts(message)).startswith("say")
            ]
            return {"type": "text", "text": f"{len(said_before)} before: {' | '.join(said_before)}"}
        case "system":
            found = rest in json.dumps(request.get("system", "")) + json.dumps(request["messages"][:-1])
            return {"type": "text", "text": f"system has it: {found}"}
        case "stall":
            return {"type": "text", "text": "stall"}
    return {"type": "text", "text": rest if word == "say" else f"the stub heard: {said[:200]}"}


def _last(messages: list[Json]) -> tuple[str | None, str]:
    """Return the result of a tool, or what the user said last."""
    for message in reversed(messages):
        if message["role"] != "user":
            continue
        content = message["content"]
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for block in reversed(blocks):
            if block.get("type") == "tool_result":
                inner = block.get("content")
                return (inner if isinstance(inner, str) else json.dumps(inner)), ""
            if text := _REMINDER.sub("", block.get("text") or "").strip():
                return None, text
    return None, ""


def _texts(message: Json) -> str:
    content = message["content"]
    if isinstance(content, str):
        return _REMINDER.sub("", content).strip()
    texts = [_REMINDER.sub("", block["text"]).strip() for block in content if block.get("type") == "text"]
    return "\n".join(text for text in texts if text)


def _tool(name: str, given: Json) -> Json:
    return {
        "type": "tool_use",
        "id": f"toolu_{secrets.token_hex(8)}",
        "name": name,
        "input": given,
    }


def _message(content: list[Json], stop_reason: str | None) -> Json:
    return {
        # the agent takes two answers with one id for one answer
        "id": f"msg_{secrets.token_hex(8)}", "type": "message", "role": "assistant", "model": _MODEL, "content": content,
        "stop_reason": stop_reason, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5},
    }  # fmt: skip


def _refuse(writer: asyncio.StreamWriter, refusal: Refusal) -> None:
    error = {"type": refusal.kind, "message": "the stub has had enough"}
    _respond(writer, refusal.status, {"type": "error", "error": error}, refusal.headers)


def _respond(
    writer: asyncio.StreamWriter, status: int, body: Json, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    data = json.dumps(body).encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = (
        f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{more}Content-Length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)


async def _stream(writer: asyncio.StreamWriter, block: Json, closing: asyncio.Event) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    await _event(writer, "message_start", {"message": _message([], None)})
    if block["type"] == "tool_use":
        await _event(writer, "content_block_start", {"index": 0, "content_block": {**block, "input": {}}})
        part = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        await _event(writer, "content_block_delta", {"index": 0, "delta": part})
        reason = "tool_use"
    else:
        await _event(
            writer, "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
        )
        for word in re.findall(r"\S+\s*", block["text"]):
            await _event(
                writer, "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word}}
            )
            await asyncio.sleep(0.01)
        reason = "end_turn"
    if block.get("text") == "stall":
        # the turn goes on until somebody cancels it
        await closing.wait()
    await _event(writer, "content_block_stop", {"index": 0})
    delta = {"stop_reason": reason, "stop_sequence": None}
    await _event(writer, "message_delta", {"delta": delta, "usage": {"output_tokens": 5}})
    await _event(writer, "message_stop", {})
    writer.write(b"0\r\n\r\n")


async def _event(writer: asyncio.StreamWriter, kind: str, body: Json) -> None:
    data = f"event: {kind}\ndata: {json.dumps({'type': kind, **body})}\n\n".encode()
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()
