"""Hands the body of an upload on as it comes, within a limit and a time, where all other bodies are read first.

A client that is refused while it still sends would see a broken connection and not the refusal. So whatever is
answered before the body has ended, the rest of it is let pass first, for a bounded while.
"""

from __future__ import annotations

import asyncio
import re

from starlette.types import Message, Receive, Scope, Send

_UPLOADS = re.compile(r"/api/v1/(sessions/[^/]+/)?attachments")
_PASSED_OVER_BYTES = 16_000_000
_PASSED_OVER_SECONDS = 3.0


def is_upload(scope: Scope) -> bool:
    """Tell whether a request's body is a file; pure."""
    return scope["method"] == "POST" and _UPLOADS.fullmatch(scope["path"]) is not None


class UploadTimeoutError(Exception):
    """The file did not arrive in time."""


class Upload:
    """The body of one upload, and the answer to it."""

    def __init__(self, receive: Receive, send: Send, *, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._ends = asyncio.get_running_loop().time() + seconds
        self._ended = False
        self._answered = False

    @property
    def answered(self) -> bool:
        """Whether an answer has begun."""
        return self._answered

    async def receive(self) -> Message:
        """Give the next part.

        Raises:
            UploadTimeoutError: it did not come in time.
        """
        if self._ended:
            # nothing comes but the client's leave, for which an answer that streams may wait as long as it likes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._ends):
                message = await self._receive()
        except TimeoutError:
            raise UploadTimeoutError from None
        self._ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Answer; what is left of the body is let pass before."""
        if message["type"] == "http.response.start":
            self._answered = True
            if not self._ended:
                await self.pass_over()
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await self._send(message)

    async def pass_over(self) -> None:
        """Read on without keeping anything."""
        size = 0
        try:
            async with asyncio.timeout(_PASSED_OVER_SECONDS):
                while not self._ended and size < _PASSED_OVER_BYTES:
                    message = await self._receive()
                    size += len(message.get("body", b""))
                    self._ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        except TimeoutError:
            return
