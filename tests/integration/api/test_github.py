"""Sign-in by GitHub token (U3, D3): a real gateway, and a stand-in for GitHub's API that answers as GitHub does."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccplant_api.principals.github.settings import GitHubSignInSettings
from ccplant_api.settings import ApiSettings
from ccplant_contracts.ids import is_session_id
from ccplant_platform.sealing import Sealer
from ccplant_platform.settings import MongoSettings
from ccplant_store.users import token_purpose
from tests.integration.api.conftest import BOOTSTRAP, Control, served
from tests.integration.api.test_errors import refused
from tests.support import github
from tests.support.github import GitHubStandIn, Reply
from tests.support.programs import free_port
from tests.support.servers import NatsServer

TOKEN = "ghp_" + "a1B2" * 9
OTHER = "github_pat_" + "c3D4" * 10
KEY = "5e" * 32
PAGE_BODY = {
    "name": "feature-dev-session",
    "config": {
        "cpu_limit": "2",
        "memory_limit": "4Gi",
        "pvc_enabled": True,
        "pvc_storage_size": "10Gi",
        "mcp_servers": {
            "github": {
                "command": "npx",
                "args": ["-y", "@modelcontextprotocol/server-github"],
                "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_xxxxx"},
            }
        },
        "timeout_minutes": 60,
    },
}
"""The request of the user's page, as it is written there."""


@dataclass
class Scene:
    url: str
    github: GitHubStandIn
    control: Control
    anonymous: httpx.AsyncClient

    async def get(self, path: str, token: str = TOKEN) -> httpx.Response:
        return await self.anonymous.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})

    async def me(self, token: str = TOKEN) -> dict[str, Any]:
        answer = await self.get("/users/me", token)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def stand_in() -> AsyncIterator[GitHubStandIn]:
    async with github.github_stand_in() as found:
        found.know(TOKEN, "User123", 583231, "u@example.com")
        found.know(OTHER, "stranger", 7)
        yield found


@asynccontextmanager
async def scene_of(
    stand_in: GitHubStandIn,
    settings: ApiSettings,
    nats: NatsServer,
    mongo: MongoSettings,
    control: Control,
    **changes: Any,
) -> AsyncIterator[Scene]:
    given = {"github_api_url": stand_in.url, "github_allowed_users": "user123", "github_timeout_seconds": 2.0}
    sign_in = GitHubSignInSettings.model_validate({**given, **changes})
    async with (
        served(settings, nats, mongo, sign_in) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as anonymous,
    ):
        yield Scene(url, stand_in, control, anonymous)


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "sealing.key"
    path.write_text(KEY)
    monkeypatch.setenv("CCPLANT_SEALING_KEY_FILE", str(path))
    return path


@pytest.fixture
async def scene(
    stand_in: GitHubStandIn,
    key_file: Path,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> AsyncIterator[Scene]:
    async with scene_of(stand_in, api_settings, nats_server, mongo_settings, control) as found:
        yield found


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_the_users_pages_curl_works_as_written(scene: Scene) -> None:
    command = [
        "curl", "--noproxy", "*", "-sS", "-X", "POST", f"{scene.url}/api/v1/sessions",
        "-H", f"Authorization: Bearer {TOKEN}",
        "-H", "Content-Type: application/json", "-d", json.dumps(PAGE_BODY, indent=2),
    ]  # fmt: skip
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=True, timeout=20
    )
    created = json.loads(done.stdout)
    assert created["user"] == "user123"
    assert created["session_id"].startswith("session-user123-")
    assert is_session_id(created["session_id"])
    assert created["status"] == "pending"
    assert created["name"] == "feature-dev-session"
    shown = (await scene.get(f"/sessions/{created['session_id']}")).json()
    assert shown["config"]["mcp_servers"]["github"]["env"] == {"GITHUB_PERSONAL_ACCESS_TOKEN": "***"}


async def test_me_tells_who_i_am_and_what_i_have(scene: Scene) -> None:
    await scene.anonymous.post(
        "/api/v1/sessions", json={"name": "one"}, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    me = await scene.me()
    assert (me["user_id"], me["github_username"], me["email"]) == ("user123", "User123", "u@example.com")
    assert me["role"] == "user"
    assert me["quota"]["current_sessions"] == 1
    local = await scene.me(BOOTSTRAP)
    assert (local["user_id"], local["github_username"], local["role"]) == ("root", None, "admin")
    assert scene.github.asked == ["/user"], (
        "a token of ours was shown to GitHub, or one question was asked twice"
    )


async def test_a_hundred_requests_at_once_are_one_question(scene: Scene) -> None:
    scene.github.users[TOKEN] = Reply(200, scene.github.users[TOKEN].body, github.PLENTY, delay=0.3)
    answers = await asyncio.gather(*(scene.get("/users/me") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert scene.github.asked == ["/user"]


async def test_a_token_that_github_does_not_know_is_401_and_what_is_ours_is_not_shown_to_it(
    scene: Scene,
) -> None:
    refused(await scene.get("/sessions", "ghp_unknown"), 401, "UNAUTHORIZED")
    assert scene.github.asked == ["/user"]
    refused(await scene.get("/sessions", "ccp_revoked0000000000"), 401, "UNAUTHORIZED")
    refused(await scene.anonymous.get("/api/v1/sessions", headers={"X-API-Key": TOKEN}), 401, "UNAUTHORIZED")
    refused(await scene.get("/sessions", "with blank"), 401, "UNAUTHORIZED")
    assert scene.github.asked == ["/user"]


async def test_who_is_not_on_the_list_is_known_and_not_let_in(scene: Scene) -> None:
    error = refused(await scene.get("/sessions", OTHER), 403, "FORBIDDEN")
    assert "stranger" in error["message"]
    assert await scene.control.store.users.get("stranger") is None


@pytest.mark.parametrize(
    ("reply", "retry"),
    [
        (lambda: github.limited_until(120), range(100, 122)),
        (github.SECONDARY_LIMIT, [17]),
        (github.TOO_MANY, [9]),
        (github.MAINTENANCE, [30]),
        (github.FAILURE, [5]),
        (github.MALFORMED, [5]),
        (Reply(200, {}, delay=10), [5]),
    ],
    ids=["primary limit", "secondary limit", "429", "503", "502", "malformed", "slow"],
)
async def test_while_github_cannot_say_it_is_503_and_never_401(
    scene: Scene, reply: Reply | Callable[[], Reply], retry: range
) -> None:
    scene.github.everything = reply() if callable(reply) else reply
    answer = await scene.get("/sessions")
    refused(answer, 503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) in retry
    assert TOKEN not in answer.text


async def test_a_github_that_is_not_there_is_503_also_on_a_socket(
    stand_in: GitHubStandIn,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    nowhere = f"http://127.0.0.1:{free_port()}"
    async with scene_of(
        stand_in, api_settings, nats_server, mongo_settings, control, github_api_url=nowhere
    ) as scene:
        refused(await scene.get("/sessions"), 503, "UNAVAILABLE")
        url = scene.url.replace("http", "ws") + "/ws/sessions/session-user123-0000000000"
        async with connect(
            url, additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None
        ) as socket:
            frame = json.loads(await socket.recv())
            assert frame["data"]["code"] == "UNAVAILABLE"
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1013


async def test_who_was_let_in_works_on_while_github_is_away(
    stand_in: GitHubStandIn,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    async with scene_of(
        stand_in, api_settings, nats_server, mongo_settings, control, github_cache_seconds=0
    ) as scene:
        await scene.me()
        stand_in.everything = github.FAILURE
        await scene.me()
        assert len(stand_in.asked) == 2
        stand_in.everything = None


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("listed", 200, ""),
        ("by name", 200, ""),
        ("pending", 403, "in no organisation"),
        ("none", 403, "in no organisation"),
        ("no scope", 403, "read:org"),
        ("sso", 403, "single sign-on"),
        ("limit", 503, "rate limit"),
    ],
)
async def test_members_of_an_organization_are_let_in(
    how: str,
    status: int,
    words: str,
    stand_in: GitHubStandIn,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    if how == "listed":
        stand_in.in_organizations(OTHER, "Acme")
    elif how in ("by name", "pending"):  # what a fine-grained token may see
        stand_in.member(OTHER, "acme", "active" if how == "by name" else "pending")
    elif how == "no scope":
        stand_in.organizations[OTHER] = stand_in.memberships[OTHER, "acme"] = github.NO_SCOPE
    elif how == "sso":
        stand_in.memberships[OTHER, "acme"] = github.SSO
    elif how == "limit":
        stand_in.organizations[OTHER] = github.SECONDARY_LIMIT
    async with scene_of(
        stand_in, api_settings, nats_server, mongo_settings, control, github_allowed_organizations="acme,beta"
    ) as scene:
        answer = await scene.get("/users/me", OTHER)
        assert answer.status_code == status, answer.text
        assert words in answer.text
        assert OTHER not in answer.text


async def test_a_renamed_account_keeps_what_is_its_own_and_nobody_else_gets_it(
    stand_in: GitHubStandIn,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    async with scene_of(
        stand_in,
        api_settings,
        nats_server,
        mongo_settings,
        control,
        github_allowed_users="*",
        github_cache_seconds=0,
    ) as scene:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        made = (await scene.anonymous.post("/api/v1/sessions", json={}, headers=headers)).json()
        stand_in.know(TOKEN, "NewName", 583231)
        me = await scene.me()
        assert (me["user_id"], me["github_username"]) == ("user123", "NewName")
        assert (await scene.get(f"/sessions/{made['session_id']}")).status_code == 200
        stand_in.know(OTHER, "user123", 7)
        assert (await scene.me(OTHER))["user_id"] == "user123-7"
        refused(await scene.get(f"/sessions/{made['session_id']}", OTHER), 404, "NOT_FOUND")


async def test_a_local_user_of_the_same_name_is_somebody_else(scene: Scene) -> None:
    admin = {"Authorization": f"Bearer {BOOTSTRAP}"}
    await scene.me()
    clash = await scene.anonymous.post(
        "/api/v1/api-keys", json={"name": "x", "user": "user123"}, headers=admin
    )
    refused(clash, 409, "CONFLICT")
    own = await scene.anonymous.post(
        "/api/v1/api-keys", json={"name": "x"}, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert (await scene.me(own.json()["token"]))["github_username"] == "User123"
    made = await scene.anonymous.post("/api/v1/api-keys", json={"name": "x", "user": "rooty"}, headers=admin)
    assert made.status_code == 201


async def test_admins_are_those_that_are_named(
    stand_in: GitHubStandIn,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    async with scene_of(
        stand_in, api_settings, nats_server, mongo_settings, control, github_admins="id:7"
    ) as scene:
        assert (await scene.me(OTHER))["role"] == "admin"
        assert (await scene.me())["role"] == "user"


async def test_the_token_is_kept_sealed_and_shows_nowhere(
    scene: Scene, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    created = await scene.anonymous.post("/api/v1/sessions", json={"message": "hello"}, headers=headers)
    user = await scene.control.store.users.get("user123")
    assert user is not None
    assert user.sealed_token is not None
    assert Sealer([bytes.fromhex(KEY)]).unseal(user.sealed_token, token_purpose("user123")) == TOKEN
    database = scene.control.store.database
    for name in ("users", "sessions", "session_events", "prompts", "tokens"):
        rows = await database.collection(name).find({}, sort=[("_id", 1)], limit=1_000)
        assert TOKEN not in str(rows), name
    scene.github.everything = github.FAILURE
    unavailable = await scene.get("/sessions", TOKEN[:-1])
    events = await scene.get(f"/sessions/{created.json()['session_id']}/timeline")
    out = capfd.readouterr()
    for text in (created.text, unavailable.text, events.text, out.out, out.err, caplog.text):
        assert TOKEN[:-1] not in text


async def test_sign_in_is_off_while_nobody_is_named(
    stand_in: GitHubStandIn,
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    async with scene_of(
        stand_in, api_settings, nats_server, mongo_settings, control, github_allowed_users=""
    ) as scene:
        refused(await scene.get("/sessions"), 401, "UNAUTHORIZED")
        assert stand_in.asked == []
