"""Server-sent events: the same frames as over WebSocket, with `id:` where they are numbered (C3).

A response of its own, because the connection has to be given back at the moment its client leaves, not when
some generator is collected.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

Chunks = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]
_WRITE_SECONDS = 30.0


class EventStream(Response):
    """A response that sends what `chunks` yields until it ends or the client leaves."""

    media_type = "text/event-stream"

    def __init__(self, chunks: Chunks) -> None:
        super().__init__()
        self._chunks = chunks

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        async with self._chunks() as chunks:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            sending = asyncio.create_task(self._send(chunks, send))
            leaving = asyncio.create_task(_disconnected(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            except (OSError, TimeoutError):
                return  # the client is gone, or takes nothing: it resumes from the last id that it has
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)

    @staticmethod
    async def _send(chunks: AsyncIterator[bytes], send: Send) -> None:
        async for chunk in chunks:
            async with asyncio.timeout(_WRITE_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def sse_chunk(text: str, event_id: str | None = None) -> bytes:
    """Return one event; its text is one line of JSON, which says its own type: a browser needs one listener for all."""
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}data: {text}\n\n".encode()


RETRY = b"retry: 2000\n\n"
"""How many milliseconds a browser waits before it connects again."""


HEARTBEAT = b": heartbeat\n\n"
"""A comment: nothing to a client, but proof to everything in between that the connection lives."""
