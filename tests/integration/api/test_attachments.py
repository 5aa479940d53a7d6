"""Files for messages: streamed in, bounded, given back as downloads, and in nobody else's hands."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ccplant_api.settings import ApiSettings
from ccplant_contracts.attachment import ATTACHMENT_BYTES
from ccplant_contracts.stream import MessageChunk
from ccplant_store.attachments import UNUSED_FOR
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import refused
from tests.support.waiting import eventually

BIG = random.Random(7).randbytes(2_300_000)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def path_of(session_id: str) -> str:
    return f"/api/v1/sessions/{session_id}/attachments"


async def upload(
    api: Api, session_id: str, content: bytes = b"hello", name: str = "a.txt", **more: Any
) -> dict[str, Any]:
    answer = await api.client.post(path_of(session_id), params={"name": name}, content=content, **more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def files_held(api: Api) -> tuple[int, int]:
    database = api.control.store.database
    files = await database.collection("fs.files").count({}, limit=1_000)
    return files, await database.collection("fs.chunks").count({}, limit=1_000)


async def test_a_file_comes_back_as_it_was_and_always_as_a_download(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    made = await upload(
        api,
        session_id,
        BIG,
        "../../設計\u202e図 v2.html",
        headers={"Content-Type": "Text/HTML; charset=utf-8"},
    )
    assert (made["name"], made["media_type"], made["size_bytes"]) == (
        "設計図 v2.html",
        "text/html",
        len(BIG),
    )
    back = await api.client.get(f"{path_of(session_id)}/{made['attachment_id']}")
    assert back.content == BIG
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["x-content-type-options"] == "nosniff"
    assert back.headers["content-security-policy"] == "sandbox; default-src 'none'"
    disposition = back.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="___ v2.html"; ')
    assert disposition.endswith("filename*=UTF-8''%E8%A8%AD%E8%A8%88%E5%9B%B3%20v2.html")


async def test_a_picture_keeps_its_type_so_that_a_page_can_show_it(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    made = await upload(api, session_id, PNG, "p.png", headers={"Content-Type": "image/png"})
    back = await api.client.get(f"{path_of(session_id)}/{made['attachment_id']}")
    assert (back.headers["content-type"], back.content) == ("image/png", PNG)


async def test_an_empty_file_is_a_file(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    made = await upload(api, session_id, b"", "empty")
    back = await api.client.get(f"{path_of(session_id)}/{made['attachment_id']}")
    assert (back.status_code, back.content, made["size_bytes"]) == (200, b"", 0)


async def parts(total: int, each: int = 64_000) -> AsyncIterator[bytes]:
    left = total
    while left > 0:
        yield bytes(min(each, left))
        left -= each


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(api: Api, announced: bool) -> None:
    session_id = (await api.create())["session_id"]
    most = await upload(api, session_id, bytes(ATTACHMENT_BYTES), "most")
    assert most["size_bytes"] == ATTACHMENT_BYTES
    held = await files_held(api)
    size = ATTACHMENT_BYTES + 1
    headers = {"Content-Length": str(size)} if announced else {}
    answer = await api.client.post(
        path_of(session_id), params={"name": "over"}, content=parts(size), headers=headers
    )
    error = refused(answer, 413, "PAYLOAD_TOO_LARGE")
    assert error["details"] == {"max_bytes": ATTACHMENT_BYTES}
    assert await files_held(api) == held
    refused(
        await api.client.post("/api/v1/sessions", json={"name": "x" * 1_100_000}), 413, "PAYLOAD_TOO_LARGE"
    )


async def test_no_more_than_pieces_of_a_file_are_in_memory(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    tracemalloc.start()
    try:
        answer = await api.client.post(
            path_of(session_id), params={"name": "big"}, content=parts(ATTACHMENT_BYTES)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 201
    assert peak < ATTACHMENT_BYTES / 2, f"{peak:,} bytes"


async def test_who_goes_away_while_sending_leaves_nothing(api: Api) -> None:
    session_id = (await api.create())["session_id"]

    async def some_piece() -> bool:
        return (await files_held(api))[1] > 0

    async def breaks_off() -> AsyncIterator[bytes]:
        yield bytes(600_000)
        await eventually(some_piece)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await api.client.post(path_of(session_id), params={"name": "half"}, content=breaks_off())

    async def nothing_held() -> bool:
        return await files_held(api) == (0, 0)

    await eventually(nothing_held)


@pytest.mark.parametrize(
    ("name", "kind"), [("", "text/plain"), ("x" * 1_001, "text/plain"), ("a", "not a type"), ("a", "text/")]
)
async def test_what_has_no_name_or_no_possible_type_is_refused(api: Api, name: str, kind: str) -> None:
    session_id = (await api.create())["session_id"]
    answer = await api.client.post(
        path_of(session_id), params={"name": name}, content=b"x", headers={"Content-Type": kind}
    )
    refused(answer, 400, "INVALID_REQUEST")


async def test_of_many_uploads_at_once_none_gets_in_beyond_the_bound(api: Api) -> None:
    session_id = (await api.create())["session_id"]

    async def try_one() -> httpx.Response:
        return await api.client.post(path_of(session_id), params={"name": "n"}, content=b"x" * 1_000)

    answers = await asyncio.gather(*(try_one() for _ in range(40)))
    assert {answer.status_code for answer in answers} <= {201, 429}
    taken = [answer for answer in answers if answer.status_code == 201]
    assert len(taken) <= 5
    assert await files_held(api) == (len(taken), len(taken))
    error = refused(
        next(answer for answer in answers if answer.status_code == 429), 429, "RESOURCE_QUOTA_EXCEEDED"
    )
    assert error["details"] == {"max_files": 5, "max_bytes": 2 * ATTACHMENT_BYTES}


async def test_what_files_weigh_together_is_bounded_too(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    for _ in range(2):
        await upload(api, session_id, bytes(ATTACHMENT_BYTES))
    refused(
        await api.client.post(path_of(session_id), params={"name": "n"}, content=b"x"),
        429,
        "RESOURCE_QUOTA_EXCEEDED",
    )


async def test_nobody_else_sees_names_or_removes_a_file(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    made = await upload(api, session_id)
    one = f"{path_of(session_id)}/{made['attachment_id']}"
    for answer in (
        await api.other.get(one),
        await api.other.delete(one),
        await api.other.post(path_of(session_id), params={"name": "x"}, content=b"x"),
        await api.client.get(one[:-1]),
    ):
        refused(answer, 404, "NOT_FOUND")
    theirs = (await api.other.post("/api/v1/sessions", json={})).json()["session_id"]
    stolen = {"text": "read it", "attachments": [made["attachment_id"]]}
    refused(await api.other.post(f"/api/v1/sessions/{theirs}/messages", json=stolen), 400, "INVALID_REQUEST")
    refused(await api.other.post(f"/api/v1/sessions/{session_id}/messages", json=stolen), 404, "NOT_FOUND")
    assert (await api.client.get(one)).status_code == 200


async def test_a_message_has_its_files_wherever_it_is_shown(api: Api) -> None:
    session_id = await api.running()
    first, second = await upload(api, session_id, b"1", "one"), await upload(api, session_id, b"22", "two")
    ids = [second["attachment_id"], first["attachment_id"]]
    seen = [
        {name: made[name] for name in ("attachment_id", "name", "media_type", "size_bytes")}
        for made in (second, first)
    ]
    async with api.socket(session_id) as viewer:
        await viewer.until("hello")
        sent = await api.client.post(
            f"/api/v1/sessions/{session_id}/messages", json={"text": "look", "attachments": ids}
        )
        assert sent.status_code == 202
        assert sent.json()["attachments"] == seen
        frame = await viewer.until("prompt", prompt_id=sent.json()["prompt_id"])
        assert frame["data"]["attachments"] == seen
        chunk = MessageChunk.model_validate(
            {
                "message_id": sent.json()["prompt_id"], "prompt_id": sent.json()["prompt_id"], "role": "user",
                "offset": 0, "text": "look", "final": True, "attachments": seen,
            }
        )  # fmt: skip
        await api.control.store_events(session_id, [chunk])
        assert (await viewer.until("message_chunk"))["data"]["attachments"] == seen
        await viewer.say(type="prompt", text="again", attachments=ids[:1], idempotency_key="ws-1")
        assert (await viewer.until("prompt", text="again"))["data"]["attachments"] == seen[:1]
    conversation = (await api.client.get(f"/api/v1/sessions/{session_id}/messages")).json()
    assert conversation["messages"][0]["attachments"] == seen
    assert [prompt["attachments"] for prompt in conversation["prompts"]] == [seen, seen[:1]]


async def test_the_same_key_with_other_files_is_a_conflict_and_with_the_same_ones_a_repeat(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    one, other = (
        (await upload(api, session_id))["attachment_id"],
        (await upload(api, session_id))["attachment_id"],
    )
    messages = f"/api/v1/sessions/{session_id}/messages"

    async def send(*ids: str) -> httpx.Response:
        body = {"text": "same", "attachments": list(ids)}
        return await api.client.post(messages, json=body, headers={"Idempotency-Key": "k"})

    answers = await asyncio.gather(*(send(one, other) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["prompt_id"] for answer in answers}) == 1
    for ids in ((), (one,), (other, one)):
        refused(await send(*ids), 409, "CONFLICT")


@pytest.mark.parametrize(
    "ids",
    [["att-0000000000000000"], ["../../etc/passwd"], ["att-1"] * 2, [f"att-{n:016}" for n in range(11)]],
)
async def test_a_message_names_only_files_that_are_there_each_once_and_ten_at_most(
    api: Api, ids: list[str]
) -> None:
    session_id = (await api.create())["session_id"]
    answer = await api.client.post(
        f"/api/v1/sessions/{session_id}/messages", json={"text": "x", "attachments": ids}
    )
    refused(answer, 400, "INVALID_REQUEST")
    assert (await api.client.get(f"/api/v1/sessions/{session_id}/messages")).json()["prompts"] == []


async def test_a_file_can_be_removed_until_a_message_has_it(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    kept, gone = (
        (await upload(api, session_id))["attachment_id"],
        (await upload(api, session_id))["attachment_id"],
    )
    sent = await api.client.post(
        f"/api/v1/sessions/{session_id}/messages", json={"text": "x", "attachments": [kept]}
    )
    assert sent.status_code == 202
    assert (await api.client.delete(f"{path_of(session_id)}/{gone}")).status_code == 204
    refused(await api.client.delete(f"{path_of(session_id)}/{gone}"), 404, "NOT_FOUND")
    refused(await api.client.delete(f"{path_of(session_id)}/{kept}"), 409, "CONFLICT")
    assert await files_held(api) == (1, 1)


async def test_what_no_message_names_goes_after_a_day_and_what_one_names_stays(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    used, unused = (
        (await upload(api, session_id))["attachment_id"],
        (await upload(api, session_id))["attachment_id"],
    )
    await api.client.post(
        f"/api/v1/sessions/{session_id}/messages", json={"text": "x", "attachments": [used]}
    )
    store = api.control.store
    # as if the gateway had died between the message and its note
    await store.database.collection("fs.files").update_many({}, {"$set": {"metadata.used": False}})
    made = await store.attachments.open(session_id, unused)
    assert made is not None
    now = made.metadata.created_at
    assert await store.attachments.remove_unused(now + UNUSED_FOR - timedelta(minutes=1)) == 0
    assert await store.attachments.remove_unused(now + UNUSED_FOR + timedelta(minutes=1)) == 1
    assert await store.attachments.open(session_id, unused) is None
    kept = await store.attachments.open(session_id, used)
    assert kept is not None
    assert kept.metadata.used
    assert await store.blobs.collect_unreferenced(now + timedelta(days=400)) == 0


async def test_an_ended_session_takes_no_files_and_gives_those_that_it_has(api: Api) -> None:
    session_id = await api.running()
    made = await upload(api, session_id)
    await api.control.end(session_id)
    refused(
        await api.client.post(path_of(session_id), params={"name": "late"}, content=b"x"), 409, "CONFLICT"
    )
    assert (await api.client.get(f"{path_of(session_id)}/{made['attachment_id']}")).content == b"hello"
    assert (await api.client.delete(f"/api/v1/sessions/{session_id}")).status_code == 202
    assert (await api.client.get(f"{path_of(session_id)}/{made['attachment_id']}")).content == b"hello"
    await api.control.store.purge(session_id)
    assert await files_held(api) == (0, 0)


FIRST = "/api/v1/attachments"


async def upload_first(api: Api, content: bytes = b"first", name: str = "f.txt") -> str:
    answer = await api.client.post(FIRST, params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["attachment_id"])


async def first_prompt(api: Api, session_id: str) -> dict[str, Any]:
    prompts = (await api.client.get(f"/api/v1/sessions/{session_id}/messages")).json()["prompts"]
    (prompt,) = prompts
    return dict(prompt)


async def test_a_new_session_takes_the_files_of_its_first_message_along(api: Api) -> None:
    one, two = await upload_first(api, b"1"), await upload_first(api, b"22")
    created = await api.create(message="look", attachments=[two, one], mode="task")
    prompt = await first_prompt(api, created["session_id"])
    assert [file["attachment_id"] for file in prompt["attachments"]] == [two, one]
    back = await api.client.get(f"{path_of(created['session_id'])}/{two}")
    assert back.content == b"22"
    refused(await api.client.get(f"{FIRST}/{two}"), 404, "NOT_FOUND")
    refused(await api.client.delete(f"{path_of(created['session_id'])}/{two}"), 409, "CONFLICT")
    again = await api.client.post("/api/v1/sessions", json={"message": "x", "attachments": [one]})
    refused(again, 400, "INVALID_REQUEST")


async def test_of_many_creations_with_one_key_one_has_the_files_and_all_are_answered_with_it(
    api: Api,
) -> None:
    body = {"message": "look", "attachments": [await upload_first(api)]}

    async def create() -> httpx.Response:
        return await api.client.post("/api/v1/sessions", json=body, headers={"Idempotency-Key": "k"})

    answers = await asyncio.gather(*(create() for _ in range(15)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["session_id"] for answer in answers}) == 1
    assert (await api.client.get("/api/v1/sessions")).json()["total"] == 1
    other = {**body, "message": "another"}
    refused(
        await api.client.post("/api/v1/sessions", json=other, headers={"Idempotency-Key": "k"}),
        409,
        "CONFLICT",
    )


async def test_one_of_two_sessions_gets_a_file_and_the_other_is_not_created(api: Api) -> None:
    body = {"message": "look", "attachments": [await upload_first(api)]}
    answers = await asyncio.gather(*(api.client.post("/api/v1/sessions", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 7
    assert (await api.client.get("/api/v1/sessions")).json()["total"] == 1


async def test_files_that_wait_are_their_owners_alone_bounded_and_gone_after_a_day(api: Api) -> None:
    waiting = await upload_first(api)
    for answer in (await api.other.get(f"{FIRST}/{waiting}"), await api.other.delete(f"{FIRST}/{waiting}")):
        refused(answer, 404, "NOT_FOUND")
    stolen = await api.other.post("/api/v1/sessions", json={"message": "x", "attachments": [waiting]})
    refused(stolen, 400, "INVALID_REQUEST")
    refused(
        await api.client.post("/api/v1/sessions", json={"attachments": [waiting]}), 400, "INVALID_REQUEST"
    )
    for _ in range(4):
        await upload_first(api)
    refused(await api.client.post(FIRST, params={"name": "n"}, content=b"x"), 429, "RESOURCE_QUOTA_EXCEEDED")
    assert (await api.client.delete(f"{FIRST}/{waiting}")).status_code == 204
    store = api.control.store
    late = (await store.database.collection("fs.files").find({}, limit=1))[0]["uploadDate"] + UNUSED_FOR
    assert await store.attachments.remove_unused(late + timedelta(minutes=1)) == 4
    assert await files_held(api) == (0, 0)


async def test_a_task_that_is_done_again_has_its_files_again(api: Api) -> None:
    created = await api.create(message="look", attachments=[await upload_first(api, BIG)], mode="task")
    await api.control.run(created["session_id"])
    await api.control.end(created["session_id"])
    again = await api.client.post(f"/api/v1/sessions/{created['session_id']}/recreate", json={})
    assert again.status_code == 201, again.text
    assert (
        await api.client.delete(f"/api/v1/sessions/{created['session_id']}?purge=true")
    ).status_code == 202
    await api.control.store.purge(created["session_id"])
    (file,) = (await first_prompt(api, again.json()["session_id"]))["attachments"]
    back = await api.client.get(f"{path_of(again.json()['session_id'])}/{file['attachment_id']}")
    assert back.content == BIG


@pytest.fixture
def api_settings(api_settings: ApiSettings) -> ApiSettings:
    """A session holds little here."""
    room = {"max_session_attachments": 5, "max_session_attachment_bytes": 2 * ATTACHMENT_BYTES}
    return api_settings.model_copy(update=room)
