"""The outermost layer: which path is whose, a request's id, and one shape for every refusal, our own faults included.

There are four paths, so that this is all of the routing: a framework's layers for it would cost more than checking a
signature. Numbers are for the cluster, not for whoever finds the address: what a proxy or a tunnel has passed on gets none.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ccplant_contracts.ids import random_text
from ccplant_webhook_ingest.answers import REQUEST_ID, refusal

_log = structlog.get_logger(__name__)

Answer = Callable[[Request], Awaitable[Response]]

_WEBHOOK = re.compile(r"/webhooks/([^/]+)")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "cf-connecting-ip", "via")
"""Who passes requests on says so in one of these; who is in the cluster does not."""


class Door:
    """The application."""

    def __init__(
        self, deliveries: Answer, probes: Mapping[str, Answer], numbers: Mapping[str, Answer]
    ) -> None:
        self._deliveries = deliveries
        self._probes = probes
        self._numbers = numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        given = request.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"req-{random_text(16)}"
        REQUEST_ID.set(request_id)
        try:
            response = await self._answer(request)
        except Exception:  # noqa: BLE001 - the last one to see it: it is logged, and the sender is answered
            _log.exception("request_crashed", path=scope["path"][:500], request_id=request_id)
            words = "Something went wrong on our side; the request id leads to the log."
            response = refusal(500, "INTERNAL_ERROR", words, close=True)
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        if (webhook := _WEBHOOK.fullmatch(path)) is not None:
            if request.method != "POST":
                return _not_allowed("POST")
            request.scope["path_params"] = {"webhook_id": webhook[1]}
            return await self._deliveries(request)
        found = self._probes.get(path) or self._numbers.get(path)
        if found is None or (path in self._numbers and any(name in request.headers for name in _PASSED_ON)):
            return refusal(404, "NOT_FOUND", "There is nothing at this path.")
        if request.method not in ("GET", "HEAD"):
            return _not_allowed("GET, HEAD")
        return await found(request)


def _not_allowed(allowed: str) -> Response:
    response = refusal(405, "METHOD_NOT_ALLOWED", "This path does not take this method.")
    response.headers["allow"] = allowed
    return response
