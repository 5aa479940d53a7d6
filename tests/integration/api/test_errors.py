"""Whatever is wrong with a request, the answer has the one shape and nothing breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ccplant_store.sessions.repository import SessionStore
from tests.integration.api.conftest import Api

SESSIONS = "/api/v1/sessions"


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check the one shape and return the error."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert list(error) == ["code", "message", "details", "request_id", "timestamp"]
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["timestamp"].endswith("Z")
    if "fields" not in error["details"]:
        # told in both languages, whatever it is; the rest of the details is each test's own
        text = error["details"].pop("text")
        assert text["en"] == error["message"]
        assert text["ja"] != text["en"]
    return error


def fields(error: dict[str, Any]) -> dict[str, str]:
    return {item["field"]: item["problem"] for item in error["details"]["fields"]}


WRONG_BODIES: list[tuple[object, str]] = [
    ({"nme": "x"}, "nme"),
    ({"name": 5}, "name"),
    ({"name": "x" * 10_000}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"config": {"cpu_limit": "2x"}}, "config.cpu_limit"),
    ({"config": {"memory_limit": 4}}, "config.memory_limit"),
    ({"config": {"timeout_minutes": -1}}, "config.timeout_minutes"),
    ({"config": {"timeout_minutes": 10**30}}, "config.timeout_minutes"),
    ({"config": {"timeout_minutes": "60"}}, "config.timeout_minutes"),
    ({"config": {"unknown": 1}}, "config.unknown"),
    ({"config": {"image": "x"}}, "config.image"),
    ({"config": {"agent": "no-such-agent"}}, "config.agent"),
    ({"config": {"pvc_enabled": True, "pvc_from": "session-ann-0000000000"}}, "config.pvc_from"),
    ({"config": {"mcp_servers": {"a": {"command": "x", "args": "y"}}}}, "config.mcp_servers.a.args"),
    ({"mode": "task"}, "body"),
    ([], "body"),
    ("text", "body"),
]


async def test_each_wrong_field_is_named(api: Api) -> None:
    for body, field in WRONG_BODIES:
        error = refused(await api.client.post(SESSIONS, json=body), 400, "INVALID_REQUEST")
        assert field in fields(error), body
    assert (await api.client.get(SESSIONS)).json()["total"] == 0


async def test_a_wrong_secret_is_never_echoed(api: Api) -> None:
    secret = "ghp_s3cr3ts3cr3t"
    body = {"config": {"env": {"TOKEN": {"value": secret, "secret": "maybe"}, "OTHER": [secret], "BAD": {"value": [secret]}},
                       "mcp_servers": {"x": {"command": "npx", "env": {"TOKEN": {"nested": secret}}}}}}  # fmt: skip
    answer = await api.client.post(SESSIONS, json=body)
    refused(answer, 400, "INVALID_REQUEST")
    assert secret not in answer.text


NONSENSE: list[bytes] = [
    b"{",
    b"",
    b'{"name": "\xff\xfe"}',
    b'{"name": "\\ud800"}',
    b'{"\\ud800": 1}',
    b"[" * 100_000,
    b'{"config":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"config": {"timeout_minutes": ' + b"9" * 5_000 + b"}}",
    b'{"config": {"timeout_minutes": NaN}}',
    b"\x00",
    b"null",
]


async def test_bodies_that_make_no_sense_are_told_so(api: Api) -> None:
    for raw in NONSENSE:
        answer = await api.client.post(SESSIONS, content=raw, headers={"Content-Type": "application/json"})
        refused(answer, 400, "INVALID_REQUEST")


async def test_a_body_that_is_not_declared_as_json_is_told_what_is_missing(api: Api) -> None:
    answer = await api.client.post(SESSIONS, content=b'{"name": "x"}')
    refused(answer, 400, "INVALID_REQUEST")
    assert "Content-Type: application/json" in answer.json()["error"]["message"]


async def test_a_body_over_the_limit_is_413_announced_or_chunked(api: Api) -> None:
    large = json.dumps({"message": "x" * 1_100_000}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    headers = {"Content-Type": "application/json"}
    refused(await api.client.post(SESSIONS, content=large, headers=headers), 413, "PAYLOAD_TOO_LARGE")
    refused(await api.client.post(SESSIONS, content=chunks(), headers=headers), 413, "PAYLOAD_TOO_LARGE")
    assert (await api.client.get(SESSIONS)).status_code == 200


WRONG_REQUESTS = [
    ("GET", "/nothing", 404, "NOT_FOUND"),
    ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
    ("PUT", SESSIONS, 405, "METHOD_NOT_ALLOWED"),
    ("GET", f"{SESSIONS}/session-x-0000000000", 404, "NOT_FOUND"),
    ("GET", f"{SESSIONS}/%00", 404, "NOT_FOUND"),
    ("GET", f"{SESSIONS}/{'x' * 3_000}", 404, "NOT_FOUND"),
    ("GET", f"{SESSIONS}?limit=0", 400, "INVALID_REQUEST"),
    ("GET", f"{SESSIONS}?limit=201", 400, "INVALID_REQUEST"),
    ("GET", f"{SESSIONS}?offset=10001", 400, "INVALID_REQUEST"),
    ("GET", f"{SESSIONS}?status=waiting", 400, "INVALID_REQUEST"),
    ("GET", f"{SESSIONS}?cursor=abc", 400, "INVALID_REQUEST"),
    ("GET", f"{SESSIONS}?cursor=%00", 400, "INVALID_REQUEST"),
]


async def test_wrong_paths_methods_and_queries_have_the_one_shape(api: Api) -> None:
    for method, path, status, code in WRONG_REQUESTS:
        refused(await api.client.request(method, path), status, code)


WRONG_CREDENTIALS: list[dict[str, str]] = [
    {"Authorization": ""},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer " + "x" * 5_000},
    {"Authorization": "", "X-API-Key": "wrong"},
]


async def test_nobody_gets_in_without_a_valid_credential(api: Api) -> None:
    for headers in WRONG_CREDENTIALS:
        answer = await api.client.get(SESSIONS, headers=headers)
        refused(answer, 401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_crash_tells_nothing_but_the_request_id(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("internal detail with a secret")

    monkeypatch.setattr(SessionStore, "list", crash)
    answer = await api.client.get(SESSIONS, headers={"X-Request-Id": "my-request-1"})
    error = refused(answer, 500, "INTERNAL_ERROR")
    assert error["request_id"] == "my-request-1"
    assert "internal detail" not in answer.text
    assert "ZeroDivisionError" not in answer.text


async def test_a_request_id_of_the_client_is_kept_and_a_wild_one_is_not(api: Api) -> None:
    kept = await api.client.get("/health/live", headers={"X-Request-Id": "abc-123"})
    assert kept.headers["x-request-id"] == "abc-123"
    wild = await api.client.get("/health/live", headers={"X-Request-Id": "a b" * 100})
    assert wild.headers["x-request-id"].startswith("req-")


async def test_with_the_database_away_the_answer_is_503_and_it_comes_back(api: Api, mongod: Any) -> None:
    mongod.freeze()
    try:
        answer = await asyncio.wait_for(api.client.get(SESSIONS, timeout=30), 30)
        refused(answer, 503, "UNAVAILABLE")
        assert answer.headers["retry-after"]
    finally:
        mongod.thaw()
    assert (await api.client.get(SESSIONS, timeout=30)).status_code == 200
