"""Over HTTP: who asks too much is told when to come back, every answer tells how things stand, and others are let alone."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from ccplant_api.settings import ApiSettings
from tests.integration.api.conftest import Api


@pytest.fixture
def api_settings(api_settings: ApiSettings) -> ApiSettings:
    limits = {"rate_limit_session_creation": 2, "rate_limit_list": 3, "rate_limit_others": 5}
    return api_settings.model_copy(update=limits)


async def test_who_asks_too_much_is_refused_with_the_time_to_wait_and_nobody_else_is(api: Api) -> None:
    for left in (1, 0):
        created = await api.client.post("/api/v1/sessions", json={})
        assert created.status_code == 201
        assert created.headers["x-ratelimit-limit"] == "2"
        assert created.headers["x-ratelimit-remaining"] == str(left)
    refused = await api.client.post("/api/v1/sessions", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.headers["x-ratelimit-reset"]) > 1_700_000_000
    details = refused.json()["error"]["details"]
    assert (details["limit"], details["window_seconds"]) == (2, 60)
    listed = await api.client.get("/api/v1/sessions")
    assert (listed.status_code, listed.json()["total"]) == (200, 2), "another limit, and nothing was created"
    assert (await api.other.post("/api/v1/sessions", json={})).status_code == 201


async def test_refusals_and_errors_tell_it_as_well_and_strangers_are_told_nothing(api: Api) -> None:
    missing = await api.client.get("/api/v1/sessions/session-ann-nowhere")
    assert missing.status_code == 404
    assert missing.headers["x-ratelimit-limit"] == "5"
    assert missing.headers.get_list("x-ratelimit-remaining") == ["4"]
    stranger = await api.client.get("/api/v1/sessions", headers={"Authorization": "Bearer nobody"})
    assert stranger.status_code == 401
    assert "x-ratelimit-limit" not in stranger.headers
    assert "x-ratelimit-limit" not in (await api.client.get("/health")).headers
    unlimited = await api.client.get("/api/v1/users/me")
    assert "x-ratelimit-limit" not in unlimited.headers


async def test_a_websocket_beyond_the_limit_is_told_to_come_back(api: Api) -> None:
    session_id = await api.running()
    for _ in range(5):
        await api.client.get(f"/api/v1/sessions/{session_id}")
    async with api.socket(session_id) as socket:
        assert (await socket.next())["data"]["code"] == "RATE_LIMIT_EXCEEDED"
        assert await socket.closed() == 1013
        with pytest.raises(ConnectionClosed):
            await socket.say(type="ping")
