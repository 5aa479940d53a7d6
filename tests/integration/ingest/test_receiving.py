"""Deliveries as GitHub sends them, and as it does not: what is answered, and what is on record then."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from ccplant_contracts.ids import new_webhook_id
from ccplant_store.deliveries.model import INLINE_BYTES
from ccplant_webhook_ingest.known import KnownWebhooks
from ccplant_webhook_ingest.signature import sign
from tests.integration.ingest.conftest import Stage
from tests.support.documents import OWNER
from tests.support.ingest import SECRET, make_webhook, processed, pull_request
from tests.support.waiting import eventually


async def test_a_signed_delivery_becomes_a_dispatch_with_the_rendered_message(stage: Stage) -> None:
    webhook = await make_webhook(
        stage.store,
        message="Look at {{ pull_request.html_url }}",
        labels={"team": "web"},
        auto_delete_on_complete=True,
    )
    github = await stage.ingester()
    answer = await github.send(webhook, delivery="g-1")
    assert answer.status_code == 202
    assert set(answer.json()) == {"delivery_id"}
    delivery = await processed(stage.store, answer.json()["delivery_id"])
    assert (delivery.outcome, delivery.reason, delivery.github_delivery) == ("handed", None, "g-1")
    assert (delivery.action, delivery.repository, delivery.ref, delivery.sender) == (
        "opened",
        "acme/site",
        "#7",
        "ada",
    )
    dispatch = await stage.store.dispatches.get(delivery.dispatch_id or "")
    assert dispatch is not None
    assert dispatch.text == delivery.message
    assert "https://github.example/acme/site/pull/7" in dispatch.text
    assert (dispatch.owner, dispatch.target_kind, dispatch.trigger) == (OWNER, "new", delivery.trigger)
    start = dispatch.new_session()
    assert (start.name, start.repository, start.branch) == (
        webhook.name,
        "https://github.example/acme/site.git",
        None,
    )
    assert (start.mode, start.labels, start.config.auto_delete_on_complete) == ("task", {"team": "web"}, True)


async def test_what_a_filter_keeps_out_is_ignored_with_the_reason_and_told_as_an_event(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, events=("push",))
    github = await stage.ingester()
    answer = await github.send(webhook)
    delivery = await processed(stage.store, answer.json()["delivery_id"])
    assert (delivery.outcome, delivery.reason) == ("ignored", "event")
    assert any(not verdict.passed for verdict in delivery.filters)
    assert delivery.facts["wanted"] == "push"
    (event,) = [one for one in await stage.store.events.unpublished(10) if one.session_id == delivery.id]
    assert (event.type, event.data["reason"], event.owner) == ("delivery.ignored", "event", OWNER)


async def test_a_reuse_key_gives_dispatches_their_turns_in_one_queue(stage: Stage) -> None:
    webhook = await make_webhook(
        stage.store, reuse_session=True, reuse_key="{{ repository.full_name }}#{{ number }}"
    )
    github = await stage.ingester()
    dispatches = []
    for number in (7, 8, 7):
        answer = await github.send(webhook, pull_request(number))
        delivery = await processed(stage.store, answer.json()["delivery_id"])
        dispatch = await stage.store.dispatches.get(delivery.dispatch_id or "")
        assert dispatch is not None
        dispatches.append(dispatch)
    assert [dispatch.target_value for dispatch in dispatches] == ["acme/site#7", "acme/site#8", "acme/site#7"]
    assert [dispatch.number for dispatch in dispatches] == [1, 1, 2]
    assert dispatches[0].queue == dispatches[2].queue != dispatches[1].queue


async def test_deliveries_to_one_webhook_get_their_turns_in_the_order_of_receipt(stage: Stage) -> None:
    webhook = await make_webhook(
        stage.store, reuse_session=True, session_id="desk", max_dispatches_per_hour=500
    )
    github = await stage.ingester(ingest_queue=20)  # most of them have to wait in MongoDB
    answers = await asyncio.gather(*(github.send(webhook, pull_request(number)) for number in range(1, 81)))
    deliveries = [await processed(stage.store, answer.json()["delivery_id"], 30) for answer in answers]
    found = await stage.store.dispatches.many([delivery.dispatch_id or "" for delivery in deliveries])
    by_receipt = sorted(deliveries, key=lambda delivery: delivery.order)
    numbers = [found[delivery.dispatch_id or ""].number for delivery in by_receipt]
    assert numbers == list(range(1, 81))


# --- who is let in


async def test_a_wrong_signature_is_401_and_an_unknown_or_disabled_webhook_404_and_nothing_is_recorded(
    stage: Stage,
) -> None:
    webhook = await make_webhook(stage.store)
    disabled = await make_webhook(stage.store, enabled=False)
    deleted = await make_webhook(stage.store)
    await stage.store.webhooks.delete(deleted.id, OWNER)
    github = await stage.ingester()
    wrong = [
        await github.send(webhook, secret="whsec_other"),
        await github.send(webhook, headers={"x-hub-signature-256": None}),
        await github.send(webhook, headers={"x-hub-signature-256": "sha256=" + "0" * 64}),
        await github.send(webhook, headers={"x-hub-signature-256": "sha1=abc"}),
        await github.send(webhook, headers={"x-hub-signature-256": "sha256=ä"}),
        await github.send(webhook, body=b"{}", headers={"x-hub-signature-256": sign(SECRET, b"{} ")}),
        # the header says nothing about what else is wrong
        await github.send(webhook, body=b"not json", secret="x", headers={"x-github-event": None}),
    ]
    assert {answer.status_code for answer in wrong} == {401}
    assert len({_without_id(answer.json()) for answer in wrong}) == 1
    absent = [
        await github.send(disabled),
        await github.send(deleted),
        await github.send("hook-0123456789abcdef"),
        await github.send("hook-0123456789abcdef", secret="x"),
        await github.send("nonsense"),
        await github.send("hook-" + "a" * 5_000),
    ]
    assert {answer.status_code for answer in absent} == {404}
    assert len({_without_id(answer.json()) for answer in absent}) == 1
    assert await stage.store.database.collection("deliveries").count({}, limit=10) == 0


def _without_id(body: dict[str, Any]) -> str:
    return str({**body["error"], "request_id": "", "timestamp": ""})


async def test_the_secret_before_a_rotation_is_good_within_its_grace_alone(stage: Stage) -> None:
    now = datetime.now(UTC)
    within = await make_webhook(
        stage.store, secret="new", old_secret="old", old_secret_until=now + timedelta(hours=1)
    )
    beyond = await make_webhook(
        stage.store, secret="new", old_secret="old", old_secret_until=now - timedelta(seconds=1)
    )
    github = await stage.ingester()
    assert (await github.send(within, secret="old")).status_code == 202
    assert (await github.send(within, secret="new")).status_code == 202
    assert (await github.send(beyond, secret="new")).status_code == 202
    assert (await github.send(beyond, secret="old")).status_code == 401


async def test_a_webhook_that_was_just_made_or_rotated_is_known_within_the_time_of_a_delivery(
    stage: Stage,
) -> None:
    github = await stage.ingester(ingest_cache_seconds=10)
    webhook = await make_webhook(stage.store)
    await stage.store.database.collection("webhooks").delete_many({"_id": webhook.id})
    assert (await github.send(webhook)).status_code == 404
    await stage.store.webhooks.insert(webhook)

    async def known() -> bool:
        return (await github.send(webhook)).status_code == 202

    await eventually(known, 3, interval=0.05)


# --- what is in the body


async def test_a_form_holds_the_same_payload(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    payload = pull_request(title="ä & = + %", emoji="🎉")
    body = urlencode({"payload": orjson.dumps(payload).decode()}).encode()
    answer = await github.send(
        webhook, body=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 202
    delivery = await processed(stage.store, answer.json()["delivery_id"])
    assert delivery.outcome == "handed"
    assert orjson.loads(await stage.store.deliveries.payload(delivery) or b"") == payload
    assert delivery.size_bytes == len(body)


async def test_a_ping_is_answered_200_and_recorded(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    payload = {"zen": "Keep it logically awesome.", "repository": {"full_name": "acme/site"}}
    answer = await github.send(webhook, payload, event="ping", delivery="g-ping")
    assert answer.status_code == 200
    delivery = await stage.store.deliveries.get(answer.json()["delivery_id"])
    assert delivery is not None
    assert (delivery.state, delivery.outcome, delivery.reason) == ("processed", "ignored", "ping")
    assert delivery.repository == "acme/site"
    again = await github.send(webhook, payload, event="ping", delivery="g-ping")
    assert (again.status_code, again.json()["delivery_id"]) == (200, delivery.id)


SENSELESS: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "application/json"),
    "nothing": (b"", "application/json"),
    "a list": (b"[1]", "application/json"),
    "a number": (b"1", "application/json"),
    "NaN": (b'{"a":NaN}', "application/json"),
    "invalid UTF-8": (b'{"a":"\xff\xfe"}', "application/json"),
    "a lone surrogate": (b'{"a":"\\ud800"}', "application/json"),
    "500 levels": (b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", "application/json"),
    "100,000 levels": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
    "plain text": (b"{}", "text/plain"),
    "no content type": (b"{}", ""),
    "a form without a payload": (b"a=b", "application/x-www-form-urlencoded"),
    "a form with two": (b"payload={}&payload={}", "application/x-www-form-urlencoded"),
    "a form with much": (b"a=b&" * 100, "application/x-www-form-urlencoded"),
    "a form outside UTF-8": (b"payload=%ff%fe", "application/x-www-form-urlencoded"),
    "a form outside ASCII": ("payload=ä".encode(), "application/x-www-form-urlencoded"),
    "a form without JSON": (b"payload=nothing", "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("kind", SENSELESS)
async def test_what_is_signed_and_makes_no_sense_is_400_and_recorded_as_failed(
    stage: Stage, kind: str
) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    body, content_type = SENSELESS[kind]
    answer = await github.send(
        webhook, body=body, delivery="g-1", headers={"content-type": content_type or None}
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "INVALID_REQUEST"
    delivery = await stage.store.deliveries.get(error["details"]["delivery_id"])
    assert delivery is not None
    assert (delivery.outcome, delivery.reason) == ("failed", "payload_invalid")
    assert delivery.facts["detail"] == error["message"]
    # and the same id is good for one that makes sense
    good = await github.send(webhook, delivery="g-1")
    assert (good.status_code, "duplicate" in good.json()) == (202, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-github-event": None},
        {"x-github-event": "Pull Request"},
        {"x-github-event": "x" * 65},
        {"x-github-delivery": None},
        {"x-github-delivery": "with blank"},
        {"x-github-delivery": "x" * 201},
    ],
)
async def test_what_does_not_say_what_it_is_is_400_and_has_no_place_in_the_list(
    stage: Stage, headers: dict[str, str | None]
) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    answer = await github.send(webhook, headers=headers)
    assert answer.status_code == 400
    assert await stage.store.database.collection("deliveries").count({}, limit=10) == 0


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"action": 1, "repository": [], "pull_request": "x", "sender": None},
        {"$where": "1", "a.b": {"$gt": ""}, "": 1, "x" * 2_000: [{}] * 50},
        {"number": 10**30, "f": 1e308, "deep": {"a": {"b": {"c": [[[[[1]]]]]}}}},
        {"title": "\x00 \x1b[31m \u202e {{ 7 * 7 }} {% for x in y %}"},
    ],
)
async def test_any_json_object_has_an_outcome(stage: Stage, payload: dict[str, Any]) -> None:
    webhook = await make_webhook(stage.store, message="{{ title }} {{ number }}")
    github = await stage.ingester()
    answer = await github.send(webhook, body=json.dumps(payload).encode())
    assert answer.status_code == 202
    assert (await processed(stage.store, answer.json()["delivery_id"])).outcome is not None


async def test_a_push_of_25_mb_is_kept_whole_and_one_byte_more_is_refused_however_it_is_sent(
    stage: Stage,
) -> None:
    webhook = await make_webhook(stage.store, events=("push",))
    most = 26_214_400
    github = await stage.ingester(ingest_max_body_bytes=most)
    start, end = b'{"ref":"refs/heads/main","commits":[],"pad":"', b'"}'
    body = start + b"x" * (most - len(start) - len(end)) + end
    answer = await github.send(webhook, body=body, event="push")
    assert answer.status_code == 202, answer.text
    delivery = await processed(stage.store, answer.json()["delivery_id"])
    assert (delivery.outcome, delivery.reason, delivery.facts, delivery.ref) == ("handed", None, {}, "main")
    assert await stage.store.deliveries.payload(delivery) == body
    too_much = await github.send(webhook, body=body + b" ", event="push")
    assert (too_much.status_code, too_much.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")

    async def pieces() -> Any:
        for begin in range(0, len(body) + 1, 1_000_000):
            yield (body + b" ")[begin : begin + 1_000_000]

    headers = {"x-hub-signature-256": "sha256=" + "0" * 64}
    chunked = await github.client.post(
        f"{github.base_url}/webhooks/{webhook.id}", content=pieces(), headers=headers
    )
    assert chunked.status_code == 413


async def test_a_large_payload_is_in_gridfs_and_belongs_to_its_delivery(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    payload = pull_request(pad="x" * INLINE_BYTES)
    answer = await github.send(webhook, payload)
    delivery = await processed(stage.store, answer.json()["delivery_id"])
    assert delivery.outcome == "handed"
    assert delivery.blob_id is not None
    file = await stage.store.database.collection("fs.files").find_one({"_id": delivery.blob_id})
    assert file is not None
    assert file["metadata"]["referenced"] is True
    assert orjson.loads(await stage.store.deliveries.payload(delivery) or b"") == payload


async def test_a_body_that_comes_too_slowly_is_408_and_holds_up_nobody(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester(ingest_body_timeout_seconds=0.5)
    host, port = github.base_url.removeprefix("http://").split(":")
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(20)]
    head = f"POST /webhooks/{webhook.id} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n".encode()
    for _, writer in slow:
        writer.write(head + b"{")
    assert (await github.send(webhook)).status_code == 202
    for reader, writer in slow:
        async with asyncio.timeout(30):
            assert b" 408 " in await reader.readline()
        writer.close()


async def test_headers_that_are_shown_prove_nothing(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    more = {
        "x-github-hook-id": "1",
        "authorization": "Bearer secret",
        "x-hub-signature": "sha1=1",
        "cookie": "c",
    }
    answer = await github.send(webhook, headers=more)
    delivery = await processed(stage.store, answer.json()["delivery_id"])
    assert set(delivery.headers) == {
        "content-type",
        "user-agent",
        "x-github-event",
        "x-github-delivery",
        "x-github-hook-id",
    }


async def test_other_methods_and_paths_are_refused(stage: Stage) -> None:
    github = await stage.ingester()
    webhook = await make_webhook(stage.store)
    client, url = github.client, github.base_url
    for method, path, status, code in (
        ("GET", f"/webhooks/{webhook.id}", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/health/live", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/webhooks/", 404, "NOT_FOUND"),
        ("POST", "/webhooks/a/b", 404, "NOT_FOUND"),
        ("GET", "/", 404, "NOT_FOUND"),
        ("POST", f"/webhooks/{webhook.id}", 401, "UNAUTHORIZED"),
        ("POST", f"/webhooks/{new_webhook_id()}", 404, "NOT_FOUND"),
    ):
        answer = await client.request(method, f"{url}{path}")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code), path
        assert set(error) == {"code", "message", "details", "request_id", "timestamp"}
        assert answer.headers["x-request-id"] == error["request_id"] != "unknown"
    own = await client.get(f"{url}/nowhere", headers={"x-request-id": "mine-1"})
    assert (own.headers["x-request-id"], own.json()["error"]["request_id"]) == ("mine-1", "mine-1")
    assert (await github.send(webhook)).headers["x-request-id"].startswith("req-")


async def test_our_own_fault_is_answered_in_the_same_shape_and_without_internals(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = await stage.ingester()
    webhook = await make_webhook(stage.store)

    async def broken(*_: object) -> object:
        raise RuntimeError("the inside of things")

    monkeypatch.setattr(KnownWebhooks, "get", broken)
    answer = await github.send(webhook)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
    assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"]
    assert "inside" not in answer.text


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "cf-connecting-ip"])
async def test_what_came_through_a_tunnel_gets_no_numbers(stage: Stage, header: str) -> None:
    github = await stage.ingester()
    url = f"{github.base_url}/metrics"
    assert "ccplant_ingest_requests_total" in (await github.client.get(url)).text
    assert (await github.client.get(url, headers={header: "203.0.113.9"})).status_code == 404


async def test_deliveries_are_counted_at_their_webhook(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    last = ""
    for _ in range(3):
        last = (await github.send(webhook)).json()["delivery_id"]

    async def counted() -> bool:
        found = await stage.store.webhooks.get(webhook.id)
        return found is not None and (found.deliveries, found.last_delivery_id) == (3, last)

    await eventually(counted)


async def test_health_and_metrics_tell_what_became_of_deliveries(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    await github.send(webhook, secret="wrong")

    async def ready() -> bool:
        answer = await github.client.get(f"{github.base_url}/health/ready")
        return answer.status_code == 200 and answer.json()["status"] == "ok"

    await eventually(ready)
    assert (await github.client.get(f"{github.base_url}/health/live")).json() == {"status": "ok"}
    numbers = (await github.client.get(f"{github.base_url}/metrics")).text
    assert 'ccplant_ingest_requests_total{result="unsigned"}' in numbers
    assert "ccplant_ingest_waiting" in numbers
    assert webhook.id not in numbers
