"""The export over a real MongoDB: of running, ended and deleted sessions, for their owner alone."""

from __future__ import annotations

from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.stream import MessageChunk, PermissionRequest, StreamData
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import refused


def said(number: int) -> MessageChunk:
    return MessageChunk(message_id=f"m{number}", role="agent", offset=0, text=f"text {number}", final=True)


async def test_a_conversation_is_exported_while_it_runs_after_its_end_and_after_its_deletion(
    api: Api,
) -> None:
    session_id = await api.running(name='設計 "x"/y')
    path = f"/api/v1/sessions/{session_id}/export"
    await api.control.store_events(session_id, [said(number) for number in range(450)])
    await api.client.post(f"/api/v1/sessions/{session_id}/messages", json={"text": "not yet"})
    waiting = (await api.client.get(path, params={"format": "json"})).json()["undelivered"]
    assert [(prompt["text"], prompt["state"]) for prompt in waiting] == [("not yet", "queued")]
    for step in ("running", "ended", "deleted"):
        if step == "ended":
            await api.control.end(session_id)
        if step == "deleted":
            assert (await api.client.delete(f"/api/v1/sessions/{session_id}")).status_code == 202
        document = await api.client.get(path, params={"format": "json"})
        assert document.status_code == 200, step
        assert document.headers["content-type"] == "application/json"
        assert [entry["text"] for entry in document.json()["messages"]] == [f"text {n}" for n in range(450)]
        assert document.json()["last_seq"] == 450
        text = await api.client.get(path)
        assert text.headers["content-type"] == "text/markdown; charset=utf-8"
        assert text.headers["x-content-type-options"] == "nosniff"
        disposition = text.headers["content-disposition"]
        assert disposition == (
            "attachment; filename=\"__ _x_-y.md\"; filename*=UTF-8''%E8%A8%AD%E8%A8%88%20%22x%22-y.md"
        )
        assert text.text.count("\ntext ") == 450
        assert "not yet" in text.text
    refused(await api.other.get(path), 404, "NOT_FOUND")
    refused(await api.client.get(path, params={"format": "pdf"}), 400, "INVALID_REQUEST")


async def test_an_export_tells_what_became_of_permission_requests(api: Api) -> None:
    session_id = await api.running()
    request = PermissionRequest(
        permission_id="perm-1", prompt_id=None, title="Write",
        options=(PermissionOption(option_id="yes", name="Allow", kind="allow_once"),),
    )  # fmt: skip
    events: list[StreamData] = [request]
    (event,) = await api.control.store_events(session_id, events)
    await api.control.store.permissions.insert_requested(
        session_id, "ann", request, at=event.at, expires_at=event.at
    )
    path = f"/api/v1/sessions/{session_id}/export"
    (entry,) = (await api.client.get(path, params={"format": "json"})).json()["messages"]
    assert (entry["state"], entry["resource"]["permission_id"]) == ("pending", "perm-1")
    assert "**Permission:** Write — pending" in (await api.client.get(path)).text
