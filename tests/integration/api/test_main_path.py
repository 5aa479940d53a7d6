"""The main path: the request of the user's page, detail, list, messages, over a real MongoDB and a real bus."""

from __future__ import annotations

import re

from ccplant_contracts.stream import MessageChunk, Turn
from tests.integration.api.conftest import Api

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


async def test_the_request_of_the_users_page_works_as_written(api: Api) -> None:
    answer = await api.client.post("/api/v1/sessions", json=PAGE_BODY)
    assert answer.status_code == 201
    created = answer.json()
    assert list(created) == [
        "session_id", "name", "user", "status", "created_at", "connection_url", "pod_name", "namespace",
    ]  # fmt: skip
    assert re.fullmatch(r"session-ann-[0-9a-z]+", created["session_id"])
    assert (created["name"], created["user"], created["status"]) == ("feature-dev-session", "ann", "pending")
    assert created["created_at"].endswith("Z")
    assert created["connection_url"] == f"{api.url.replace('http', 'ws')}/ws/sessions/{created['session_id']}"
    assert created["namespace"] == "local"
    command = await api.control.command("session.launch", created["session_id"])
    assert command.request_id == answer.headers["x-request-id"]


async def test_a_trace_goes_on_in_the_command_and_in_the_lifecycle_event(api: Api) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    header = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    created = (await api.client.post("/api/v1/sessions", json={}, headers=header)).json()
    command = await api.control.command("session.launch", created["session_id"])
    assert command.traceparent is not None
    assert trace_id in command.traceparent
    (event,) = await api.control.store.events.unpublished(10)
    assert event.traceparent == command.traceparent


async def test_a_session_is_shown_and_listed_without_its_secrets(api: Api) -> None:
    created = await api.create(**PAGE_BODY)
    shown = await api.client.get(f"/api/v1/sessions/{created['session_id']}")
    listed = await api.client.get("/api/v1/sessions")
    assert shown.status_code == listed.status_code == 200
    assert "ghp_xxxxx" not in shown.text + listed.text
    detail = shown.json()
    assert detail["config"]["mcp_servers"]["github"]["env"] == {"GITHUB_PERSONAL_ACCESS_TOKEN": "***"}
    assert detail["resources"]["limits_enforced"] is False
    assert detail["resources"]["memory_limit"] == 4 * 2**30
    assert [entry["type"] for entry in detail["timeline"]] == ["session.created"]
    page = listed.json()
    assert [item["session_id"] for item in page["sessions"]] == [created["session_id"]]
    assert (page["total"], page["has_more"], page["next_cursor"]) == (1, False, None)


async def test_a_prompt_waits_for_its_session_and_the_conversation_is_assembled(api: Api) -> None:
    created = await api.create(message="first")
    session_id = created["session_id"]
    sent = await api.client.post(f"/api/v1/sessions/{session_id}/messages", json={"text": "second"})
    assert sent.status_code == 202
    assert (sent.json()["number"], sent.json()["state"]) == (2, "queued")
    await api.control.command("prompt.deliver", session_id)
    first = created["prompt_id"]
    await api.control.run(session_id)
    await api.control.store_events(
        session_id,
        [
            Turn(prompt_id=first, state="started"),
            MessageChunk(message_id=first, prompt_id=first, role="user", offset=0, text="first", final=True),
            MessageChunk(message_id="a", prompt_id=first, role="agent", offset=0, text="Hel"),
            MessageChunk(message_id="a", prompt_id=first, role="agent", offset=3, text="lo", final=True),
            Turn(prompt_id=first, state="done", stop_reason="end_turn"),
        ],
    )
    answer = await api.client.get(f"/api/v1/sessions/{session_id}/messages")
    assert answer.status_code == 200
    conversation = answer.json()
    assert [(entry["type"], entry["seq"]) for entry in conversation["messages"]] == [
        ("turn", 1), ("message", 2), ("message", 3), ("turn", 5),
    ]  # fmt: skip
    assert [entry["text"] for entry in conversation["messages"] if entry["type"] == "message"] == [
        "first",
        "Hello",
    ]
    assert [prompt["text"] for prompt in conversation["prompts"]] == ["first", "second"]
    assert conversation["last_seq"] == 5


async def test_health_names_every_part_and_needs_no_sign_in(api: Api) -> None:
    answer = await api.client.get("/health", headers={"Authorization": ""})
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "degraded"
    assert {name: part["status"] for name, part in health["parts"].items()} == {
        "nats": "ok", "mongodb": "ok", "orchestrator": "down", "runtime": "down",
    }  # fmt: skip
    for path in ("/health/live", "/health/ready"):
        assert (await api.client.get(path)).status_code == 200
