"""The body of an upload: handed on as it comes, bounded in time, and let pass before a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from ccplant_api.http.body import BodyLimit
from ccplant_api.http.upload import is_upload

PATH = "/api/v1/sessions/session-ada-1/attachments"


class Client:
    """Sends parts of a body, and hears the answer."""

    def __init__(self, parts: Sequence[bytes], *, hangs: bool = False) -> None:
        self.left = list(parts)
        self.hangs = hangs
        self.heard: list[Message] = []
        self.left_when_answered: int | None = None

    async def receive(self) -> Message:
        if not self.left:
            if self.hangs:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        part = self.left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.left) or self.hangs}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.left_when_answered = len(self.left)
        self.heard.append(message)

    async def ask(self, handler: Any, *, seconds: float = 30.0, path: str = PATH) -> int:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            answer: Response = await handler(Request(scope, receive))
            await answer(scope, receive, send)

        scope = {
            "type": "http", "method": "POST", "path": path, "headers": [(b"transfer-encoding", b"chunked")],
            "state": {"request_id": "req-1"},
        }  # fmt: skip
        await BodyLimit(app, max_bytes=10, timeout=30, upload_timeout=seconds)(scope, self.receive, self.send)
        return int(self.heard[0]["status"])


async def read(request: Request) -> Response:
    parts = [len(part) async for part in request.stream()]
    return PlainTextResponse(str(parts))


async def refuse(request: Request) -> Response:
    return PlainTextResponse("no", 429)


async def test_a_file_is_handed_on_part_by_part_whatever_the_limit_of_other_bodies() -> None:
    client = Client([b"x" * 8, b"y" * 8])
    assert await client.ask(read) == 200
    assert client.heard[1]["body"] == b"[8, 8, 0]"
    assert await Client([b"x" * 8, b"y" * 8]).ask(read, path="/api/v1/sessions") == 413


async def test_a_refusal_lets_the_body_pass_first_and_ends_the_connection() -> None:
    client = Client([b"x"] * 50)
    assert await client.ask(refuse) == 429
    assert client.left_when_answered == 0
    assert (b"connection", b"close") in client.heard[0]["headers"]


async def test_a_file_that_does_not_arrive_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccplant_api.http.upload._PASSED_OVER_SECONDS", 0.05)
    client = Client([b"x"], hangs=True)
    assert await client.ask(read, seconds=0.05) == 408


async def test_who_hangs_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccplant_api.http.upload._PASSED_OVER_SECONDS", 0.05)
    assert await Client([b"x"], hangs=True).ask(refuse) == 429


@pytest.mark.parametrize(
    ("method", "path", "so"),
    [
        ("POST", PATH, True),
        ("POST", "/api/v1/attachments", True),
        ("GET", PATH, False),
        ("POST", f"{PATH}/x", False),
        ("POST", "/api/v1/sessions/a/b/attachments", False),
        ("POST", "/x/api/v1/attachments", False),
    ],
)
def test_only_files_are_streamed(method: str, path: str, so: bool) -> None:
    assert is_upload({"type": "http", "method": method, "path": path}) is so
