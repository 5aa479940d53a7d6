"""Sessions as their owner handles them: once where once is asked for, never against the state they are in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from ccplant_contracts.control import CONTROL_LOGS, LogsAnswer
from ccplant_contracts.launch import BlobChunk
from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.session import Sample
from ccplant_contracts.status import PermissionDelivery, Reason
from ccplant_contracts.stream import PermissionRequest
from ccplant_contracts.watch import Activity
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import fields, refused

SESSIONS = "/api/v1/sessions"


async def test_twenty_equal_creates_with_one_key_make_one_session(api: Api) -> None:
    async def create(name: str) -> Any:
        return await api.client.post(SESSIONS, json={"name": name}, headers={"Idempotency-Key": "k"})

    answers = await asyncio.gather(*(create("same") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await api.client.get(SESSIONS)).json()["total"] == 1
    refused(await create("another"), 409, "CONFLICT")
    made = await api.other.post(SESSIONS, json={"name": "same"}, headers={"Idempotency-Key": "k"})
    assert made.json()["session_id"] != answers[0].json()["session_id"], "a key is its owner's alone"
    refused(
        await api.client.post(SESSIONS, json={}, headers={"Idempotency-Key": "x" * 201}),
        400,
        "INVALID_REQUEST",
    )


async def test_twenty_equal_messages_with_one_key_are_one_prompt(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    path = f"{SESSIONS}/{session_id}/messages"

    async def send(text: str) -> Any:
        return await api.client.post(path, json={"text": text}, headers={"Idempotency-Key": "k"})

    answers = await asyncio.gather(*(send("same") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["prompt_id"] for answer in answers}) == 1
    refused(await send("another"), 409, "CONFLICT")
    assert len((await api.client.get(path)).json()["prompts"]) == 1


async def test_an_ended_session_takes_no_messages_and_a_stopping_one_neither(api: Api) -> None:
    session_id = await api.running()
    path = f"{SESSIONS}/{session_id}"
    stopped = await api.client.post(f"{path}/stop")
    assert stopped.status_code == 202
    assert stopped.json()["stop_requested"]["reason"] == "stopped"
    await api.control.command("session.stop", session_id)
    assert (await api.client.post(f"{path}/stop")).status_code == 202
    error = refused(await api.client.post(f"{path}/messages", json={"text": "x"}), 409, "CONFLICT")
    assert error["details"] == {"state": "running", "stop_requested": "stopped"}
    await api.control.end(session_id)
    error = refused(await api.client.post(f"{path}/messages", json={"text": "x"}), 409, "CONFLICT")
    assert error["details"]["state"] == "terminated"
    assert (await api.client.post(f"{path}/stop")).status_code == 202, (
        "it was stopped: that is what was asked for"
    )
    refused(await api.client.post(f"{path}/complete"), 409, "CONFLICT")
    shown = (await api.client.get(path)).json()
    assert shown["status_message"]["ja"] == "ann が停止しました。"
    assert shown["transcript"] == {"last_seq": 0, "complete": True}


async def test_deleting_is_idempotent_leaves_the_lists_and_keeps_the_record(api: Api) -> None:
    session_id = ""
    for settle in (False, True):
        session_id = await api.running(name=f"d{settle}")
        if settle:
            await api.control.end(session_id)
        for _ in range(2):
            answer = await api.client.delete(f"{SESSIONS}/{session_id}?force=true&delete_pvc=false")
            assert answer.status_code == 202
            assert list(answer.json()) == ["session_id", "status", "message"]
            assert answer.json()["status"] == "terminating"
        assert (await api.client.get(SESSIONS)).json()["total"] == 0
        listed = (await api.client.get(f"{SESSIONS}?include_deleted=true&name=d{settle}")).json()
        assert [item["session_id"] for item in listed["sessions"]] == [session_id]
        shown = (await api.client.get(f"{SESSIONS}/{session_id}")).json()
        assert shown["deleted_at"] is not None
        if not settle:
            assert shown["stop_requested"] | {"at": ""} == {
                "reason": "deleted", "by": "ann", "force": True, "delete_pvc": False, "at": "",
            }  # fmt: skip
    assert (await api.client.delete(f"{SESSIONS}/{session_id}?purge=true")).status_code == 202
    await api.control.command("session.purge", session_id)
    assert (await api.control.session(session_id)).purge_requested


async def test_the_time_limit_moves_only_while_open_and_never_below_what_was_used(api: Api) -> None:
    session_id = await api.running(name="limit", config={"timeout_minutes": 60})
    path = f"{SESSIONS}/{session_id}"
    running = await api.control.session(session_id)
    assert running.running_at is not None
    early = await api.control.store.sessions.change(
        running, set={"running_at": running.running_at - timedelta(minutes=30)}
    )
    assert early is not None
    error = refused(await api.client.patch(path, json={"timeout_minutes": 10}), 400, "INVALID_REQUEST")
    assert "timeout_minutes" in fields(error)
    assert error["details"]["used_minutes"] >= 30
    longer = await api.client.patch(path, json={"timeout_minutes": 120, "name": "renamed"})
    assert longer.status_code == 200
    assert (longer.json()["name"], longer.json()["config"]["timeout_minutes"]) == ("renamed", 120)
    changed = await api.control.session(session_id)
    assert changed.running_at is not None
    assert changed.deadline_at == changed.running_at + timedelta(minutes=120)
    await api.control.command("session.extend", session_id)
    assert (await api.client.patch(path, json={"timeout_minutes": 0})).json()["deadline_at"] is None
    await api.control.end(session_id)
    refused(await api.client.patch(path, json={"timeout_minutes": 200}), 409, "CONFLICT")
    assert (await api.client.patch(path, json={"name": "after"})).json()["name"] == "after"


async def test_recreating_keeps_the_configuration_and_its_secrets_and_happens_once(api: Api) -> None:
    env = {"TOKEN": "s3cr3t-value", "PLAIN": {"value": "shown", "secret": False}}
    created = await api.create(
        mode="task",
        message="do it",
        name="again",
        config={"env": env, "preset": "heavy", "timeout_minutes": 5},
    )
    path = f"{SESSIONS}/{created['session_id']}/recreate"
    refused(await api.client.post(path, json={}), 409, "CONFLICT")
    await api.control.run(created["session_id"])
    await api.control.end(created["session_id"], Reason.AGENT_CRASHED)
    assert "config.nope" in fields(
        refused(await api.client.post(path, json={"config": {"nope": 1}}), 400, "INVALID_REQUEST")
    )
    refused(await api.client.post(path, json={"resume": True}), 409, "CONFLICT")
    body = {"config": {"timeout_minutes": 9, "env": {"TOKEN": "***", "NEW": "n"}}}
    answers = await asyncio.gather(
        *(api.client.post(path, json=body, headers={"Idempotency-Key": "r"}) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    (again_id,) = {answer.json()["session_id"] for answer in answers}
    again = await api.control.session(again_id)
    assert again.recreated_from == created["session_id"]
    assert (again.config["timeout_minutes"], again.cpu_limit) == (9, "4")
    assert again.config["env"]["TOKEN"] == {"value": "s3cr3t-value", "secret": True}
    assert again.config["env"]["NEW"]["value"] == "n"
    assert [prompt.text for prompt in await api.control.store.prompts.list_for(again_id)] == ["do it"]
    assert "s3cr3t-value" not in (await api.client.get(f"{SESSIONS}/{again_id}")).text
    light = await api.client.post(path, json={"config": {"preset": "light"}})
    assert (await api.control.session(light.json()["session_id"])).memory_limit == "2Gi"


async def test_a_queued_prompt_is_edited_and_removed_and_one_under_way_is_not(api: Api) -> None:
    session_id = (await api.create(message="first"))["session_id"]
    path = f"{SESSIONS}/{session_id}/messages"
    second = (await api.client.post(path, json={"text": "second"})).json()["prompt_id"]
    first = (await api.client.get(path)).json()["prompts"][0]["prompt_id"]
    edited = await api.client.patch(f"{path}/{second}", json={"text": "second, better"})
    assert (edited.json()["text"], edited.json()["version"]) == ("second, better", 2)
    running = await api.control.run(session_id)
    assert running.launch is not None
    assert await api.control.store.prompts.begin_delivery(session_id, running.launch.id)
    for answer in (
        await api.client.patch(f"{path}/{first}", json={"text": "late"}),
        await api.client.delete(f"{path}/{first}"),
    ):
        assert refused(answer, 409, "CONFLICT")["details"]["state"] == "delivering"
    for _ in range(2):
        removed = await api.client.delete(f"{path}/{second}")
        assert (removed.status_code, removed.json()["state"]) == (200, "removed")
    cancel = f"{SESSIONS}/{session_id}/cancel"
    for body in ({}, {"prompt_id": first}):
        cancelled = await api.client.post(cancel, json=body)
        assert (cancelled.status_code, cancelled.json()["prompt_id"]) == (202, first)
        assert cancelled.json()["cancel_requested"] is True
    assert (await api.control.command("prompt.cancel", session_id)).target_id == first
    refused(await api.client.post(cancel, json={"prompt_id": "prompt-x"}), 404, "NOT_FOUND")
    await api.control.end(session_id)
    refused(await api.client.post(cancel), 409, "CONFLICT")


async def test_of_ten_answers_to_one_permission_one_counts(api: Api) -> None:
    session_id = await api.running()
    session = await api.control.session(session_id)
    options = tuple(
        PermissionOption(option_id=f"o-{kind}", name=kind, kind=kind)
        for kind in ("allow_once", "reject_once")
    )
    ask = PermissionRequest(permission_id="perm-1", prompt_id=None, title="Run ls", options=options)
    at = session.created_at
    await api.control.store.permissions.insert_requested(
        session_id, "ann", ask, at=at, expires_at=at + timedelta(minutes=10)
    )
    path = f"{SESSIONS}/{session_id}/permissions"
    assert (await api.client.get(f"{SESSIONS}/{session_id}")).json()["pending_permissions"] == 1
    error = refused(await api.client.post(f"{path}/perm-1", json={"option": "maybe"}), 400, "INVALID_REQUEST")
    assert [option["kind"] for option in error["details"]["options"]] == ["allow_once", "reject_once"]
    answers = await asyncio.gather(
        *(
            api.client.post(f"{path}/perm-1", json={"option": ("allow_once", "o-reject_once")[n % 2]})
            for n in range(10)
        )
    )
    (first,) = [answer for answer in answers if answer.status_code == 200]
    assert (first.json()["state"], first.json()["applied"]) == ("answered", False)
    for answer in answers:
        if answer is not first:
            error = refused(answer, 409, "CONFLICT")
            assert error["details"]["answer"]["kind"] == first.json()["answer"]["kind"]
    assert (await api.control.command("permission.deliver", session_id)).target_id == "perm-1"
    await api.control.store.permissions.mark_delivery(session_id, "perm-1", PermissionDelivery.APPLIED)
    listed = (await api.client.get(f"{path}?state=answered")).json()
    assert [(item["permission_id"], item["applied"]) for item in listed["permissions"]] == [("perm-1", True)]
    assert (await api.client.get(f"{path}?state=pending")).json()["total"] == 0


async def test_pages_of_a_list_show_each_session_once(api: Api) -> None:
    made = [(await api.create(name=f"s{number}"))["session_id"] for number in range(7)]
    for sort in ("started_at", "updated_at"):
        seen: list[str] = []
        page = (await api.client.get(f"{SESSIONS}?limit=3&sort={sort}&order=asc")).json()
        assert (page["total"], page["next_offset"], page["has_more"]) == (7, 3, True)
        while True:
            seen += [item["session_id"] for item in page["sessions"]]
            if page["next_cursor"] is None:
                break
            page = (
                await api.client.get(f"{SESSIONS}?limit=3&sort={sort}&order=asc&cursor={page['next_cursor']}")
            ).json()
        assert seen == made
    newest = (await api.client.get(f"{SESSIONS}?limit=2&offset=1")).json()["sessions"]
    assert [item["session_id"] for item in newest] == made[-2:-4:-1]


async def test_a_session_can_be_looked_into(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    path = f"{SESSIONS}/{session_id}"
    found = (await api.client.get(f"{path}/diagnosis")).json()
    assert found["code"] == "queued"
    assert set(found["message"]) == {"ja", "en"}
    refused(await api.client.get(f"{path}/logs"), 503, "UNAVAILABLE")
    answer = LogsAnswer(available=False)

    async def logs(message: Any) -> None:
        await message.respond(answer.model_dump_json().encode())

    await api.control.bus.subscribe(CONTROL_LOGS, cb=logs)
    await api.control.bus.flush()
    waiting = await api.client.get(f"{path}/logs")
    error = refused(waiting, 503, "SESSION_NOT_READY")
    assert (error["details"]["step"], error["details"]["diagnosis"]["code"]) == ("queued", "queued")
    assert waiting.headers["retry-after"]
    await api.control.run(session_id)
    answer = LogsAnswer(available=True, lines=("one", "two"))
    assert (await api.client.get(f"{path}/logs?tail=1")).json()["lines"] == ["two"]
    assert (await api.client.get(f"{path}/diagnosis")).json() is None
    session = await api.control.session(session_id)
    sample = Sample(at=session.created_at, cpu_usage=0.5, memory_usage=1_000)
    activity = Activity(
        updated_at=session.created_at,
        sampled_at=session.created_at,
        resources={"cpu_usage": 0.5, "memory_usage": 1_000},
    )
    await api.control.store.activity.append(session_id, sample, activity)
    assert (await api.client.get(f"{path}/usage")).json()["samples"][0]["cpu_usage"] == 0.5
    assert (await api.client.get(path)).json()["resources"]["memory_usage"] == 1_000
    types = [entry["type"] for entry in (await api.client.get(f"{path}/timeline")).json()["timeline"]]
    assert types == ["session.created", "session.running"]


async def test_a_blob_is_read_as_a_download(api: Api) -> None:
    import hashlib

    session_id = await api.running()
    data = b"<script>" * 100_000
    half = len(data) // 2
    for index, part in enumerate((data[:half], data[half:])):
        chunk = BlobChunk(
            blob_id="blob-1", index=index, total=2, size=len(data), sha256=hashlib.sha256(data).hexdigest(),
            media_type="text/html",
        )  # fmt: skip
        session = await api.control.session(session_id)
        await api.control.store.blobs.write_chunk(session_id, chunk, part, at=session.created_at)
    answer = await api.client.get(f"{SESSIONS}/{session_id}/blobs/blob-1")
    assert answer.content == data
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    refused(await api.client.get(f"{SESSIONS}/{session_id}/blobs/blob-2"), 404, "NOT_FOUND")


async def test_the_list_is_searched_by_words_of_the_name_and_shows_all_that_ended(api: Api) -> None:
    for name in ("Nightly review", "review of login", "tests"):
        assert (await api.client.post(SESSIONS, json={"name": name})).status_code == 201
    found = (await api.client.get(SESSIONS, params={"q": "REVIEW log"})).json()
    assert ([each["name"] for each in found["sessions"]], found["total"]) == (["review of login"], 1)
    session_id = found["sessions"][0]["session_id"]
    assert (await api.client.get(SESSIONS, params={"q": session_id[-8:]})).json()["total"] == 1
    assert (await api.client.get(SESSIONS, params={"status": "ended"})).json()["total"] == 0
    refused(await api.client.get(SESSIONS, params={"q": "x" * 101}), 400, "INVALID_REQUEST")
