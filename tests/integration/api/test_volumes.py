"""Kept volumes: mounted by one, listed and deleted by their owner, and a conversation that goes on."""

from __future__ import annotations

import asyncio
from typing import Any

from ccplant_contracts.status import PromptState
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import fields, refused

SESSIONS = "/api/v1/sessions"
VOLUMES = "/api/v1/volumes"


async def ended(api: Api, *, keep: bool = True, conversation: str | None = None, **body: Any) -> str:
    """A session with a volume that has ended and let go of it, as the orchestrator does it."""
    config = {"pvc_enabled": True, "pvc_storage_size": "5Gi", **body.pop("config", {})}
    created = await api.create(config=config, **body)
    session_id: str = created["session_id"]
    running = await api.control.run(session_id)
    store = api.control.store
    if conversation is not None:
        assert await store.sessions.change(running, set={"agent_session": conversation})
        prompt = await store.prompts.begin_delivery(session_id, str(running.launch and running.launch.id))
        if prompt is not None:
            await store.prompts.apply_turn(
                session_id, prompt.id, PromptState.IN_PROGRESS, at=running.created_at
            )
    await api.control.end(session_id, settle=False)
    await let_go(api, session_id, keep=keep)
    return session_id


async def let_go(api: Api, session_id: str, *, keep: bool = True) -> None:
    session = await api.control.session(session_id)
    assert session.volume_id is not None
    await api.control.store.volumes.let_go(session.volume_id, session_id, keep=keep, at=session.created_at)


async def test_a_kept_volume_is_mounted_by_one_session_of_its_owner(api: Api) -> None:
    first = await ended(api, config={"pvc_storage_size": "7Gi"})
    wish = {"config": {"pvc_enabled": True, "pvc_from": first}}
    senseless = {"config": {"pvc_enabled": True, "pvc_from": "not-a-session"}}
    said = fields(refused(await api.client.post(SESSIONS, json=senseless), 400, "INVALID_REQUEST"))
    assert "config.pvc_from" in said
    assert "config" not in said
    assert "config.pvc_from" in fields(
        refused(await api.other.post(SESSIONS, json=wish), 400, "INVALID_REQUEST")
    )
    answers = await asyncio.gather(*(api.client.post(SESSIONS, json=wish) for _ in range(6)))
    made = [answer.json()["session_id"] for answer in answers if answer.status_code == 201]
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            details = refused(answer, 409, "CONFLICT")["details"]
            assert (details["in_use_by"], details["volume_id"]) == (made[0], first)
    shown = (await api.client.get(f"{SESSIONS}/{made[0]}")).json()
    assert (shown["volume_id"], shown["config"]["pvc_storage_size"]) == (first, "7Gi")
    assert (await api.client.get(SESSIONS)).json()["total"] == 2


async def test_a_volume_can_be_named_by_any_session_that_worked_on_it(api: Api) -> None:
    first = await ended(api)
    second = await ended(api, config={"pvc_from": first})
    third = await api.create(config={"pvc_enabled": True, "pvc_from": second})
    assert (await api.control.session(third["session_id"])).volume_id == first


async def test_a_volume_that_is_just_being_let_go_of_is_waited_for(api: Api) -> None:
    session_id = (await api.create(config={"pvc_enabled": True}))["session_id"]
    wish = {"config": {"pvc_enabled": True, "pvc_from": session_id}}
    refused(await api.client.post(SESSIONS, json=wish), 409, "CONFLICT")  # it is open
    await api.control.run(session_id)
    await api.control.end(session_id, settle=False)
    waiting = asyncio.create_task(api.client.post(SESSIONS, json=wish))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    await let_go(api, session_id)
    assert (await waiting).status_code == 201


async def test_recreating_goes_on_with_the_kept_volume_and_only_one_gets_it(api: Api) -> None:
    first = await ended(api)
    path = f"{SESSIONS}/{first}/recreate"
    keyed = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(api.client.post(path, json={}, headers=keyed) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    (again,) = {answer.json()["session_id"] for answer in answers}
    assert (await api.control.session(again)).volume_id == first
    details = refused(await api.client.post(path, json={}), 409, "CONFLICT")["details"]
    assert details["in_use_by"] == again
    fresh = await api.client.post(path, json={"config": {"pvc_from": None}})
    fresh_id = fresh.json()["session_id"]
    assert (await api.control.session(fresh_id)).volume_id == fresh_id
    none = await api.client.post(path, json={"config": {"pvc_enabled": False}})
    assert (await api.control.session(none.json()["session_id"])).volume_id is None


async def test_recreating_without_a_kept_volume_begins_with_an_empty_one(api: Api) -> None:
    first = await ended(api, keep=False, config={"pvc_retain": True})
    again = await api.client.post(f"{SESSIONS}/{first}/recreate", json={})
    made = await api.control.session(again.json()["session_id"])
    assert (made.volume_id, made.config["pvc_from"], made.config["pvc_retain"]) == (made.id, None, True)


async def test_resuming_gives_the_volume_and_the_conversation(api: Api) -> None:
    first = await ended(api, conversation="conv-1", message="do it", mode="task")
    answer = await api.client.post(f"{SESSIONS}/{first}/recreate", json={"resume": True})
    assert answer.status_code == 201, answer.text
    resumed = await api.control.session(answer.json()["session_id"])
    assert (resumed.resumes, resumed.volume_id, resumed.recreated_from) == ("conv-1", first, first)
    assert await api.control.store.prompts.list_for(resumed.id) == [], "what was said is not said again"
    shown = (await api.client.get(f"{SESSIONS}/{resumed.id}")).json()
    assert (shown["resumed"], shown["mode"]) == (True, "interactive")
    # and once more, by the one that resumed and was not spoken to
    running = await api.control.run(resumed.id)
    assert await api.control.store.sessions.change(running, set={"agent_session": "conv-1"})
    await api.control.end(resumed.id, settle=False)
    await let_go(api, resumed.id)
    twice = await api.client.post(f"{SESSIONS}/{resumed.id}/recreate", json={"resume": True})
    assert (await api.control.session(twice.json()["session_id"])).resumes == "conv-1"


async def test_resuming_says_what_is_missing(api: Api) -> None:
    async def resume(session_id: str, **config: Any) -> Any:
        body = {"resume": True, "config": config}
        return await api.client.post(f"{SESSIONS}/{session_id}/recreate", json=body)

    def state(answer: Any) -> Any:
        return refused(answer, 409, "CONFLICT")["details"]["state"]

    plain = await api.running()
    await api.control.end(plain)
    assert state(await resume(plain)) == "no_volume"
    assert state(await resume(await ended(api, keep=False, conversation="c", message="m"))) == "volume_gone"
    assert state(await resume(await ended(api, conversation="c"))) == "no_conversation"
    assert state(await resume(await ended(api, message="m"))) == "no_conversation"
    good = await ended(api, conversation="c", message="m")
    for override in ({"pvc_from": None}, {"pvc_enabled": False}):
        assert "config.pvc_from" in fields(refused(await resume(good, **override), 400, "INVALID_REQUEST"))
    assert "config.agent" in fields(refused(await resume(good, agent="another"), 400, "INVALID_REQUEST"))
    assert (await api.client.get(SESSIONS, params={"status": "pending"})).json()["total"] == 0


async def test_volumes_are_listed_with_owner_size_and_age(api: Api) -> None:
    kept = await ended(api, name="kept", config={"pvc_storage_size": "7Gi"})
    used = (await api.create(name="used", config={"pvc_enabled": True}))["session_id"]
    listed = (await api.client.get(VOLUMES)).json()
    assert (listed["total"], listed["has_more"]) == (2, False)
    newest, older = listed["volumes"]
    assert (newest["volume_id"], newest["in_use_by"], newest["session_name"]) == (used, used, "used")
    assert (older["volume_id"], older["size"], older["owner"], older["session_name"]) == (
        kept, "7Gi", "ann", "kept",
    )  # fmt: skip
    assert older["in_use_by"] is None
    assert older["kept_at"].endswith("Z")
    assert older["age_seconds"] >= 0
    page = (await api.client.get(VOLUMES, params={"limit": 1})).json()
    assert (len(page["volumes"]), page["has_more"], page["next_offset"]) == (1, True, 1)
    assert (await api.other.get(VOLUMES)).json()["total"] == 0


async def test_a_free_volume_is_deleted_and_one_in_use_is_not(api: Api) -> None:
    kept = await ended(api)
    used = (await api.create(config={"pvc_enabled": True}))["session_id"]
    for volume_id in (kept, "session-ann-0000000000", "nonsense"):
        refused(await api.other.delete(f"{VOLUMES}/{volume_id}"), 404, "NOT_FOUND")
    details = refused(await api.client.delete(f"{VOLUMES}/{used}"), 409, "CONFLICT")["details"]
    assert details["in_use_by"] == used
    for _ in range(2):
        answer = await api.client.delete(f"{VOLUMES}/{kept}")
        assert (answer.status_code, answer.json()["deleting"]) == (202, True)
    wish = {"config": {"pvc_enabled": True, "pvc_from": kept}}
    details = refused(await api.client.post(SESSIONS, json=wish), 409, "CONFLICT")["details"]
    assert details["state"] == "deleting"
    await api.control.store.volumes.forget(kept)
    refused(await api.client.delete(f"{VOLUMES}/{kept}"), 404, "NOT_FOUND")
    assert "config.pvc_from" in fields(
        refused(await api.client.post(SESSIONS, json=wish), 400, "INVALID_REQUEST")
    )


async def test_a_volume_outlives_the_record_of_its_session(api: Api) -> None:
    kept = await ended(api, config={"pvc_retain": True})
    await api.control.store.purge(kept)
    (volume,) = (await api.client.get(VOLUMES)).json()["volumes"]
    assert (volume["volume_id"], volume["session_name"]) == (kept, None)
    wish = {"config": {"pvc_enabled": True, "pvc_from": kept}}
    assert (await api.client.post(SESSIONS, json=wish)).status_code == 201
