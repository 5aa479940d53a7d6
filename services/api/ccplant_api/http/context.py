"""The outermost layer: a request's id and trace, its log line, and the answer when something of ours broke.

Plain ASGI, because wrapping each response in tasks and streams costs more than the rest of a small request.
"""

from __future__ import annotations

import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ccplant_api.errors.envelope import error_response
from ccplant_contracts.errors import ApiError
from ccplant_contracts.ids import random_text
from ccplant_platform.telemetry import continue_trace

_log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_QUIET = ("/health", "/metrics")


def request_id_of(scope: Scope) -> str:
    """Return the id that this request has in the log, the answer and each command."""
    return str(scope.get("state", {}).get("request_id", "unknown"))


def current_trace() -> str | None:
    """Return the ``traceparent`` of the request that is being handled, for what it leaves behind."""
    trace = structlog.contextvars.get_contextvars().get("traceparent")
    return trace if isinstance(trace, str) else None


def _taken_or_new(scope: Scope) -> str:
    value = _header(scope, b"x-request-id")
    return value.decode("ascii") if _REQUEST_ID.fullmatch(value) else f"req-{random_text(16)}"


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == wanted), b"")


class RequestContext:
    """Gives each request an id, and each crash an answer without internals."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _taken_or_new(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        trace = continue_trace(_header(scope, b"traceparent").decode("ascii", "replace"))
        structlog.contextvars.bind_contextvars(request_id=request_id, traceparent=trace.header())
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [item for item in message.get("headers", ()) if item[0].lower() != b"x-request-id"]
                message = {**message, "headers": [*headers, (b"x-request-id", request_id.encode())]}
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001 - the last one to see it: it is logged, and the client is answered
            _log.exception("request_crashed", method=scope.get("method"), path=scope["path"])
            await self._answer_crash(scope, receive, send_with_id, request_id, status)
        finally:
            self._write_log(scope, status, time.perf_counter() - started)

    @staticmethod
    async def _answer_crash(scope: Scope, receive: Receive, send: Send, request_id: str, status: int) -> None:
        if status:
            return  # the answer has begun: the server cuts the connection, which is the only honest end
        if scope["type"] == "http":
            crash = ApiError("Something went wrong on our side; the request id leads to the log.")
            await error_response(crash, request_id)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1011})

    @staticmethod
    def _write_log(scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        write = _log.debug if path.startswith(_QUIET) else _log.info
        write(
            "request",
            method=scope.get("method", "WS"),
            path=path[:500],
            status=status,
            milliseconds=round(seconds * 1_000, 2),
        )
