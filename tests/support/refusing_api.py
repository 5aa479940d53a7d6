"""A model's API that refuses everything with one status, and remembers who asked for what with which key."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_KEYS = ("authorization", "x-api-key", "x-goog-api-key")


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    key: str
    body: str


@dataclass
class RefusingApi:
    """The running stub."""

    status: int
    retry_after: int | None = None
    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> set[str]:
        """The keys that were sent."""
        return {one.key.removeprefix("Bearer ") for one in self.asked if one.key}

    @property
    def bodies(self) -> str:
        """All that was sent."""
        return "\n".join(one.body for one in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ", 2)
                pairs = (line.partition(":") for line in lines[1:])
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                key = next((headers[name] for name in _KEYS if name in headers), "")
                self.asked.append(Asked(method, path, key, body.decode("utf-8", "replace")))
                # a client that wants a WebSocket goes on without one
                self._answer(writer, 426 if "upgrade" in headers else self.status)
                await writer.drain()
        writer.close()

    def _answer(self, writer: asyncio.StreamWriter, status: int) -> None:
        later = "" if self.retry_after is None else f"Retry-After: {self.retry_after}\r\n"
        data = json.dumps({"error": {"type": "stub", "code": status, "message": "the stub says no"}}).encode()
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\n{later}Content-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)


@asynccontextmanager
async def refusing_api(status: int = 400, retry_after: int | None = None) -> AsyncIterator[RefusingApi]:
    """Run the stub on a free port of this machine."""
    api = RefusingApi(status, retry_after)
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0, limit=64 << 20)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()
