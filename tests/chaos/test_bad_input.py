"""Whatever clients send, and however slowly they read: one shape of refusal, nothing lost, memory bounded."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket as socket_module
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.live_processes import memory_of, peers_of
from tests.support.scene import Scene
from tests.support.system import Part
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

DEEP = '{"a":' * 50_000 + "1" + "}" * 50_000
MEGABYTES = 1 << 20
MOST_GROWTH = 120 * MEGABYTES
"""Far above what queues and caches may take, far below what a reader that never reads was sent."""

BODIES: dict[str, str | bytes] = {
    "an unknown field": '{"name": "x", "surprise": 1}',
    "a wrong type": '{"name": 7}',
    "a list instead of an object": "[]",
    "no JSON": "{",
    "nothing": "",
    "a name of 10 kB": json.dumps({"name": "x" * 10_000}),
    "a NUL in the name": '{"name": "a\\u0000b"}',
    "a NUL in the message": '{"message": "a\\u0000b"}',
    "a lone surrogate": '{"message": "\\ud800"}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "deep JSON": DEEP,
    "a quantity of 2x": '{"config": {"cpu_limit": "2x"}}',
    "a quantity beyond all bounds": '{"config": {"memory_limit": "999999999999999999999Ei"}}',
    "a negative timeout": '{"config": {"timeout_minutes": -1}}',
    "a huge timeout": '{"config": {"timeout_minutes": 1e300}}',
    "a number beyond 64 bits": '{"config": {"timeout_minutes": 99999999999999999999999}}',
    "an infinite number": '{"config": {"timeout_minutes": Infinity}}',
    "an unknown agent": '{"config": {"agent": "nobody"}}',
    "a repository that is an option": '{"repository": "--upload-pack=true"}',
    "a thousand variables": json.dumps({"config": {"env": {f"V{n}": "x" for n in range(1_000)}}}),
}


def _one_shape(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, f"{answer.status_code}: {answer.text[:300]}"
    error = answer.json()["error"]
    assert {"code", "message", "details", "request_id", "timestamp"} == error.keys()
    assert len(answer.content) < 20_000, "a refusal repeats what it refuses"


async def test_a_body_that_makes_no_sense_is_refused_in_the_one_shape_and_creates_nothing(
    stage: Scene,
) -> None:
    client, before = stage.person.client, len(await stage.auditor.find("sessions", {}))
    for what, body in BODIES.items():
        stage.system.note(what)
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/api/v1/sessions", content=body, headers=headers)
        _one_shape(answer, 400)
    too_long = json.dumps({"message": "x" * 1_500_000})
    _one_shape(await client.post("/api/v1/sessions", content=too_long), 413)
    assert len(await stage.auditor.find("sessions", {})) == before
    await stage.finish()


async def test_ids_keys_and_queries_that_make_no_sense_are_refused_in_the_one_shape(stage: Scene) -> None:
    client = stage.person.client
    for name in ("session-x-0000000000", "%00", "a" * 5_000, "..%2f..", "💥", "session-x';drop", "{$ne:1}"):
        for path in (f"/sessions/{name}", f"/sessions/{name}/messages"):
            _one_shape(await client.get(f"/api/v1{path}"), 400, 404)
    for query in ("limit=-1", "limit=1e9", "offset=99999999", "cursor=%00", "sort=%24where", "status=dead"):
        _one_shape(await client.get(f"/api/v1/sessions?{query}"), 400)
    _one_shape(await client.post("/api/v1/sessions", json={}, headers={"Idempotency-Key": "x" * 5_000}), 400)
    anonymous = {"Authorization": "Bearer nobody"}
    _one_shape(await client.get("/api/v1/sessions", headers=anonymous), 401)
    await stage.finish()


async def test_another_owners_session_is_as_if_it_were_not_there(stage: Scene) -> None:
    mine = await stage.running("echo mine")
    made = await stage.person.client.post("/api/v1/api-keys", json={"name": "other", "user": "somebody-else"})
    other = {"Authorization": f"Bearer {made.json()['token']}"}
    client = stage.person.client
    for method, path, body in (
        ("GET", f"/sessions/{mine}", None), ("GET", f"/sessions/{mine}/messages", None),
        ("POST", f"/sessions/{mine}/messages", {"text": "echo theirs"}), ("POST", f"/sessions/{mine}/stop", None),
        ("DELETE", f"/sessions/{mine}?purge=true", None), ("PATCH", f"/sessions/{mine}", {"name": "theirs"}),
        ("POST", f"/sessions/{mine}/recreate", {}), ("POST", f"/sessions/{mine}/cancel", {}),
    ):  # fmt: skip
        _one_shape(await client.request(method, f"/api/v1{path}", json=body, headers=other), 404)
    async with _socket(stage, mine, token=made.json()["token"]) as socket:
        assert await _closed(socket) == 4404
    await stage.finish()


async def test_malformed_frames_are_answered_and_the_connection_stays(stage: Scene) -> None:
    session_id = await stage.running("echo first")
    async with _socket(stage, session_id) as socket:
        frames: tuple[str | bytes, ...] = (
            "{", "[]", "null", '{"type": "nonsense"}', '{"type": "prompt"}', '{"type": "prompt", "text": ""}',
            '{"type": "prompt", "text": "a\\u0000b"}', '{"type": "prompt", "text": 7}', b"\x00\xff", DEEP[:60_000],
            '{"type": "cancel", "prompt_id": "nobody"}', '{"type": "permission", "permission_id": "x", "option": "y"}',
            json.dumps({"type": "prompt", "text": "x" * 70_000}),
        )  # fmt: skip
        for frame in frames:
            await socket.send(frame)
            refusal = await _next(socket, "error")
            assert {"code", "message", "details"} <= refusal["data"].keys()
        await socket.send('{"type": "ping"}')
        await _next(socket, "pong")
        key = os.urandom(8).hex()
        for _ in range(2):
            await socket.send(json.dumps({"type": "prompt", "text": "echo by frame", "idempotency_key": key}))
        # who leaves before a prompt is shown has no promise that it was taken; the key is for asking again
        await eventually(lambda: stage.auditor.find("prompts", {"idempotency_key": key}))
    await stage.finish()


async def test_a_place_in_the_stream_that_does_not_exist_is_refused(stage: Scene) -> None:
    session_id = await stage.running("echo first")
    await stage.auditor.prompts_ended(session_id)
    for since in ("1000000", "-1", "x", "9" * 400):
        async with _socket(stage, session_id, since=since) as socket:
            assert await _closed(socket) == 1008
        answer = await stage.person.client.get(f"/api/v1/sessions/{session_id}/events?since={since}")
        _one_shape(answer, 400)
    await stage.finish()


async def test_broken_websocket_bytes_cut_their_sender_and_nobody_else(stage: Scene) -> None:
    session_id = await stage.running("stream 60 30")
    for rubbish in (b"\xff" * 400, b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\xc1\x80\x00\x00\x00\x00"):
        reader, writer = await _raw(stage, session_id)
        writer.write(rubbish)
        async with asyncio.timeout(15):
            while await reader.read(1 << 16):
                pass
        writer.close()
        await writer.wait_closed()
    await stage.finish()


async def test_results_of_5_mb_are_kept_whole_without_being_held_in_memory(stage: Scene) -> None:
    session_id = await stage.running("bigtool 5000000", viewers=2)
    await stage.auditor.prompts_ended(session_id)
    with _bounded_memory(stage):
        for _ in range(8):
            await stage.person.say(session_id, "bigtool 5000000")
        await stage.auditor.prompts_ended(session_id)

        async def kept() -> list[dict[str, Any]]:
            blobs = await stage.auditor.find("fs.files", {"metadata.session_id": session_id})
            assert len(blobs) == 9, f"{len(blobs)} of 9 results are kept"  # they follow their turns
            return blobs

        for blob in await eventually(kept, 60, interval=0.2):
            answer = await stage.person.client.get(f"/api/v1/sessions/{session_id}/blobs/{blob['_id']}")
            assert (answer.status_code, len(answer.content)) == (200, 5_000_000)
    await stage.finish()


async def test_readers_that_never_read_are_cut_and_cost_bounded_memory(stage: Scene) -> None:
    session_id = await stage.running("echo first", viewers=2)
    await stage.auditor.prompts_ended(session_id)
    asleep = [await _raw(stage, session_id) for _ in range(20)]
    ports = {writer.get_extra_info("sockname")[1] for _, writer in asleep}
    try:
        with _bounded_memory(stage):
            for number in range(40):
                await stage.person.say(session_id, f"echo {number:0190000}")
            await stage.auditor.prompts_ended(session_id, 90)
            api = stage.system.part("api").pid
            await eventually(lambda: not ports & peers_of(api), 90, interval=0.5)
    finally:
        for _, writer in asleep:
            writer.transport.abort()
    await stage.finish()


@contextmanager
def _bounded_memory(stage: Scene) -> Iterator[None]:
    parts: tuple[Part, ...] = ("api", "orchestrator")
    before = {part: memory_of(stage.system.part(part).pid) for part in parts}
    yield
    for part in parts:
        grown = memory_of(stage.system.part(part).pid) - before[part]
        stage.system.note(f"{part} has grown by {grown / MEGABYTES:.0f} MB")
        assert grown < MOST_GROWTH


def _socket(stage: Scene, session_id: str, *, since: str = "0", token: str | None = None) -> connect:
    url = f"{stage.system.url.replace('http', 'ws', 1)}/ws/sessions/{session_id}?since={since}"
    headers = {"Authorization": f"Bearer {token or stage.system.token}"}
    return connect(url, additional_headers=headers, max_size=None, proxy=None)


async def _next(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame["type"] == kind:
                return frame


async def _closed(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(15):
        await socket.wait_closed()
    return socket.close_code


async def _raw(stage: Scene, session_id: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a WebSocket by hand, from the beginning of the stream; nobody reads it."""
    raw = socket_module.socket()
    raw.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", stage.system.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1_024)
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /ws/sessions/{session_id}?since=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"Authorization: Bearer {stage.system.token}\r\n\r\n"
    )
    writer.write(request.encode())
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head, head
    return reader, writer
