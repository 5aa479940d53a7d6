"""Webhooks: created with a secret that is shown once, changed field by field, tried out without consequences."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ccplant_api.settings import ApiSettings
from ccplant_contracts.dispatch import Target
from ccplant_platform.sealing import Sealer
from ccplant_platform.settings import MongoSettings
from ccplant_store.webhooks.model import secret_purpose
from ccplant_triggers.examples import EXAMPLES
from tests.integration.api.conftest import BOOTSTRAP, SEALING_KEY, Api, Control, served
from tests.integration.api.test_errors import fields, refused
from tests.integration.api.triggers import dispatch, finished, handed, received
from tests.support.servers import NatsServer

WEBHOOKS = "/api/v1/webhooks"
SECRET = "ghp_s3cr3ts3cr3t"
SEALER = Sealer([bytes.fromhex(SEALING_KEY)])
REVIEWS: dict[str, Any] = {
    "name": "reviews",
    "events": ["pull_request"],
    "actions": ["opened", "synchronize"],
    "message": "Review {{ pull_request.html_url }}",
    "reuse_session": True,
    "reuse_key": "{{ repository.full_name }}#{{ number }}",
    "config": {"env": {"TOKEN": SECRET}, "mcp_servers": {"gh": {"command": "gh", "env": {"T": SECRET}}}},
}


async def made(api: Api, **changes: Any) -> dict[str, Any]:
    answer = await api.client.post(WEBHOOKS, json={**REVIEWS, **changes})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def secret_of(api: Api, webhook_id: str) -> str:
    """The secret by which the ingest checks signatures."""
    webhook = await api.control.store.webhooks.get(webhook_id)
    assert webhook is not None
    return SEALER.unseal(webhook.sealed_secret, secret_purpose(webhook_id))


async def test_a_webhook_is_shown_with_its_address_and_its_secret_only_once(api: Api) -> None:
    created = await made(api)
    webhook_id, secret = created["webhook_id"], created["secret"]
    assert secret.startswith("whsec_")
    assert len(secret) == 46
    assert await secret_of(api, webhook_id) == secret
    assert created["delivery_url"] == f"http://127.0.0.1:8081/webhooks/{webhook_id}"
    shown = (await api.client.get(f"{WEBHOOKS}/{webhook_id}")).json()
    assert shown == {name: value for name, value in created.items() if name != "secret"}
    assert (shown["mode"], shown["enabled"], shown["deliveries"]) == ("interactive", True, 0)
    assert shown["config"]["agent"] == "demo"
    assert shown["last_outcome"] is None
    listed = await api.client.get(WEBHOOKS)
    assert [item["webhook_id"] for item in listed.json()["webhooks"]] == [webhook_id]
    for text in (listed.text, str(shown)):
        assert SECRET not in text
        assert secret not in text
    kept = await api.control.store.webhooks.get(webhook_id)
    assert kept is not None
    assert secret not in str(kept.encode())
    assert kept.definition["config"]["env"]["TOKEN"]["value"] == SECRET


async def test_the_same_request_again_makes_no_second_one_and_shows_the_same_secret(api: Api) -> None:
    keyed = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(
        *(api.client.post(WEBHOOKS, json=REVIEWS, headers=keyed) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert (await api.client.get(WEBHOOKS)).json()["total"] == 1
    again = await api.client.post(WEBHOOKS, json=REVIEWS, headers=keyed)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["secret"] == await secret_of(api, again.json()["webhook_id"])
    other = await api.client.post(WEBHOOKS, json={**REVIEWS, "name": "x"}, headers=keyed)
    refused(other, 409, "CONFLICT")
    kept = await api.control.store.idempotency.find("ann", "webhooks", "once")
    assert kept is not None
    assert again.json()["secret"] not in str(kept.encode()), "the secret lies open in the database"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"events": []}, "events"),
    ({"events": ["Pull Request"]}, "events[0]"),
    ({"evnts": ["push"]}, "evnts"),
    ({"message": "{{ pull_request.html_url"}, "message"),
    ({"message": "{% macro x() %}{% endmacro %}"}, "message"),
    ({"condition": "range(10)"}, "condition"),
    ({"reuse_key": "{{ number.__class__ }}"}, "reuse_key"),
    ({"reuse_key": "{{ no_such_thing }}"}, "reuse_key"),
    ({"branches": [" main"]}, "branches[0]"),
    ({"max_dispatches_per_hour": 0}, "max_dispatches_per_hour"),
    ({"auto_delete_after_hours": 0}, "auto_delete_after_hours"),
    ({"config": {"agent": "no-such-agent"}}, "config.agent"),
    ({"config": {"image": "x"}}, "config.image"),
    ({"config": {"pvc_enabled": True, "pvc_from": "session-ann-0000000000"}}, "config.pvc_from"),
    ({"config": {"cpu_limit": "2x"}}, "config.cpu_limit"),
    ({"reuse_session": False}, "body"),
    ({"session_id": "x"}, "body"),
    ({"branch": "main"}, "body"),
]


async def test_each_wrong_field_is_named_at_creation_and_at_a_change(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    for change, field in WRONG:
        answer = await api.client.post(WEBHOOKS, json={**REVIEWS, **change})
        assert field in fields(refused(answer, 400, "INVALID_REQUEST")), change
        answer = await api.client.patch(f"{WEBHOOKS}/{webhook_id}", json=change)
        assert field in fields(refused(answer, 400, "INVALID_REQUEST")), change
        assert SECRET not in answer.text
    error = refused(
        await api.client.post(WEBHOOKS, json={**REVIEWS, "message": "a\n{{ 1 + 2 }}"}), 400, "INVALID_REQUEST"
    )
    assert (error["details"]["line"], set(error["details"]["text"])) == (2, {"ja", "en"})
    assert (await api.client.get(f"{WEBHOOKS}/{webhook_id}")).json()["version"] == 1
    assert (await api.client.get(WEBHOOKS)).json()["total"] == 1


async def test_single_fields_change_null_clears_and_a_mask_keeps_a_secret(api: Api) -> None:
    created = await made(api, condition="not pull_request.draft", labels={"team": "a"})
    path = f"{WEBHOOKS}/{created['webhook_id']}"
    shown = (await api.client.get(path)).json()
    config = {**shown["config"], "timeout_minutes": 90}
    changed = await api.client.patch(path, json={"config": config, "condition": None, "events": ["push"],
        "reuse_key": None, "enabled": False})  # fmt: skip
    assert changed.status_code == 200, changed.text
    now = changed.json()
    assert (now["condition"], now["events"], now["enabled"], now["version"]) == (None, ["push"], False, 2)
    assert (now["message"], now["labels"], now["name"]) == (shown["message"], {"team": "a"}, "reviews")
    kept = await api.control.store.webhooks.get(created["webhook_id"])
    assert kept is not None
    assert (kept.enabled, kept.definition["config"]["timeout_minutes"]) == (False, 90)
    assert kept.definition["config"]["env"]["TOKEN"]["value"] == SECRET
    assert kept.definition["config"]["mcp_servers"]["gh"]["env"]["T"] == SECRET
    heavy = await api.client.patch(path, json={"config": {"preset": "heavy", "mcp_servers": None}})
    assert (heavy.json()["config"]["cpu_limit"], heavy.json()["config"]["mcp_servers"]) == ("4", {})
    assert heavy.json()["config"]["timeout_minutes"] == 90
    same = await api.client.patch(path, json={"events": ["push"]})
    assert same.json()["version"] == heavy.json()["version"], "nothing changed"
    assert "name" in fields(
        refused(await api.client.patch(path, json={"name": None}), 400, "INVALID_REQUEST")
    )


async def test_a_secret_is_never_shown_by_a_change_and_a_mask_of_nothing_is_refused(api: Api) -> None:
    created = await made(api, config={"env": {"TOKEN": {"value": SECRET, "secret": True}}})
    path = f"{WEBHOOKS}/{created['webhook_id']}"
    for name, item in (("TOKEN", {"value": "***", "secret": False}), ("OTHER", "***")):
        answer = await api.client.patch(path, json={"config": {"env": {name: item}}})
        assert list(fields(refused(answer, 400, "INVALID_REQUEST"))) == [f"config.env.{name}.value"]
    copy = {**REVIEWS, "name": "copy", "config": (await api.client.get(path)).json()["config"]}
    answer = await api.client.post(WEBHOOKS, json=copy)
    assert list(fields(refused(answer, 400, "INVALID_REQUEST"))) == ["config.env.TOKEN.value"]
    tried = {"definition": copy, "event": "pull_request"}
    assert (await api.client.post(f"{WEBHOOKS}/test", json=tried)).status_code == 200, "a dry run needs none"
    assert SECRET not in (await api.client.get(path)).text


async def test_what_a_change_does_not_touch_is_not_asked_for_again(api: Api) -> None:
    """An agent or a volume may be gone: its webhook must still be possible to disable."""
    created = await made(api)
    path = f"{WEBHOOKS}/{created['webhook_id']}"
    webhook = await api.control.store.webhooks.get(created["webhook_id"])
    assert webhook is not None
    config = {**webhook.definition["config"], "agent": "gone"}
    assert await api.control.store.webhooks.change(
        webhook, set={"definition": {**webhook.definition, "config": config}}
    )
    disabled = await api.client.patch(path, json={"enabled": False})
    assert (disabled.status_code, disabled.json()["enabled"]) == (200, False)
    touched = await api.client.patch(path, json={"config": {"timeout_minutes": 5}})
    assert "config.agent" in fields(refused(touched, 400, "INVALID_REQUEST"))


async def test_changes_at_the_same_time_are_all_applied(api: Api) -> None:
    path = f"{WEBHOOKS}/{(await made(api))['webhook_id']}"
    changes: list[dict[str, Any]] = [
        {"name": "other"},
        {"labels": {"a": "b"}},
        {"actions": ["closed"]},
        {"senders": ["ann"]},
    ]
    answers = await asyncio.gather(*(api.client.patch(path, json=change) for change in changes))
    assert {answer.status_code for answer in answers} == {200}
    shown = (await api.client.get(path)).json()
    for change in changes:
        assert {name: shown[name] for name in change} == change
    assert shown["version"] == 5


async def test_a_rotated_secret_leaves_the_one_before_it_good_for_a_while(api: Api) -> None:
    created = await made(api)
    path = f"{WEBHOOKS}/{created['webhook_id']}"
    keyed = {"Idempotency-Key": "rotate-1"}
    rotated = await api.client.post(f"{path}/rotate-secret", json={"grace_minutes": 30}, headers=keyed)
    assert rotated.status_code == 200, rotated.text
    secret = rotated.json()["secret"]
    assert secret not in ("", created["secret"])
    again = await api.client.post(f"{path}/rotate-secret", json={"grace_minutes": 30}, headers=keyed)
    assert again.json() == rotated.json()
    assert again.headers["idempotency-replayed"] == "true"
    webhook = await api.control.store.webhooks.get(created["webhook_id"])
    assert webhook is not None
    good = [
        SEALER.unseal(sealed, secret_purpose(webhook.id))
        for sealed in webhook.sealed_secrets(datetime.now(UTC))
    ]
    assert good == [secret, created["secret"]], "a repeat must not take the old one's grace"
    at_once = await api.client.post(f"{path}/rotate-secret", json={"grace_minutes": 0})
    assert at_once.json()["old_secret_until"] is None
    webhook = await api.control.store.webhooks.get(created["webhook_id"])
    assert webhook is not None
    assert len(webhook.sealed_secrets(datetime.now(UTC))) == 1
    assert (await api.client.get(path)).json()["secret_rotated_at"].endswith("Z")


async def test_a_deleted_webhook_is_gone_and_takes_nothing(api: Api) -> None:
    created = await made(api)
    path = f"{WEBHOOKS}/{created['webhook_id']}"
    assert (await api.client.delete(path)).status_code == 204
    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate-secret"),
        ("GET", "/deliveries"),
    ):
        body: dict[str, Any] | None = {} if method in ("PATCH", "POST") else None
        refused(await api.client.request(method, path + rest, json=body), 404, "NOT_FOUND")
    assert (await api.client.get(WEBHOOKS)).json()["total"] == 0
    kept = await api.control.store.webhooks.get(created["webhook_id"])
    assert kept is not None
    assert not kept.answers
    assert SECRET not in str(kept.encode())


async def test_another_owners_webhook_does_not_exist(api: Api) -> None:
    created = await made(api)
    delivery = await received(api.control.store, created["webhook_id"])
    routes = [
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/rotate-secret", {}),
        ("GET", "/deliveries", None), ("GET", f"/deliveries/{delivery.id}", None),
        ("POST", f"/deliveries/{delivery.id}/replay", None),
    ]  # fmt: skip
    for method, rest, body in routes:
        mine = await api.other.request(method, f"{WEBHOOKS}/{created['webhook_id']}{rest}", json=body)
        error = refused(mine, 404, "NOT_FOUND")
        nowhere = await api.other.request(method, f"{WEBHOOKS}/hook-0000000000000000{rest}", json=body)
        assert nowhere.json()["error"]["message"] == error["message"], "its existence is told"
    tried = {"webhook_id": created["webhook_id"], "event": "push"}
    refused(await api.other.post(f"{WEBHOOKS}/test", json=tried), 404, "NOT_FOUND")
    assert (await api.other.get(WEBHOOKS)).json()["total"] == 0
    assert (await api.client.get(f"{WEBHOOKS}/{created['webhook_id']}")).json()["version"] == 1
    for webhook_id in ("nonsense", "%00", "x" * 300):
        refused(await api.client.get(f"{WEBHOOKS}/{webhook_id}"), 404, "NOT_FOUND")


async def test_a_dry_run_tells_what_would_happen_and_why_and_stores_nothing(api: Api) -> None:
    created = await made(api)
    saved = {"webhook_id": created["webhook_id"], "event": "pull_request"}
    tried = await api.client.post(f"{WEBHOOKS}/test", json=saved)
    assert tried.status_code == 200, tried.text
    would = tried.json()
    assert (would["outcome"], would["reason"], would["session_id"]) == ("dispatched", None, None)
    assert EXAMPLES["pull_request"]["pull_request"]["html_url"] in would["message"]
    assert would["reuse_key"] == f"example/shop#{EXAMPLES['pull_request']['number']}"
    assert would["target"] == f"key {would['reuse_key']}"
    assert would["repository"] == "https://github.com/example/shop.git"
    assert would["payload"] == EXAMPLES["pull_request"]
    assert "new one" in would["sentence"]["en"]
    # once a session stands in that place, it would go there
    target = Target("key", would["reuse_key"])
    session_id = await api.running()
    assert await api.control.store.slots.next_number(target.queue("ann", "")) == 1
    slot = await api.control.store.slots.get(target.queue("ann", ""))

    async def take(run: Any) -> None:
        await api.control.store.slots.take(slot, session_id, number=1, transaction=run)

    await api.control.store.transaction(take)
    reached = (await api.client.post(f"{WEBHOOKS}/test", json=saved)).json()
    assert (reached["session_id"], reached["repository"]) == (session_id, None)
    assert session_id in reached["sentence"]["ja"]
    await api.control.end(session_id)
    assert (await api.client.post(f"{WEBHOOKS}/test", json=saved)).json()["session_id"] is None
    assert (await api.client.get("/api/v1/dispatches", params={"waiting": "false"})).json()["total"] == 0
    assert (await api.client.get(f"{WEBHOOKS}/{created['webhook_id']}/deliveries")).json()["total"] == 0


async def test_a_dry_run_of_what_is_not_saved_yet_says_every_filter(api: Api) -> None:
    definition = {**REVIEWS, "branches": ["release/*"], "senders": ["nobody"]}
    body = {"definition": definition, "event": "pull_request", "payload": EXAMPLES["pull_request"]}
    would = (await api.client.post(f"{WEBHOOKS}/test", json=body)).json()
    assert (would["outcome"], would["reason"], would["message"]) == ("ignored", "branch", None)
    verdicts = {item["filter"]: item["passed"] for item in would["filters"]}
    assert (verdicts["event"], verdicts["branch"], verdicts["sender"]) == (True, False, False)
    assert "main" in would["sentence"]["en"]
    assert would["payload"] is None
    wrong = {**body, "definition": {**REVIEWS, "message": "{{ 1 + 1 }}"}}
    assert "message" in fields(
        refused(await api.client.post(f"{WEBHOOKS}/test", json=wrong), 400, "INVALID_REQUEST")
    )
    unknown = {"definition": REVIEWS, "event": "star"}
    assert "event" in fields(
        refused(await api.client.post(f"{WEBHOOKS}/test", json=unknown), 400, "INVALID_REQUEST")
    )
    both = {**body, "webhook_id": "hook-0000000000000000"}
    refused(await api.client.post(f"{WEBHOOKS}/test", json=both), 400, "INVALID_REQUEST")
    assert (await api.client.get(WEBHOOKS)).json()["total"] == 0


@pytest.mark.parametrize("kind", ["session", "name", "last"])
async def test_a_dry_run_finds_the_session_that_the_fields_mean(api: Api, kind: str) -> None:
    older = await api.running(name="nightly")
    newest = await api.running(name="other")
    session = {"session": older, "name": "nightly", "last": None}[kind]
    definition = {**REVIEWS, "reuse_key": None, "session_id": session}
    would = (
        await api.client.post(f"{WEBHOOKS}/test", json={"definition": definition, "event": "pull_request"})
    ).json()
    assert would["session_id"] == (newest if kind == "last" else older)
    theirs = (
        await api.other.post(f"{WEBHOOKS}/test", json={"definition": definition, "event": "pull_request"})
    ).json()
    assert theirs["session_id"] is None, "another owner's session would be told"


async def test_examples_are_shown_for_whoever_writes_templates(api: Api) -> None:
    shown = (await api.client.get(f"{WEBHOOKS}/examples")).json()["examples"]
    assert {item["event"]: item["payload"] for item in shown} == EXAMPLES
    refused(await api.client.get(f"{WEBHOOKS}/examples", headers={"Authorization": ""}), 401, "UNAUTHORIZED")


async def test_the_list_shows_what_became_of_the_last_delivery(api: Api) -> None:
    one, two = await made(api), await made(api, name="two")
    store = api.control.store
    waiting = dispatch(source_id=one["webhook_id"])
    last = await handed(store, one["webhook_id"], waiting)
    ignored = await finished(store, two["webhook_id"], "ignored", reason="branch")
    for delivery in (last, ignored):
        await store.webhooks.count_delivery(
            delivery.webhook_id, at=delivery.received_at, delivery_id=delivery.id
        )
    listed = (await api.client.get(WEBHOOKS)).json()["webhooks"]
    assert [(item["name"], item["last_outcome"], item["deliveries"]) for item in listed] == [
        ("two", "ignored", 1), ("reviews", "waiting", 1),
    ]  # fmt: skip
    page = (await api.client.get(WEBHOOKS, params={"limit": 1})).json()
    assert (len(page["webhooks"]), page["has_more"], page["next_offset"]) == (1, True, 1)


async def test_an_owner_may_have_so_many_and_no_more(
    api_settings: ApiSettings,
    sealing_key: None,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    settings = api_settings.model_copy(
        update={"max_webhooks_per_owner": 1, "webhook_url": "https://hooks.example.com"}
    )
    async with served(settings, nats_server, mongo_settings) as url, client_of(url) as client:
        first = await client.post(WEBHOOKS, json=REVIEWS)
        assert first.json()["delivery_url"] == (
            f"https://hooks.example.com/webhooks/{first.json()['webhook_id']}"
        )
        error = refused(await client.post(WEBHOOKS, json=REVIEWS), 429, "RESOURCE_QUOTA_EXCEEDED")
        assert error["details"] == {"limit": 1, "current": 1}
        await client.delete(f"{WEBHOOKS}/{first.json()['webhook_id']}")
        assert (await client.post(WEBHOOKS, json=REVIEWS)).status_code == 201


async def test_without_a_key_that_seals_it_says_which_setting_is_missing(
    api_settings: ApiSettings,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> None:
    async with served(api_settings, nats_server, mongo_settings) as url, client_of(url) as client:
        error = refused(await client.post(WEBHOOKS, json=REVIEWS), 503, "UNAVAILABLE")
        assert "CCPLANT_SEALING_KEY_FILE" in error["message"]


def client_of(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {BOOTSTRAP}"}, trust_env=False)
