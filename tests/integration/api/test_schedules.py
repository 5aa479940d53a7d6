"""Schedules: created with their next runs, changed without losing a tick, run by hand once, each run with its fate."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from ccplant_api.settings import ApiSettings
from ccplant_contracts import subjects
from ccplant_contracts.dispatch import DispatchFailure, Target, reuse_target
from ccplant_contracts.ids import new_run_id
from ccplant_contracts.status import PromptState, Reason
from ccplant_platform.settings import MongoSettings
from ccplant_store.schedules.model import RunDoc, ScheduleDoc, run_key
from tests.integration.api.conftest import Api, Control, served
from tests.integration.api.test_errors import fields, refused
from tests.integration.api.test_webhooks import client_of
from tests.integration.api.triggers import dispatch
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

SCHEDULES = "/api/v1/schedules"
SECRET = "ghp_s3cr3ts3cr3t"
NIGHTLY: dict[str, Any] = {
    "name": "nightly",
    "cron": "30 3 * * *",
    "timezone": "Asia/Tokyo",
    "message": "Run the tests",
    "repository": "example/shop",
    "config": {"env": {"TOKEN": SECRET}},
}


async def made(api: Api, **changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in {**NIGHTLY, **changes}.items() if value is not None}
    answer = await api.client.post(SCHEDULES, json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def kept(api: Api, created: dict[str, Any]) -> ScheduleDoc:
    schedule = await api.control.store.schedules.get(created["schedule_id"])
    assert schedule is not None
    return schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_schedule_is_shown_with_its_next_runs_and_without_secrets(api: Api) -> None:
    woken: list[bytes] = []

    async def on_wake(message: Any) -> None:
        woken.append(message.data)

    await api.control.bus.subscribe(subjects.WAKE_SCHEDULES, cb=on_wake)
    await api.control.bus.flush()
    created = await made(api)
    path = f"{SCHEDULES}/{created['schedule_id']}"
    runs = [at(moment) for moment in created["next_runs"]]
    assert len(runs) == 5
    assert all((moment.hour, moment.minute) == (18, 30) for moment in runs)
    assert at(created["next_run_at"]) == runs[0] > datetime.now(UTC)
    assert (created["mode"], created["overlap"], created["warnings"]) == ("task", "skip", [])
    shown = (await api.client.get(path)).json()
    assert shown == created
    listed = await api.client.get(SCHEDULES)
    assert [item["schedule_id"] for item in listed.json()["schedules"]] == [created["schedule_id"]]
    assert listed.json()["schedules"][0]["next_run_at"] == created["next_run_at"]
    assert SECRET not in str(shown) + listed.text
    schedule = await kept(api, created)
    assert schedule.definition["config"]["env"]["TOKEN"]["value"] == SECRET
    assert schedule.next_tick_at == schedule.next_fire_at == runs[0]
    assert await eventually(lambda: woken), "the scheduler sleeps through its first tick"


async def test_the_same_request_again_makes_no_second_schedule(api: Api) -> None:
    keyed = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(
        *(api.client.post(SCHEDULES, json=NIGHTLY, headers=keyed) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["schedule_id"] for answer in answers}) == 1
    assert (await api.client.get(SCHEDULES)).json()["total"] == 1
    other = await api.client.post(SCHEDULES, json={**NIGHTLY, "name": "x"}, headers=keyed)
    refused(other, 409, "CONFLICT")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"cron": "30 3 * *"}, "cron"),
    ({"cron": "0 30 3 * * *"}, "cron"),
    ({"cron": "61 3 * * *"}, "cron"),
    ({"cron": "@often"}, "cron"),
    ({"cron": "0 0 30 2 *"}, "cron"),
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"timezone": "../../etc/passwd"}, "timezone"),
    ({"message": " "}, "message"),
    ({"overlap": "both"}, "overlap"),
    ({"jitter_seconds": 4_000}, "jitter_seconds"),
    ({"catch_up_seconds": -1}, "catch_up_seconds"),
    ({"config": {"agent": "no-such-agent"}}, "config.agent"),
    ({"crn": "@daily"}, "crn"),
    ({"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}, "body"),
    ({"session_id": "x"}, "body"),
]


async def test_each_wrong_field_is_named_at_creation_and_at_a_change(api: Api) -> None:
    created = await made(api)
    for change, field in WRONG:
        answer = await api.client.post(SCHEDULES, json={**NIGHTLY, **change})
        assert field in fields(refused(answer, 400, "INVALID_REQUEST")), change
        answer = await api.client.patch(f"{SCHEDULES}/{created['schedule_id']}", json=change)
        assert field in fields(refused(answer, 400, "INVALID_REQUEST")), change
    both = {**NIGHTLY, "cron_expression": "@daily"}
    refused(await api.client.post(SCHEDULES, json=both), 400, "INVALID_REQUEST")
    other_name = {**NIGHTLY, "cron_expression": "@daily"}
    del other_name["cron"]
    assert (await api.client.post(SCHEDULES, json=other_name)).json()["cron"] == "@daily"
    assert (await api.client.get(f"{SCHEDULES}/{created['schedule_id']}")).json()["version"] == 1


async def test_what_a_schedule_cannot_do_is_said_at_its_creation(api: Api) -> None:
    reused = {"reuse_session": True, "config": {"timeout_minutes": 60}}
    warned = await made(api, cron="@hourly", **reused)
    (warning,) = warned["warnings"]
    assert "60" in warning["en"]
    assert "1 h" in warning["en"]
    assert "1 時間" in warning["ja"]
    for fine in (
        {"cron": "@hourly", "reuse_session": True, "config": {"timeout_minutes": 61}},
        {"cron": "@daily", "reuse_session": True, "config": {"timeout_minutes": 0}},
        {"cron": "@hourly", "config": {"timeout_minutes": 5}},
    ):
        assert (await made(api, **fine))["warnings"] == [], fine
    over = await made(api, ends_at="2020-01-01T00:00:00Z")
    assert (over["next_run_at"], over["next_runs"], len(over["warnings"])) == (None, [], 1)
    path = f"{SCHEDULES}/{warned['schedule_id']}"
    mended = await api.client.patch(path, json={"config": {"timeout_minutes": 0}})
    assert mended.json()["warnings"] == []


async def test_a_change_of_its_times_moves_the_next_run_and_nothing_else_does(api: Api) -> None:
    created = await made(api)
    path = f"{SCHEDULES}/{created['schedule_id']}"
    before = await kept(api, created)
    renamed = await api.client.patch(
        path, json={"name": "other", "message": "Do it", "config": {"env": {"TOKEN": "***"}}}
    )
    assert renamed.status_code == 200, renamed.text
    schedule = await kept(api, created)
    assert (schedule.fire_version, schedule.version) == (before.fire_version, 2), "a tick would have to wait"
    assert schedule.definition["config"]["env"]["TOKEN"]["value"] == SECRET
    moved = (await api.client.patch(path, json={"cron": "0 12 * * *", "timezone": None})).json()
    assert at(moved["next_run_at"]).hour == 12
    assert (await kept(api, created)).fire_version == before.fire_version + 1
    off = (await api.client.patch(path, json={"enabled": False})).json()
    assert (off["next_run_at"], off["next_runs"]) == (None, [])
    on = (await api.client.patch(path, json={"enabled": True})).json()
    assert on["next_run_at"] == moved["next_run_at"]


async def test_an_edit_in_the_moment_of_a_tick_does_not_lose_it(api: Api) -> None:
    created = await made(api, cron="* * * * *")
    path = f"{SCHEDULES}/{created['schedule_id']}"
    schedule = await kept(api, created)
    tick = (datetime.now(UTC) - timedelta(seconds=90)).replace(second=0, microsecond=0)
    assert await api.control.store.schedules.change(schedule, set={}, times=(tick, tick))
    edited = await api.client.patch(path, json={"cron": "*/5 * * * *", "jitter_seconds": 1})
    assert edited.status_code == 200
    after = await kept(api, created)
    assert after.next_tick_at == tick
    assert after.next_fire_at is not None
    assert tick <= after.next_fire_at <= tick + timedelta(seconds=1)


async def test_a_tick_between_reading_and_writing_is_not_undone_by_an_edit(api: Api) -> None:
    created = await made(api, cron="* * * * *")
    schedule = await kept(api, created)
    assert schedule.next_tick_at is not None
    following = schedule.next_tick_at + timedelta(minutes=1)
    store = api.control.store.schedules
    fired = await store.fire(
        schedule,
        last_tick=schedule.next_tick_at,
        next_tick=following,
        next_fire=following,
        runs=[],
        dispatch=None,
    )
    assert fired
    stale = await store.change(
        schedule, set={"name": "x"}, times=(schedule.next_tick_at, schedule.next_tick_at)
    )
    assert stale is None, "the tick would fire twice"
    path = f"{SCHEDULES}/{created['schedule_id']}"
    assert (await api.client.patch(path, json={"name": "x"})).status_code == 200
    assert (await kept(api, created)).next_tick_at == following


async def test_a_schedule_runs_now_once_for_each_key(api: Api) -> None:
    created = await made(api, enabled=False)
    path = f"{SCHEDULES}/{created['schedule_id']}"
    keyed = {"Idempotency-Key": "now"}
    answers = await asyncio.gather(*(api.client.post(f"{path}/run", headers=keyed) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    (run_id,) = {answer.json()["run_id"] for answer in answers}
    assert answers[0].json()["outcome"] == "waiting"
    waiting = (await api.client.get("/api/v1/dispatches")).json()
    (item,) = waiting["dispatches"]
    assert (item["message"], item["target"], item["place"]) == ("Run the tests", "new", 1)
    assert item["source"] == {
        "kind": "schedule", "id": created["schedule_id"], "name": "nightly", "delivery_id": None, "run_id": run_id,
    }  # fmt: skip
    assert (await api.client.post(f"{path}/run")).json()["run_id"] != run_id
    runs = (await api.client.get(f"{path}/runs")).json()
    assert runs["total"] == 2
    assert {run["trigger"] for run in runs["runs"]} == {"manual"}
    assert (await api.client.get(path)).json()["last_run"]["run_id"] == runs["runs"][0]["run_id"]
    assert (await kept(api, created)).next_tick_at is None
    added = await api.control.store.dispatches.get(item["dispatch_id"])
    assert added is not None
    start = added.new_session()
    assert (start.name, start.repository, start.mode.value) == (
        "nightly",
        "https://github.com/example/shop",
        "task",
    )
    assert start.config.env["TOKEN"].value == SECRET

    def told() -> bool:
        return any(command.target_id == added.queue for command in api.control.commands)

    assert await eventually(told), "the orchestrator hears nothing of it"


async def test_runs_of_a_reused_session_stand_in_its_queue(api: Api) -> None:
    session_id = await api.running(name="nightly")
    created = await made(api, reuse_session=True, session_id="nightly")
    for _ in range(2):
        assert (await api.client.post(f"{SCHEDULES}/{created['schedule_id']}/run")).status_code == 202
    (one, two) = (await api.client.get("/api/v1/dispatches")).json()["dispatches"]
    assert one["target"] == "name nightly"
    docs = await api.control.store.dispatches.many([one["dispatch_id"], two["dispatch_id"]])
    assert [docs[item["dispatch_id"]].number for item in (one, two)] == [1, 2]
    expected = reuse_target(reuse=True, session="nightly", key=None).queue("ann", "")
    assert {doc.queue for doc in docs.values()} == {expected}
    assert session_id


async def run_of(api: Api, created: dict[str, Any], minutes: int, **changes: Any) -> RunDoc:
    """What the scheduler writes of a tick."""
    store = api.control.store
    tick = (datetime.now(UTC) - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    schedule = await kept(api, created)
    target = changes.pop("target", Target("new"))
    made_of = changes.pop("outcome", "handed")
    item = dispatch(source_id=schedule.id, target=target) if made_of == "handed" else None
    run = RunDoc(
        **{
            "id": new_run_id(),
            "schedule_id": schedule.id,
            "owner": "ann",
            "trigger": "tick",
            "key": run_key(schedule.id, tick),
            "tick_at": tick,
            "due_at": tick,
            "fired_at": tick + timedelta(milliseconds=40) if item else None,
            "outcome": made_of,
            "dispatch_id": item.id if item else None,
            "created_at": tick,
            **changes,
        }
    )
    assert await store.schedules.fire(
        schedule, last_tick=tick, next_tick=None, next_fire=None, runs=[run], dispatch=item
    )
    return run


async def test_each_run_tells_what_became_of_it(api: Api) -> None:
    created = await made(api)
    store = api.control.store
    path = f"{SCHEDULES}/{created['schedule_id']}/runs"
    missed = await run_of(api, created, 90, outcome="missed", missed_count=3,
        missed_until=datetime.now(UTC) - timedelta(minutes=85), key=None)  # fmt: skip
    skipped = await run_of(api, created, 80, outcome="skipped", reason="overlap")
    ended = await run_of(api, created, 70)
    broken = await run_of(api, created, 60)
    reused = await run_of(api, created, 50, target=Target("last"))
    waiting = await run_of(api, created, 40)
    # the orchestrator's side
    body = {"message": "Run", "mode": "task"}
    session = await api.create(**body)
    running = await api.control.run(session["session_id"])
    assert running.launch is not None
    prompt = await store.prompts.begin_delivery(running.id, running.launch.id)
    assert prompt is not None
    await store.prompts.apply_turn(running.id, prompt.id, PromptState.IN_PROGRESS, at=running.created_at)
    later = running.created_at + timedelta(seconds=75)
    done = await store.dispatches.get(str(ended.dispatch_id))
    assert done is not None
    await store.dispatches.dispatched(
        done, session_id=running.id, prompt_id=prompt.id, created=True, at=running.created_at
    )
    shared = await api.create(message="Run", name="shared")
    other = await store.dispatches.get(str(reused.dispatch_id))
    assert other is not None
    await store.dispatches.dispatched(
        other, session_id=shared["session_id"], prompt_id=shared["prompt_id"], created=False, at=later
    )
    lost = await store.dispatches.get(str(broken.dispatch_id))
    assert lost is not None
    await store.dispatches.fail(
        lost, DispatchFailure(code="volume_refused", message={"ja": "だめ", "en": "no"}), at=later
    )

    async def outcomes() -> dict[str, dict[str, Any]]:
        page = (await api.client.get(path)).json()
        assert page["total"] == 6
        assert [run["run_id"] for run in page["runs"]] == [
            run.id for run in (waiting, reused, broken, ended, skipped, missed)
        ]
        return {run["run_id"]: run for run in page["runs"]}

    shown = await outcomes()
    assert (shown[missed.id]["outcome"], shown[missed.id]["missed_count"]) == ("missed", 3)
    assert shown[missed.id]["reason_message"]["ja"]
    assert (shown[skipped.id]["outcome"], shown[skipped.id]["reason"]) == ("skipped", "overlap")
    assert "overlap" in shown[skipped.id]["reason_message"]["en"]
    assert shown[skipped.id]["fired_at"] is None
    assert (shown[ended.id]["outcome"], shown[ended.id]["late_seconds"]) == ("running", 0.04)
    assert shown[ended.id]["session_id"] == running.id
    assert (shown[broken.id]["outcome"], shown[broken.id]["reason"]) == ("failed", "volume_refused")
    assert (shown[reused.id]["outcome"], shown[reused.id]["reason"]) == ("waiting", "in_session_queue")
    assert shown[waiting.id]["outcome"] == "waiting"
    # and as things go on, without anybody writing to the runs
    await store.prompts.apply_turn(running.id, prompt.id, PromptState.DONE, at=later)
    await api.control.end(running.id, Reason.TASK_FINISHED)
    await api.client.delete(f"/api/v1/sessions/{shared['session_id']}/messages/{shared['prompt_id']}")
    shown = await outcomes()
    assert (shown[ended.id]["outcome"], shown[ended.id]["reason"]) == ("succeeded", None)
    assert shown[ended.id]["duration_seconds"] is not None
    assert shown[reused.id]["outcome"] == "cancelled"
    await api.control.store.purge(running.id)
    assert (await outcomes())[ended.id]["outcome"] == "erased"
    listed = (await api.client.get(SCHEDULES)).json()["schedules"][0]
    assert listed["last_run"]["run_id"] == waiting.id
    page = (await api.client.get(path, params={"limit": 2, "offset": 4})).json()
    assert ([run["run_id"] for run in page["runs"]], page["has_more"]) == ([skipped.id, missed.id], False)


async def test_a_preview_shows_the_clocks_of_the_zone_and_skips_no_day_of_a_change(api: Api) -> None:
    body = {
        "cron": "30 2 * * *",
        "timezone": "America/New_York",
        "count": 3,
        "starts_at": "2027-03-13T00:00:00Z",
    }
    preview = await api.client.post(f"{SCHEDULES}/preview", json=body)
    assert preview.status_code == 200, preview.text
    assert [run["local"] for run in preview.json()["runs"]] == [
        "2027-03-13T02:30:00-05:00", "2027-03-14T03:00:00-04:00", "2027-03-15T02:30:00-04:00",
    ]  # fmt: skip
    assert preview.json()["runs"][1]["at"] == "2027-03-14T07:00:00.000Z"
    bounded = {**body, "ends_at": "2027-03-14T00:00:00Z"}
    assert len((await api.client.post(f"{SCHEDULES}/preview", json=bounded)).json()["runs"]) == 1
    wrong = await api.client.post(f"{SCHEDULES}/preview", json={"cron": "x"})
    assert "cron" in fields(refused(wrong, 400, "INVALID_REQUEST"))


async def test_another_owners_schedule_does_not_exist(api: Api) -> None:
    created = await made(api)
    routes = [
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/run", None),
        ("GET", "/runs", None),
    ]  # fmt: skip
    for method, rest, body in routes:
        theirs = await api.other.request(method, f"{SCHEDULES}/{created['schedule_id']}{rest}", json=body)
        error = refused(theirs, 404, "NOT_FOUND")
        nowhere = await api.other.request(method, f"{SCHEDULES}/sched-0000000000000000{rest}", json=body)
        assert nowhere.json()["error"]["message"] == error["message"], "its existence is told"
    assert (await api.other.get(SCHEDULES)).json()["total"] == 0
    assert (await api.client.get(f"{SCHEDULES}/{created['schedule_id']}")).json()["version"] == 1
    assert (await api.client.get("/api/v1/dispatches")).json()["total"] == 0


async def test_a_deleted_schedule_is_gone_and_fires_no_more(api: Api) -> None:
    created = await made(api)
    path = f"{SCHEDULES}/{created['schedule_id']}"
    assert (await api.client.delete(path)).status_code == 204
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/run"), ("GET", "/runs")):
        refused(await api.client.request(method, path + rest), 404, "NOT_FOUND")
    schedule = await kept(api, created)
    assert (schedule.next_tick_at, schedule.next_fire_at) == (None, None)
    assert SECRET not in str(schedule.encode())


async def test_an_owner_may_have_so_many_and_no_more(
    api_settings: ApiSettings, nats_server: NatsServer, mongo_settings: MongoSettings, control: Control
) -> None:
    settings = api_settings.model_copy(update={"max_schedules_per_owner": 1})
    async with served(settings, nats_server, mongo_settings) as url, client_of(url) as client:
        assert (await client.post(SCHEDULES, json=NIGHTLY)).status_code == 201
        error = refused(await client.post(SCHEDULES, json=NIGHTLY), 429, "RESOURCE_QUOTA_EXCEEDED")
        assert error["details"] == {"limit": 1, "current": 1}
