"""Whoever is not let in any more is not shown anything more, on a connection that was open before either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from ccplant_api.settings import ApiSettings
from ccplant_contracts.stream import MessageChunk
from tests.integration.api.conftest import Api

SIGN_IN = "/api/v1/sign-in"


@pytest.fixture
def api_settings(api_settings: ApiSettings) -> ApiSettings:
    return api_settings.model_copy(update={"credential_check_seconds": 0.2})


async def new_token(api: Api) -> tuple[str, str]:
    made = (await api.client.post("/api/v1/api-keys", json={"name": "second"})).json()
    return made["token"], made["key_id"]


async def ends(lines: AsyncIterator[str]) -> list[str]:
    async with asyncio.timeout(30):
        return [line async for line in lines if line.startswith("data:")]


async def test_a_revoked_token_ends_its_websocket_and_no_other(api: Api) -> None:
    session_id = await api.running()
    token, key = await new_token(api)
    async with api.socket(session_id, token=token) as gone, api.socket(session_id) as stays:
        await gone.until("hello")
        await stays.until("hello")
        assert (await api.client.delete(f"/api/v1/api-keys/{key}")).status_code == 204
        assert await gone.closed() == 1008
        assert gone.frames[-1]["data"]["code"] == "UNAUTHORIZED"
        chunk = MessageChunk(message_id="m", role="agent", offset=0, text="still here", final=True)
        await api.control.store_events(session_id, [chunk])
        await stays.until_seq(1)


async def test_a_ticket_lets_stay_as_long_as_what_it_was_asked_for_with(api: Api) -> None:
    session_id = await api.running()
    token, key = await new_token(api)
    asked = await api.client.post("/api/v1/ws-tickets", headers={"Authorization": f"Bearer {token}"})
    async with api.socket(session_id, f"?ticket={asked.json()['ticket']}", headers={}) as socket:
        await socket.until("hello")
        await api.client.delete(f"/api/v1/api-keys/{key}")
        assert await socket.closed() == 1008


async def test_signing_out_ends_the_browsers_websocket(api: Api) -> None:
    session_id = await api.running()
    async with httpx.AsyncClient(base_url=api.url, trust_env=False) as browser:
        signed = await browser.post(SIGN_IN, json={"token": api.token})
        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
        async with api.socket(session_id, headers={"Cookie": cookie, "Origin": api.url}) as socket:
            await socket.until("hello")
            csrf = {"X-CSRF-Token": signed.json()["csrf_token"]}
            assert (await browser.delete(SIGN_IN, headers=csrf)).status_code == 204
            assert await socket.closed() == 1008


@pytest.mark.parametrize("path", ["/api/v1/sessions/{session_id}/events", "/api/v1/events"])
async def test_a_revoked_token_ends_event_streams(api: Api, path: str) -> None:
    session_id = await api.running()
    token, key = await new_token(api)
    headers = {"Authorization": f"Bearer {token}"}
    async with api.client.stream("GET", path.format(session_id=session_id), headers=headers) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        await api.client.delete(f"/api/v1/api-keys/{key}")
        shown = await ends(lines)
    if "sessions" in path:
        assert '"UNAUTHORIZED"' in shown[-1]


async def test_a_cookie_ends_with_the_token_that_signed_it_in(api: Api) -> None:
    session_id = await api.running()
    token, key = await new_token(api)
    async with httpx.AsyncClient(base_url=api.url, trust_env=False) as browser:
        await browser.post(SIGN_IN, json={"token": token})
        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
        async with api.socket(session_id, headers={"Cookie": cookie, "Origin": api.url}) as socket:
            await socket.until("hello")
            await api.client.delete(f"/api/v1/api-keys/{key}")
            assert await socket.closed() == 1008
