"""Another owner's things do not exist: every route answers 404, and nothing is changed."""

from __future__ import annotations

import pytest

from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.stream import PermissionRequest
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import refused

ROUTES = [
    ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("DELETE", "?purge=true", None),
    ("POST", "/stop", None), ("POST", "/complete", None), ("POST", "/recreate", {}), ("GET", "/messages", None),
    ("POST", "/messages", {"text": "x"}), ("PATCH", "/messages/{prompt}", {"text": "x"}),
    ("DELETE", "/messages/{prompt}", None), ("POST", "/cancel", {}), ("GET", "/permissions", None),
    ("POST", "/permissions/{permission}", {"option": "allow_once"}), ("GET", "/diagnosis", None), ("GET", "/logs", None),
    ("GET", "/usage", None), ("GET", "/timeline", None), ("GET", "/blobs/blob-1", None), ("GET", "/events", None),
]  # fmt: skip


@pytest.fixture
def ask() -> PermissionRequest:
    return PermissionRequest(
        permission_id="perm-1",
        prompt_id=None,
        title="Run ls",
        options=(PermissionOption(option_id="o1", name="Allow", kind="allow_once"),),
    )


async def test_another_owner_finds_nothing_and_changes_nothing(api: Api, ask: PermissionRequest) -> None:
    created = await api.create(message="hello")
    session_id = created["session_id"]
    session = await api.control.session(session_id)
    permission = await api.control.store.permissions.insert_requested(
        session_id, "ann", ask, at=session.created_at, expires_at=session.created_at
    )
    assert permission is not None
    before = (await api.client.get(f"/api/v1/sessions/{session_id}")).json()
    for method, path, body in ROUTES:
        place = path.format(prompt=created["prompt_id"], permission="perm-1")
        answer = await api.other.request(method, f"/api/v1/sessions/{session_id}{place}", json=body)
        error = refused(answer, 404, "NOT_FOUND")
        nowhere = await api.other.request(
            method, f"/api/v1/sessions/session-bob-0000000000{place}", json=body
        )
        assert nowhere.json()["error"]["message"] == error["message"], "its existence is told"
    refused(await api.other.get(f"/sse/sessions/{session_id}"), 404, "NOT_FOUND")
    ticket = await api.other.post("/api/v1/ws-tickets", json={"session_id": session_id})
    refused(ticket, 404, "NOT_FOUND")
    async with api.socket(session_id, token=api.other_token) as socket:
        frame = await socket.next()
        assert (frame["type"], frame["data"]["code"]) == ("error", "NOT_FOUND")
        assert await socket.closed() == 4404
    assert (await api.other.get("/api/v1/sessions")).json()["total"] == 0
    after = (await api.client.get(f"/api/v1/sessions/{session_id}")).json()
    assert after["version"] == before["version"]
    assert (await api.client.get(f"/api/v1/sessions/{session_id}/messages")).json()["prompts"][0][
        "state"
    ] == "queued"


async def test_a_prompt_of_another_session_is_not_found_in_this_one(api: Api) -> None:
    one, two = await api.create(message="a"), await api.create(message="b")
    path = f"/api/v1/sessions/{one['session_id']}/messages/{two['prompt_id']}"
    refused(await api.client.patch(path, json={"text": "c"}), 404, "NOT_FOUND")
    refused(await api.client.delete(path), 404, "NOT_FOUND")


async def test_only_an_admin_makes_tokens_for_others(api: Api) -> None:
    refused(await api.client.post("/api/v1/api-keys", json={"name": "x", "user": "bob"}), 403, "FORBIDDEN")
    refused(await api.client.post("/api/v1/api-keys", json={"name": "x", "role": "admin"}), 403, "FORBIDDEN")


async def test_a_revoked_token_is_good_for_nothing(api: Api) -> None:
    made = (await api.client.post("/api/v1/api-keys", json={"name": "second"})).json()
    headers = {"Authorization": "", "X-API-Key": made["token"]}
    assert (await api.client.get("/api/v1/sessions", headers=headers)).status_code == 200
    listed = await api.client.get("/api/v1/api-keys")
    assert made["token"] not in listed.text
    assert {key["name"] for key in listed.json()["api_keys"]} == {"test", "second"}
    refused(await api.other.delete(f"/api/v1/api-keys/{made['key_id']}"), 404, "NOT_FOUND")
    assert (await api.client.delete(f"/api/v1/api-keys/{made['key_id']}")).status_code == 204
    refused(await api.client.get("/api/v1/sessions", headers=headers), 401, "UNAUTHORIZED")
