"""The error answers of each route, as the OpenAPI document names them."""

from __future__ import annotations

from typing import Any

from ccplant_contracts.errors import ErrorEnvelope

_WORDS = {
    400: "INVALID_REQUEST: the details name each field and what is wrong.",
    401: "UNAUTHORIZED: no, an unknown or an expired credential.",
    403: "FORBIDDEN: known, but not allowed.",
    404: "NOT_FOUND: no such thing, or another owner's.",
    409: "CONFLICT: not possible in this state, or the Idempotency-Key was used with another body.",
    413: "PAYLOAD_TOO_LARGE: the body is over its limit (1 MB; a file: 10 MB).",
    429: "RATE_LIMIT_EXCEEDED: too many requests; RESOURCE_QUOTA_EXCEEDED: the owner's limit is reached.",
    500: "INTERNAL_ERROR: something went wrong on our side.",
    503: "SESSION_NOT_READY or UNAVAILABLE: try again after `Retry-After` seconds.",
}


def error_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI documents for these statuses; 400, 401, 429, 500 and 503 are possible everywhere."""
    return {
        status: {"model": ErrorEnvelope, "description": _WORDS[status]}
        for status in sorted({400, 401, 429, 500, 503, *statuses})
    }
