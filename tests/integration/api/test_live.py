"""Viewers over WebSocket and SSE: nothing lost, nothing twice, whatever a client or a launch does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx

from ccplant_contracts import subjects
from ccplant_contracts.stream import Delta, MessageChunk, StreamData, StreamEvent
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import refused
from tests.support.waiting import eventually


def chunks(first: int, count: int, size: int = 5) -> list[StreamData]:
    return [
        MessageChunk(message_id="m", role="agent", offset=index * size, text=f"{index:0{size}d}"[:size])
        for index in range(first, first + count)
    ]


async def test_a_viewer_gets_hello_then_state_and_stream_as_they_change(api: Api) -> None:
    session_id = (await api.create(message="hello"))["session_id"]
    async with api.socket(session_id, "?since=0") as viewer:
        hello = await viewer.next()
        assert hello["type"] == "hello"
        assert hello["data"]["session"]["status"] == "pending"
        assert [prompt["text"] for prompt in hello["data"]["prompts"]] == ["hello"]
        assert (hello["data"]["permissions"], hello["data"]["last_seq"]) == ([], 0)
        running = await api.control.run(session_id)
        await viewer.until("session", status="running")
        await api.control.store_events(session_id, chunks(0, 3))
        await viewer.until_seq(3)
        assert viewer.seqs == [1, 2, 3]
        assert running.launch is not None
        delta = Delta(message_id="m", offset=15, text="preview").model_dump_json().encode()

        async def previewed() -> bool:
            await api.control.bus.publish(subjects.runner_out(running.launch.id, "delta"), delta)  # type: ignore[union-attr]
            return bool((await viewer.next())["type"] == "delta")

        await eventually(previewed)
        assert "seq" not in viewer.frames[-1]
        sent = await api.client.post(f"/api/v1/sessions/{session_id}/messages", json={"text": "more"})
        await viewer.until("prompt", prompt_id=sent.json()["prompt_id"])


async def test_every_viewer_has_the_same_and_resumes_without_loss_or_repetition(api: Api) -> None:
    session_id = await api.running()

    async def write() -> None:
        for number in range(40):
            # some announcements are lost, some carry no events
            await api.control.store_events(
                session_id, chunks(number * 3, 3), announce=number % 7 != 3, inline=number % 5 != 2
            )

    async def watch() -> list[str]:
        texts: list[str] = []
        last = 0
        while last < 120:
            async with api.socket(session_id, f"?since={last}") as viewer:
                while last < 120 and len(viewer.frames) < 20:
                    frame = await viewer.next()
                    if "seq" in frame:
                        assert frame["seq"] == last + 1
                        last = frame["seq"]
                        texts.append(json.dumps(frame, sort_keys=True))
        return texts

    _, *seen = await asyncio.gather(write(), watch(), watch(), watch())
    assert seen[0] == seen[1] == seen[2]


async def test_without_since_a_viewer_sees_from_now_on_and_beyond_the_last_is_refused(api: Api) -> None:
    session_id = await api.running()
    await api.control.store_events(session_id, chunks(0, 5))
    async with api.socket(session_id) as viewer:
        assert (await viewer.next())["data"]["last_seq"] == 5
        await api.control.store_events(session_id, chunks(5, 1))
        await viewer.until_seq(6)
        assert viewer.seqs == [6]
    for query in ("?since=99", "?since=-1", "?since=x", "?since=" + "9" * 400):
        async with api.socket(session_id, query) as viewer:
            assert (await viewer.next())["data"]["code"] == "INVALID_REQUEST"
            assert await viewer.closed() == 1008


async def test_a_viewer_that_saw_a_number_before_stored_to_came_to_it_goes_on_from_there(api: Api) -> None:
    session_id = await api.running()
    await api.control.store_events(session_id, chunks(0, 5))
    shown = [StreamEvent(seq=seq, at=datetime.now(UTC), data=chunks(seq - 1, 1)[0]) for seq in (6, 7)]
    await api.control.store.output.insert(session_id, shown)
    async with api.socket(session_id, "?since=7") as viewer:
        assert (await viewer.next())["type"] == "hello"
        assert await api.control.store.sessions.advance(session_id, 5, 7, at=datetime.now(UTC))
        await api.control.store_events(session_id, chunks(7, 2))
        await viewer.until_seq(9)
        assert viewer.seqs == [8, 9]


async def test_malformed_frames_are_answered_and_the_connection_stays(api: Api) -> None:
    session_id = await api.running()
    wrong: list[str | bytes] = [
        "", "{", "[]", "null", '"x"', "[" * 10_000, '{"type": "dance"}',
        '{"type": "prompt"}', '{"type": "prompt", "text": ""}',
        '{"type": "prompt", "text": "a\\u0000b"}', '{"type": "prompt", "text": "\\ud800"}', '{"type": "ping", "more": 1}',
        '{"type": "cancel", "prompt_id": 5}', '{"type": "prompt", "text": "x", "idempotency_key": "\\n"}', b"\x00\xff",
    ]  # fmt: skip
    async with api.socket(session_id) as viewer:
        await viewer.next()
        for frame in wrong:
            await viewer.connection.send(frame)
            told = await viewer.until("error")
            assert told["data"]["code"] == "INVALID_REQUEST", frame
        await viewer.say(type="prompt", text="x" * 70_000)
        assert (await viewer.until("error"))["data"]["code"] == "PAYLOAD_TOO_LARGE"
        await viewer.say(type="cancel")
        told = await viewer.until("error")
        assert (told["data"]["code"], told["data"]["details"]["in_reply_to"]["type"]) == (
            "CONFLICT",
            "cancel",
        )
        await viewer.say(type="permission", permission_id="perm-x", option="allow_once")
        assert (await viewer.until("error"))["data"]["code"] == "NOT_FOUND"
        await viewer.say(type="ping")
        await viewer.until("pong")
        await viewer.say(type="prompt", text="real", idempotency_key="k1")
        prompt = await viewer.until("prompt", text="real")
        await viewer.say(type="prompt", text="real", idempotency_key="k1")
        await viewer.say(type="cancel", prompt_id=prompt["data"]["prompt_id"])
        await viewer.until("prompt", state="cancelled")
    prompts = await api.control.store.prompts.list_for(session_id)
    assert [(item.text, item.state.value) for item in prompts] == [("real", "cancelled")]


async def test_a_flood_of_frames_is_refused_and_then_cut(api: Api) -> None:
    session_id = await api.running()
    async with api.socket(session_id) as viewer:
        await viewer.next()
        for _ in range(500):
            await viewer.say(type="ping")
        assert await viewer.closed() == 1008
        assert viewer.frames[-1]["data"]["code"] == "RATE_LIMIT_EXCEEDED"


async def test_what_a_client_said_before_it_left_is_taken(api: Api) -> None:
    session_id = await api.running()
    for number in range(10):
        async with api.socket(session_id) as viewer:
            await viewer.next()
            # chunks on their way to it make the gateway notice that it left before it reads what it said
            await api.control.store_events(session_id, chunks(number * 3, 3))
            said = {"type": "prompt", "text": f"last word {number}", "idempotency_key": f"word-{number}"}
            await viewer.connection.send(json.dumps(said))
            viewer.connection.transport.close()

    async def all_taken() -> bool:
        answer = await api.client.get(f"/api/v1/sessions/{session_id}/messages", params={"limit": 100})
        return all(f"last word {number}" in answer.text for number in range(10))

    await eventually(all_taken)


async def test_a_viewer_that_does_not_read_is_closed_while_others_go_on(api: Api) -> None:
    session_id = await api.running()
    large: list[StreamData] = [MessageChunk(message_id="m", role="agent", offset=0, text="x" * 200_000)]
    async with api.socket(session_id) as reader, api.socket(session_id) as slow:
        await reader.next()
        await slow.next()
        transport = slow.connection.transport
        transport.pause_reading()
        for _ in range(100):
            seq = (await api.control.store_events(session_id, large))[0].seq
            await reader.until_seq(seq)
            reader.frames.clear()
        transport.resume_reading()
        assert await slow.closed() == 1013
        assert slow.seqs == list(range(1, len(slow.seqs) + 1))
        assert len(slow.seqs) < 100
    async with api.socket(session_id, f"?since={slow.seqs[-1]}") as again:
        await again.until_seq(100)
        assert again.seqs == list(range(slow.seqs[-1] + 1, 101))


async def test_viewers_of_an_ended_session_are_closed_after_all_of_it(api: Api) -> None:
    session_id = await api.running()
    await api.control.store_events(session_id, chunks(0, 3))
    async with api.socket(session_id, "?since=1") as viewer:
        await viewer.until_seq(3)
        await api.control.end(session_id)
        assert await viewer.closed() == 1000
        assert any(f["type"] == "session" and f["data"]["status"] == "terminated" for f in viewer.frames)
        assert viewer.frames[-1]["data"]["code"] == "SESSION_ENDED"
    async with api.socket(session_id, "?since=0") as late:
        assert await late.closed() == 1000
        assert late.seqs == [1, 2, 3]


async def test_viewers_go_on_after_the_bus_was_away(api: Api) -> None:
    session_id = await api.running()
    async with api.socket(session_id, "?since=0") as viewer:
        await viewer.next()
        api.nats.kill()
        sent = await api.client.post(f"/api/v1/sessions/{session_id}/messages", json={"text": "meanwhile"})
        assert sent.status_code == 202
        created = await api.client.post("/api/v1/sessions", json={})
        assert created.status_code == 201
        await viewer.until("prompt", text="meanwhile")
        await api.control.store_events(session_id, chunks(0, 2), announce=False)
        await viewer.until_seq(2)
        api.nats.start()
        await eventually(lambda: api.control.bus.is_connected)
        await api.control.store_events(session_id, chunks(2, 2))
        await viewer.until_seq(4)
        assert viewer.seqs == [1, 2, 3, 4]


async def test_a_ticket_opens_one_connection_once(api: Api) -> None:
    session_id = await api.running()
    other_id = await api.running()
    made = await api.client.post("/api/v1/ws-tickets", json={"session_id": session_id})
    ticket = made.json()["ticket"]
    assert made.status_code == 201
    async with api.socket(session_id, f"?ticket={ticket}", headers={}) as viewer:
        assert (await viewer.next())["type"] == "hello"
    bound = (await api.client.post("/api/v1/ws-tickets", json={"session_id": session_id})).json()["ticket"]
    for place, query in ((session_id, f"?ticket={ticket}"), (other_id, f"?ticket={bound}"), (session_id, "")):
        async with api.socket(place, query, headers={}) as viewer:
            assert (await viewer.next())["data"]["code"] == "UNAUTHORIZED"
            assert await viewer.closed() == 1008


async def _sse(answer: httpx.Response) -> AsyncIterator[tuple[str | None, dict[str, Any] | str]]:
    event_id: str | None = None
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            yield None, line
        elif line.startswith("id: "):
            event_id = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield event_id, json.loads(line.removeprefix("data: "))
            event_id = None


async def test_sse_has_the_same_frames_resumes_by_last_event_id_and_beats(api: Api) -> None:
    session_id = await api.running()
    await api.control.store_events(session_id, chunks(0, 4))
    seen: list[str | None] = []
    async with api.client.stream("GET", f"/api/v1/sessions/{session_id}/events?since=0") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for event_id, frame in _sse(answer):
            if isinstance(frame, dict) and "seq" in frame:
                assert event_id == str(frame["seq"])
                seen.append(event_id)
            if seen[-1:] == ["4"] and isinstance(frame, str):
                break  # a heartbeat after everything
    async with api.client.stream(
        "GET", f"/sse/sessions/{session_id}", headers={"Last-Event-ID": "2"}
    ) as answer:
        async for event_id, _ in _sse(answer):
            if event_id is not None:
                seen.append(event_id)
            if event_id == "4":
                break
    assert seen == ["1", "2", "3", "4", "3", "4"]
    refused(await api.client.get(f"/sse/sessions/{session_id}?since=77"), 400, "INVALID_REQUEST")
    await api.control.end(session_id)
    done = await api.client.get(f"/sse/sessions/{session_id}", headers={"Last-Event-ID": "4"})
    assert done.status_code == 204
    whole = await api.client.get(f"/sse/sessions/{session_id}?since=0")
    assert '"SESSION_ENDED"' in whole.text
