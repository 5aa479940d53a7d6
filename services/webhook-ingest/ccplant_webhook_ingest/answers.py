"""What senders hear: small JSON documents, the refusals in the form that all of ccplant's have."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, datetime

import orjson
from starlette.responses import Response

from ccplant_contracts.base import rfc3339

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="unknown")
"""Of the request that is being answered: in the answer's header, in refusals and in the log."""
_HEADERS = {"cache-control": "no-store"}


def answer(status: int, /, **fields: object) -> Response:
    """Return an answer; fields that are None are left out."""
    told = {name: value for name, value in fields.items() if value is not None}
    return Response(orjson.dumps(told), status, _HEADERS, "application/json")


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    delivery_id: str | None = None,
    retry_after: int | None = None,
    close: bool = False,
) -> Response:
    """Return a refusal; `close` where the rest of the body is still on its way."""
    headers = dict(_HEADERS)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if close:
        headers["connection"] = "close"
    error = {
        "code": code,
        "message": message,
        "details": {} if delivery_id is None else {"delivery_id": delivery_id},
        "request_id": REQUEST_ID.get(),
        "timestamp": rfc3339(datetime.now(UTC)),
    }
    return Response(orjson.dumps({"error": error}), status, headers, "application/json")


def not_found() -> Response:
    """Return the answer of a webhook that does not answer; it does not say why."""
    return refusal(404, "NOT_FOUND", "There is no such webhook.")


def not_signed() -> Response:
    """Return the answer to a wrong signature."""
    return refusal(
        401, "UNAUTHORIZED", "X-Hub-Signature-256 does not fit this body and the webhook's secret."
    )


def no_room() -> Response:
    """Return the answer while too much arrives at once."""
    return refusal(503, "UNAVAILABLE", "Too much arrives at once; send it again.", retry_after=2, close=True)


def no_store() -> Response:
    """Return the answer while nothing can be recorded."""
    return refusal(503, "UNAVAILABLE", "The delivery cannot be recorded now; send it again.", retry_after=5)
