"""Lifecycle events of an owner over SSE: from now, or from where a reader was."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx

from ccplant_contracts import subjects
from ccplant_contracts.events import cloud_event_headers
from tests.integration.api.conftest import BOOTSTRAP, Api


async def publish(api: Api) -> list[str]:
    """Do what the publisher does; return the ids."""
    events = await api.control.store.events.unpublished(100)
    for event in events:
        subject = subjects.event(event.owner, event.session_id, event.type)
        await api.control.bus.jetstream().publish(
            subject, json.dumps(event.data).encode(), headers=cloud_event_headers(event)
        )
    await api.control.store.events.mark_published([event.id for event in events])
    return [event.id for event in events]


async def read(answer: httpx.Response, count: int) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    event_id = ""
    async with asyncio.timeout(30):
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                event_id = line.removeprefix("id: ")
            elif line.startswith("data: "):
                found.append((event_id, json.loads(line.removeprefix("data: "))))
            if len(found) == count:
                return found
    return found


async def test_an_owner_follows_its_events_and_resumes_where_it_was(api: Api) -> None:
    earlier = (await api.create())["session_id"]
    await publish(api)
    async with api.client.stream("GET", "/api/v1/events") as answer:
        reading = asyncio.create_task(read(answer, 2))
        await api.other.post("/api/v1/sessions", json={})
        session_id = await api.running()
        await publish(api)
        seen = await reading
    assert [(event["type"], event["session_id"]) for _, event in seen] == [
        ("session.created", session_id), ("session.running", session_id),
    ]  # fmt: skip
    assert [event["sequence"] for _, event in seen] == [1, 2]
    assert all(event_id == event["id"] for event_id, event in seen)
    await api.control.end(session_id)
    async with api.client.stream("GET", "/api/v1/events", headers={"Last-Event-ID": seen[0][0]}) as answer:
        after = await read(answer, 2)
    assert [event["type"] for _, event in after] == ["session.running", "session.terminated"]
    assert earlier not in {event["session_id"] for _, event in seen + after}


async def test_an_admin_has_events_published_again_as_they_were(api: Api) -> None:
    session_id = await api.running()
    before = await api.control.store.events.unpublished(100)
    await publish(api)
    assert await api.control.store.events.unpublished(100) == []
    since = before[0].time.isoformat()
    async with httpx.AsyncClient(
        base_url=api.url, headers={"Authorization": f"Bearer {BOOTSTRAP}"}, trust_env=False
    ) as admin:
        answer = await admin.post("/api/v1/events/republish", json={"since": since})
        assert answer.status_code == 202, answer.text
        assert answer.json()["events"] == len(before)
        later = (before[-1].time + timedelta(days=1)).isoformat()
        assert (await admin.post("/api/v1/events/republish", json={"since": later})).json()["events"] == 0
        assert (await admin.post("/api/v1/events/republish", json={"since": "yesterday"})).status_code == 400
    assert await api.control.store.events.unpublished(100) == before
    assert session_id in {event.session_id for event in before}


async def test_nobody_else_has_events_published_again(api: Api) -> None:
    await api.running()
    await publish(api)
    answer = await api.client.post("/api/v1/events/republish", json={"since": "2026-01-01T00:00:00Z"})
    assert answer.status_code == 403
    assert await api.control.store.events.unpublished(100) == []
