"""A browser that is signed in: a cookie for no script, a second word for no other site, an end with its token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import websockets

from tests.integration.api.conftest import Api

SIGN_IN = "/api/v1/sign-in"
SESSIONS = "/api/v1/sessions"


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        signed = await client.post(SIGN_IN, json={"token": api.token})
        assert signed.status_code == 200, signed.text
        client.headers["X-CSRF-Token"] = signed.json()["csrf_token"]
        yield client


def cookie_of(client: httpx.AsyncClient) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)


async def test_the_cookie_is_no_scripts_and_no_other_sites(api: Api) -> None:
    answer = await api.client.post(SIGN_IN, json={"token": api.token})
    header = answer.headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=strict" in header
    assert "path=/" in header
    assert "secure" not in header, "over http the browser would not keep it"
    assert api.token not in answer.text + header
    assert answer.json()["csrf_token"] not in header


async def test_a_signed_in_browser_is_its_owner(api: Api, browser: httpx.AsyncClient) -> None:
    created = await browser.post(SESSIONS, json={})
    assert created.status_code == 201, created.text
    assert (await browser.get("/api/v1/users/me")).json()["user_id"] == created.json()["user"]
    shown = (await browser.get(SIGN_IN)).json()
    assert shown["csrf_token"] == browser.headers["X-CSRF-Token"]


async def test_a_change_by_cookie_alone_is_refused_and_changes_nothing(
    api: Api, browser: httpx.AsyncClient
) -> None:
    for headers in ({"X-CSRF-Token": ""}, {"X-CSRF-Token": "x" * 40}):
        refused = await browser.post(SESSIONS, json={}, headers=headers)
        assert refused.status_code == 403
        assert "X-CSRF-Token" in refused.json()["error"]["message"]
    assert (await browser.delete(SIGN_IN, headers={"X-CSRF-Token": ""})).status_code == 403
    assert (await browser.get(SESSIONS)).json()["total"] == 0


async def test_a_websocket_by_cookie_is_opened_by_our_own_page_alone(
    api: Api, browser: httpx.AsyncClient
) -> None:
    session_id = (await browser.post(SESSIONS, json={})).json()["session_id"]
    address = f"{api.url.replace('http', 'ws', 1)}/ws/sessions/{session_id}?since=0"
    headers = {"Cookie": cookie_of(browser)}
    async with websockets.connect(address, additional_headers=headers, origin=api.url) as socket:  # type: ignore[arg-type]
        assert json.loads(await socket.recv())["type"] == "hello"
    for origin in ("https://evil.example", None):
        async with websockets.connect(address, additional_headers=headers, origin=origin) as socket:  # type: ignore[arg-type]
            assert json.loads(await socket.recv())["type"] == "error"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


async def test_signing_out_ends_it_also_for_a_copied_cookie(api: Api, browser: httpx.AsyncClient) -> None:
    copied = {"Cookie": cookie_of(browser)}
    assert (await browser.delete(SIGN_IN)).status_code == 204
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, headers=copied) as thief:
        assert (await thief.get(SESSIONS)).status_code == 401
        assert (await thief.get(SIGN_IN)).status_code == 401
        assert (await thief.delete(SIGN_IN)).status_code == 204


async def test_the_end_of_the_token_is_the_end_of_the_browser(api: Api, browser: httpx.AsyncClient) -> None:
    keys = (await api.client.get("/api/v1/api-keys")).json()["api_keys"]
    assert (await browser.get(SESSIONS)).status_code == 200
    assert (await browser.delete(f"/api/v1/api-keys/{keys[0]['key_id']}")).status_code == 204
    assert (await browser.get(SESSIONS)).status_code == 401


async def test_a_token_that_is_nobodys_signs_nobody_in(api: Api) -> None:
    refused = await api.client.post(SIGN_IN, json={"token": "ccp_nobody"})
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers


async def test_behind_a_proxy_with_tls_the_cookie_is_one_that_only_this_host_can_have_set(api: Api) -> None:
    outside = {"Origin": f"https://{api.url.removeprefix('http://')}"}
    signed = await api.client.post(SIGN_IN, json={"token": api.token}, headers=outside)
    header = signed.headers["set-cookie"]
    assert header.startswith("__Host-ccplant-")
    assert "; secure" in header.lower()
    assert "domain" not in header.lower()
    cookie = {"Cookie": header.partition(";")[0]}
    async with httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        assert (await client.get(SIGN_IN, headers=cookie)).status_code == 200
        csrf = {"X-CSRF-Token": signed.json()["csrf_token"]}
        out = await client.delete(SIGN_IN, headers={**cookie, **csrf, **outside})
        assert out.headers["set-cookie"].startswith("__Host-ccplant-")
        assert (await client.get(SIGN_IN, headers=cookie)).status_code == 401


async def test_a_page_of_another_site_cannot_say_that_it_came_over_tls_for_us(api: Api) -> None:
    signed = await api.client.post(
        SIGN_IN, json={"token": api.token}, headers={"Origin": "https://evil.example"}
    )
    assert signed.headers["set-cookie"].startswith("ccplant-")
