"""The page of the web UI: at every address of it, under a policy, and never in the place of the API's own words."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from ccplant_api.errors.handlers import install_error_handlers
from ccplant_api.http.context import RequestContext
from ccplant_api.web.serving import WebUi


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-1a2b.js").write_text("run()")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text('<script nonce="__CSP_NONCE__" src="/assets/app-1a2b.js"></script>')
    return client_of(tmp_path)


def client_of(folder: Path) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None, docs_url=None)
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    WebUi(folder).install(app)

    @app.post("/api/v1/sessions")
    async def create() -> None:
        return None

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


@pytest.mark.parametrize(
    "path", ["/", "/sessions", "/sessions/session-ada-1?tab=details", "/webhooks/hook-1/edit"]
)
async def test_every_address_of_the_ui_is_its_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_policy_lets_run_and_show_only_what_we_sent(client: httpx.AsyncClient) -> None:
    first, second = await client.get("/"), await client.get("/")
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    (nonce,) = re.findall(r"'nonce-([^']+)'", policy)
    assert f'nonce="{nonce}"' in first.text
    assert nonce not in second.text


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1/nothing", "/ws/x", "/sse/x", "/health/x", "/assets/none.js", "/none.svg"]
)
async def test_what_is_no_page_is_a_refusal_in_json(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


async def test_only_reading_finds_a_page(client: httpx.AsyncClient) -> None:
    assert (await client.post("/sessions")).status_code == 404
    assert (await client.get("/api/v1/sessions")).status_code == 405


async def test_assets_are_kept_and_other_files_are_not_for_long(client: httpx.AsyncClient) -> None:
    asset = await client.get("/assets/app-1a2b.js")
    assert "immutable" in asset.headers["cache-control"]
    icon = await client.get("/favicon.svg")
    assert icon.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/%2e%2e/secret.txt"]
)
async def test_no_address_leaves_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("page")
    (tmp_path / "secret.txt").write_text("secret")
    async with client_of(folder) as client:
        assert "secret" not in (await client.get(path)).text.replace(path, "").replace("secret.txt", "")


async def test_without_a_built_ui_there_is_nothing(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        assert (await client.get("/")).json()["error"]["code"] == "NOT_FOUND"
