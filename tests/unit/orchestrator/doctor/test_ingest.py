"""The examination tells an ingester that is well from one that is not, from a proxy, and from nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ccplant_orchestrator.doctor.ingest import WebhookPlace, check
from tests.support.programs import free_port


@contextmanager
def answering(status: int, body: object) -> Iterator[str]:
    """Answer every request alike."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


WELL = {"parts": {"mongodb": {"status": "ok", "detail": None}}}
ILL = {
    "parts": {"mongodb": {"status": "ok", "detail": None}, "nats": {"status": "degraded", "detail": "away"}}
}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, WELL, "ingest_ok"),
        (200, ILL, "ingest_not_well"),
        (503, ILL, "ingest_not_well"),
        (404, {}, "ingest_answers"),
        (200, {"hello": "world"}, "ingest_unreachable"),
        (200, [], "ingest_unreachable"),
    ],
)
async def test_what_answers_is_told_for_what_it_is(status: int, body: object, code: str) -> None:
    with answering(status, body) as url:
        found = await check(WebhookPlace(webhook_url=url), seconds=5)
    assert found is not None
    assert found.code == code
    if code == "ingest_not_well":
        assert found.facts["parts"] == "nats: away"


@pytest.mark.parametrize("address", ["http://127.0.0.1:{free}", "http://", "http://x:99999", "nonsense"])
async def test_nobody_there_is_a_warning_and_no_failure(address: str) -> None:
    url = address.format(free=free_port())
    found = await check(WebhookPlace(webhook_url=url), seconds=1)
    assert found is not None
    assert (found.state, found.code) == ("warning", "ingest_unreachable")


async def test_where_no_place_is_named_there_is_nothing_to_say() -> None:
    assert await check(WebhookPlace(webhook_url=None), seconds=1) is None
