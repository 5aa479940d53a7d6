"""Reads a request's body before anything else does, up to a limit and within a time.

The limit holds for chunked bodies too, whose length nobody announces; and a client that sends a byte a minute
holds nothing but its own connection.
"""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ccplant_api.errors.envelope import error_response
from ccplant_api.http.context import request_id_of
from ccplant_api.http.upload import Upload, UploadTimeoutError, is_upload
from ccplant_contracts.errors import ApiError, PayloadTooLargeError

_PASSED_OVER_BYTES = 16_000_000
_PASSED_OVER_SECONDS = 3.0
"""How much of a body that is too large is let pass, so that its sender hears the refusal and not a broken connection."""


class BodyTimeoutError(ApiError):
    """The body did not arrive in time."""

    code, status = "INVALID_REQUEST", 408


class _DisconnectedError(Exception):
    """The client left while it was sending."""


class BodyLimit:
    """Hands the application whole bodies within the limit."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout: float, upload_timeout: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._upload_timeout = upload_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        if is_upload(scope):
            await self._stream(scope, Upload(receive, send, seconds=self._upload_timeout))
            return
        try:
            async with asyncio.timeout(self._timeout):
                body = await self._read(scope, receive)
        except _DisconnectedError:
            return
        except TimeoutError:
            await self._refuse(BodyTimeoutError("The body did not arrive in time."), scope, receive, send)
            return
        except PayloadTooLargeError as error:
            await _pass_over(receive)
            await self._refuse(error, scope, receive, send)
            return
        handed = False

        async def receive_whole() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_whole, send)

    async def _stream(self, scope: Scope, upload: Upload) -> None:
        try:
            await self._app(scope, upload.receive, upload.send)
        except ClientDisconnect:
            return
        except UploadTimeoutError:
            if upload.answered:
                raise
            await self._refuse(
                BodyTimeoutError("The file did not arrive in time."), scope, upload.receive, upload.send
            )

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        too_large = PayloadTooLargeError(
            f"The body is larger than {self._max_bytes:,} bytes.", details={"max_bytes": self._max_bytes}
        )
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value[:18]) > self._max_bytes:
                raise too_large
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _DisconnectedError
            part = message.get("body", b"")
            size += len(part)
            if size > self._max_bytes:
                raise too_large
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    @staticmethod
    async def _refuse(error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
        answer = error_response(error, request_id_of(scope))
        answer.headers["Connection"] = "close"  # the rest of the body is still on its way
        await answer(scope, receive, send)


async def _pass_over(receive: Receive) -> None:
    """Read on without keeping anything: a connection that is closed while its client sends loses the answer, too."""
    size = 0
    try:
        async with asyncio.timeout(_PASSED_OVER_SECONDS):
            while size < _PASSED_OVER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
