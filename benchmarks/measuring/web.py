"""A lean HTTP client: what a benchmark measures is the server, and a rich client costs as much as a fast answer.

Connections are kept and reused, one request at a time on each; there are as many as are needed at once.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

_ANSWER_SECONDS = 30.0
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Web:
    """A client of one server."""

    port: int
    token: str
    host: str = "127.0.0.1"
    _idle: list[_Connection] = field(default_factory=list)

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer's body.

        Raises:
            RuntimeError: the answer is an error.
        """
        payload = b"" if body is None else json.dumps(body).encode()
        status, content = await self.raw(method, path, payload)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {content[:300].decode(errors='replace')}")
        return json.loads(content) if content else None

    async def raw(self, method: str, path: str, payload: bytes = b"") -> tuple[int, bytes]:
        """Return status and body as they come."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = self._idle.pop() if self._idle else await self._connect()
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
            )
            writer.write(head.encode() + payload)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = int(answer.split(" ", 2)[1])
            content = await reader.readexactly(_length(answer))
        self._idle.append((reader, writer))
        return status, content

    async def open(self, connections: int) -> None:
        """Have this many connections open before the first request counts."""
        self._idle += await asyncio.gather(*(self._connect() for _ in range(connections)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _connect(self) -> _Connection:
        return await asyncio.open_connection(self.host, self.port)


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0
