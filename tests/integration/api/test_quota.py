"""An owner's limit of sessions: one more is refused with what to do, and of many at once none is one too many."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.api.conftest import Api

SESSIONS = "/api/v1/sessions"


@pytest.fixture(autouse=True)
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the gateway starts."""
    monkeypatch.setenv("CCPLANT_MAX_SESSIONS_PER_OWNER", "3")


async def test_of_many_creates_at_once_as_many_succeed_as_the_limit_allows(api: Api) -> None:
    answers = await asyncio.gather(*(api.client.post(SESSIONS, json={}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 17
    error = next(answer.json()["error"] for answer in answers if answer.status_code == 429)
    assert error["code"] == "RESOURCE_QUOTA_EXCEEDED"
    assert error["details"]["max_sessions"] == 3
    assert (await api.other.post(SESSIONS, json={})).status_code == 201
    me = (await api.client.get("/api/v1/users/me")).json()
    assert me["default_agent"] in me["agents"]
    quota = me["quota"]
    assert (quota["max_sessions"], quota["current_sessions"]) == (3, 3)


async def test_a_refused_or_repeated_create_holds_no_place(api: Api) -> None:
    body = {"config": {"pvc_enabled": True, "pvc_from": "session-nobody-0000000000"}}
    for _ in range(4):
        assert (await api.client.post(SESSIONS, json=body)).status_code in (400, 404, 409)
    key = {"Idempotency-Key": "one"}
    first = await api.client.post(SESSIONS, json={}, headers=key)
    for _ in range(4):
        again = await api.client.post(SESSIONS, json={}, headers=key)
        assert again.json()["session_id"] == first.json()["session_id"]
    assert await api.control.store.places.taken(first.json()["user"]) == 1
