"""Turns a refusal into bytes.

What a client sent may come back in an error's details (the name of an unknown field, say): it is cut, and
what cannot be written as UTF-8 is replaced, so that no input can make the error itself fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

from ccplant_api.errors.refusals import in_japanese
from ccplant_contracts.base import rfc3339
from ccplant_contracts.errors import ApiError

_MAX_DEPTH = 8


def printable(text: str, limit: int = 200) -> str:
    """Return a text that is safe to send back: cut, and without lone surrogates."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return cut.encode("utf-8", "replace").decode("utf-8")


def _safe(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        return printable(value, 4_000)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(2**53) < value < 2**53 else str(value)[:40]
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {printable(str(key)): _safe(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item, depth + 1) for item in value[:200]]
    if isinstance(value, datetime):
        return rfc3339(value)
    return printable(str(value))


def error_body(error: ApiError, request_id: str, now: datetime | None = None) -> dict[str, Any]:
    """Return what the client reads, without its envelope."""
    return {
        "code": error.code,
        "message": printable(error.message, 2_000),
        "details": _safe(_in_both(error)),
        "request_id": request_id,
        "timestamp": rfc3339(now or datetime.now(UTC)),
    }


def _in_both(error: ApiError) -> dict[str, Any]:
    """Return the details, with the message in both languages where both are known."""
    japanese = in_japanese(error.message)
    if japanese is None or "text" in error.details:
        return error.details
    return {**error.details, "text": {"ja": japanese, "en": error.message}}


def error_response(error: ApiError, request_id: str) -> Response:
    """Return the answer to a refused request."""
    headers = {"X-Request-Id": request_id, "Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ccplant"'
    return Response(
        orjson.dumps({"error": error_body(error, request_id)}),
        status_code=error.status,
        headers=headers,
        media_type="application/json",
    )
