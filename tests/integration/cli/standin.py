"""A stand-in for the API at its seam: real HTTP and WebSocket on loopback, with answers that a test writes down.

It knows nothing of sessions. A test says what is answered to which request and what each WebSocket connection sends, and
reads afterwards what was asked.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

AT = "2026-01-02T03:04:05.000Z"
Answer = tuple[int, Mapping[str, Any]]
Script = Callable[["Viewer"], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Viewer:
    """One WebSocket connection, as a script sees it."""

    def __init__(self, socket: WebSocket, standin: StandIn) -> None:
        self.socket = socket
        self.since = socket.query_params.get("since")
        self._standin = standin

    async def send(self, kind: str, data: Mapping[str, Any], seq: int | None = None) -> None:
        frame: dict[str, Any] = {"type": kind, "data": data, "timestamp": AT}
        if seq is not None:
            frame["seq"] = seq
        await self.socket.send_text(json.dumps(frame))

    async def hello(self, session: Mapping[str, Any], last_seq: int = 0, **more: Any) -> None:
        await self.send(
            "hello", {"session": session, "prompts": [], "permissions": [], "last_seq": last_seq} | more
        )

    async def say(
        self, seq: int, text: str, *, offset: int = 0, final: bool = True, message_id: str = "m1"
    ) -> None:
        chunk = {"message_id": message_id, "role": "agent", "offset": offset, "text": text, "final": final}
        await self.send("message_chunk", chunk, seq)

    async def delta(self, offset: int, text: str, message_id: str = "m1") -> None:
        await self.send(
            "delta", {"message_id": message_id, "kind": "message", "offset": offset, "text": text}
        )

    async def turn(self, seq: int, prompt_id: str, state: str, error: str | None = None) -> None:
        await self.send("turn", {"prompt_id": prompt_id, "state": state, "error": error}, seq)

    async def asked(self, method: str, path_end: str, count: int = 1) -> Asked:
        """Wait until such a request has come, and was answered."""
        ends = time.monotonic() + 20
        while len(found := self._standin.of(method, path_end)) < count:
            if time.monotonic() > ends:
                raise AssertionError(f"{method} …{path_end} did not come")
            await asyncio.sleep(0.01)
        return found[count - 1]

    async def close(self, code: int) -> None:
        await self.socket.close(code)

    async def stay(self) -> None:
        """Go on until the client leaves."""
        try:
            while True:
                await self.socket.receive_text()
        except WebSocketDisconnect:
            return


@dataclass
class StandIn:
    """The server, and what a test wrote down for it."""

    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    """By method and path; the last answer stays."""
    connections: list[Script] = field(default_factory=list)
    streams: list[list[bytes]] = field(default_factory=list)
    """What each SSE connection sends before it breaks off."""
    requests: list[Asked] = field(default_factory=list)
    since: list[str | None] = field(default_factory=list)
    socket_headers: list[dict[str, str]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, *answers: Answer | Mapping[str, Any]) -> None:
        self.answers[method, path] = [item if isinstance(item, tuple) else (200, item) for item in answers]

    def of(self, method: str, path_end: str) -> list[Asked]:
        return [item for item in self.requests if item.method == method and item.path.endswith(path_end)]

    async def _http(self, request: Request) -> Response:
        raw = await request.body()
        path = request.url.path
        asked = Asked(
            request.method,
            path,
            dict(request.query_params),
            dict(request.headers),
            raw if path.endswith("/attachments") else json.loads(raw) if raw else None,
        )
        if path == "/api/v1/events" and self.streams:
            self.requests.append(asked)
            pieces = self.streams.pop(0)

            async def chunks() -> Any:
                for piece in pieces:
                    yield piece

            return StreamingResponse(chunks(), media_type="text/event-stream")
        written = self.answers.get((request.method, path))
        if written is None:
            missing = {
                "code": "NOT_FOUND",
                "message": "There is no such thing.",
                "request_id": "req-404",
                "details": {},
            }
            self.requests.append(asked)
            return JSONResponse({"error": missing}, 404)
        status, body = written[0] if len(written) == 1 else written.pop(0)
        self.requests.append(asked)
        return JSONResponse(body, status, headers={"X-Request-Id": "req-1"})

    async def _socket(self, socket: WebSocket) -> None:
        viewer = Viewer(socket, self)
        self.since.append(viewer.since)
        self.socket_headers.append(dict(socket.headers))
        await socket.accept()
        if not self.connections:
            await socket.close(1001)
            return
        script = self.connections.pop(0)
        try:
            await script(viewer)
        except WebSocketDisconnect:
            return
        except BaseException as error:
            self.failures.append(error)
            raise

    def start(self) -> Callable[[], None]:
        """Serve on a free port in a thread; returns what ends it."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        routes = [
            WebSocketRoute("/ws/sessions/{session_id}", self._socket),
            Route("/{path:path}", self._http, methods=["GET", "POST", "PATCH", "DELETE"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        ends = time.monotonic() + 10
        while not server.started:
            if time.monotonic() > ends:
                raise AssertionError("the stand-in did not start")
            time.sleep(0.01)

        def stop() -> None:
            server.should_exit = True
            thread.join(10)
            listening.close()

        return stop


def session(status: str = "running", **more: Any) -> dict[str, Any]:
    """Return a session as the API shows it."""
    return {
        "session_id": "session-ann-1", "name": "review", "user": "ann", "status": status, "version": 1, "last_seq": 0,
        "status_reason": "registered", "created_at": AT, "updated_at": AT, "labels": {}, "namespace": "local",
        "pod_name": "session-ann-1", "connection_url": "ws://h/ws/sessions/session-ann-1",
        "resources": {"cpu_limit": 2, "memory_limit": 1 << 32, "limits_enforced": False, "cpu_usage": 0.25},
        "config": {},
    } | more  # fmt: skip


def prompt(state: str = "queued", number: int = 1, version: int = 1, **more: Any) -> dict[str, Any]:
    """Return a prompt as the API shows it."""
    return {
        "prompt_id": f"prompt-{number}", "session_id": "session-ann-1", "number": number, "text": "hi", "state": state,
        "by": "ann", "created_at": AT, "version": version,
    } | more  # fmt: skip


def permission(state: str = "pending", version: int = 1, **more: Any) -> dict[str, Any]:
    """Return a permission request as the API shows it."""
    options = [
        {"option_id": "o-allow", "name": "Allow once", "kind": "allow_once"},
        {"option_id": "o-reject", "name": "Reject", "kind": "reject_once"},
    ]
    return {
        "permission_id": "perm-1", "session_id": "session-ann-1", "prompt_id": "prompt-1", "title": "Run make",
        "tool": {"input": {"command": "make all"}}, "options": options, "state": state, "requested_at": AT,
        "version": version, "applied": False,
    } | more  # fmt: skip
