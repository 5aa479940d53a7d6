"""What was sent to a webhook: what became of it is asked when somebody looks, and it can be processed again."""

from __future__ import annotations

import asyncio
from typing import Any

from ccplant_contracts import subjects
from ccplant_contracts.dispatch import DispatchFailure
from ccplant_contracts.webhook import FilterVerdict
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import refused
from tests.integration.api.test_webhooks import WEBHOOKS, made
from tests.integration.api.triggers import AT, dispatch, finished, handed, received
from tests.support.waiting import eventually


async def everything(api: Api, webhook_id: str) -> dict[str, str]:
    """A delivery of each outcome: outcome to id."""
    store = api.control.store
    session_id = await api.running()
    there: dict[str, str] = {}
    there["ignored"] = (
        await finished(
            store, webhook_id, "ignored", reason="branch", facts={"found": "dev", "wanted": "main"}
        )
    ).id
    there["broken"] = (
        await finished(store, webhook_id, "failed", reason="payload_invalid", facts={"detail": "x"})
    ).id
    repeat = await received(store, webhook_id, key=None, payload={})
    there["duplicate"] = (
        await finished(store, webhook_id, "duplicate", delivery=repeat, duplicate_of=there["ignored"])
    ).id
    for state in ("waiting", "dispatched", "cancelled", "failed"):
        item = await store.dispatches.add(dispatch(source_id=webhook_id))
        if state == "waiting":
            await store.dispatches.wait(item, "place")
        elif state == "dispatched":
            await store.dispatches.dispatched(
                item, session_id=session_id, prompt_id="prompt-1", created=True, at=AT
            )
        elif state == "cancelled":
            await store.dispatches.cancel(item.id, "ann", by="ann", at=AT)
        else:
            why = DispatchFailure(code="dispatch_error", message={"ja": "だめ", "en": "no"})
            await store.dispatches.fail(item, why, at=AT)
        there[state] = (await handed(store, webhook_id, item)).id
    there["processing"] = (await received(store, webhook_id)).id
    return there


async def test_each_delivery_tells_what_became_of_it(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    there = await everything(api, webhook_id)
    listed = (await api.client.get(f"{WEBHOOKS}/{webhook_id}/deliveries")).json()
    assert listed["total"] == 8
    assert [item["delivery_id"] for item in listed["deliveries"]] == list(reversed(there.values()))
    by_id = {item["delivery_id"]: item for item in listed["deliveries"]}
    shown = {name: by_id[delivery_id] for name, delivery_id in there.items()}
    assert {name: item["outcome"] for name, item in shown.items()} == {
        **{name: name for name in there}, "broken": "failed",
    }  # fmt: skip
    assert shown["ignored"]["reason"] == "branch"
    assert "dev" in shown["ignored"]["reason_message"]["en"]
    assert shown["broken"]["reason"] == "payload_invalid"
    assert (shown["waiting"]["waiting_for"], shown["waiting"]["place"]) == ("place", 1)
    assert shown["waiting"]["reason_message"]["ja"]
    assert shown["dispatched"]["session_id"].startswith("session-ann-")
    assert (shown["dispatched"]["prompt_id"], shown["dispatched"]["reason"]) == ("prompt-1", None)
    assert (shown["failed"]["reason"], shown["failed"]["reason_message"]["en"]) == ("dispatch_error", "no")
    assert shown["duplicate"]["duplicate_of"] == there["ignored"]


async def test_the_list_is_filtered_by_what_became_of_each(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    there = await everything(api, webhook_id)
    await everything(api, (await made(api, name="another"))["webhook_id"])
    path = f"{WEBHOOKS}/{webhook_id}/deliveries"
    for outcome in ("ignored", "duplicate", "waiting", "dispatched", "cancelled", "processing"):
        page = (await api.client.get(path, params={"outcome": outcome})).json()
        assert [item["delivery_id"] for item in page["deliveries"]] == [there[outcome]], outcome
        assert page["total"] == 1
    failed = (await api.client.get(path, params={"outcome": "failed", "limit": 1})).json()
    assert [item["delivery_id"] for item in failed["deliveries"]] == [there["failed"]]
    assert (failed["total"], failed["next_offset"]) == (2, 1)
    rest = (await api.client.get(path, params={"outcome": "failed", "limit": 1, "offset": 1})).json()
    assert [item["delivery_id"] for item in rest["deliveries"]] == [there["broken"]]
    assert not rest["has_more"]
    refused(await api.client.get(path, params={"outcome": "handed"}), 400, "INVALID_REQUEST")


async def test_a_delivery_shows_what_was_sent_and_what_each_filter_said(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    path = f"{WEBHOOKS}/{webhook_id}/deliveries"
    verdict = FilterVerdict(filter="event", passed=True, message={"ja": "はい", "en": "yes"})
    payload = {"action": "opened", "hook": {"config": {"secret": "open"}}, "secret": "open", "number": 2**60}
    delivery = await received(api.control.store, webhook_id, payload=payload)
    await finished(
        api.control.store, webhook_id, "ignored", delivery=delivery, reason="branch", filters=[verdict]
    )
    answer = await api.client.get(f"{path}/{delivery.id}")
    shown = answer.json()
    assert shown["payload"]["number"] == 2**60
    assert shown["payload"]["hook"]["config"]["secret"] == "***"
    assert shown["headers"] == {"x-github-event": "pull_request", "x-hub-signature-256": "***"}
    assert shown["filters"][0]["passed"] is True
    assert '"open"' not in answer.text
    short = (await api.client.get(f"{path}/{delivery.id}", params={"payload": "false"})).json()
    assert (short["payload"], short["filters"]) == (None, shown["filters"])
    refused(await api.client.get(f"{path}/dlv-0000000000000000"), 404, "NOT_FOUND")
    other = (await made(api, name="another"))["webhook_id"]
    refused(await api.client.get(f"{WEBHOOKS}/{other}/deliveries/{delivery.id}"), 404, "NOT_FOUND")


async def test_whatever_was_sent_can_be_shown(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    store = api.control.store
    deep = b"[" * 400 + b"]" * 400
    large = b'{"text": "' + b"x" * 1_200_000 + b'"}'
    blob = await store.deliveries.payloads.write("dlv-1", large, at=AT)
    cases: list[tuple[dict[str, Any], str, bool]] = [
        ({"payload": deep}, "[[[", False),
        ({"payload": b"\xff\xfe nonsense"}, "\ufffd", False),
        ({"payload": b'"\\ud800"'}, '"\\ud800"', False),
        ({"payload": None, "blob_id": blob, "size_bytes": len(large)}, '{"text": "xxx', True),
    ]
    for fields_, begins, truncated in cases:
        sent = {name: value for name, value in fields_.items() if name != "payload"}
        delivery = await received(store, webhook_id)
        raw = delivery.model_copy(update={**sent, "payload": fields_["payload"]}).encode()
        await store.database.collection("deliveries").update_one({"_id": delivery.id}, {"$set": {
            name: value for name, value in raw.items() if name != "_id"}})  # fmt: skip
        answer = await api.client.get(f"{WEBHOOKS}/{webhook_id}/deliveries/{delivery.id}")
        assert answer.status_code == 200, answer.text[:500]
        assert answer.json()["payload"].startswith(begins)
        assert answer.json()["payload_truncated"] is truncated
        assert len(answer.content) < 100_000


async def test_a_delivery_is_processed_again_when_its_owner_says_so(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    store = api.control.store
    woken: list[bytes] = []

    async def on_wake(message: Any) -> None:
        woken.append(message.data)

    await api.control.bus.subscribe(subjects.WAKE_DELIVERIES, cb=on_wake)
    await api.control.bus.flush()
    there = await everything(api, webhook_id)
    for name in ("ignored", "broken", "failed", "cancelled", "dispatched"):
        path = f"{WEBHOOKS}/{webhook_id}/deliveries/{there[name]}"
        answer = await api.client.post(f"{path}/replay")
        assert answer.status_code == 202, answer.text
        assert (answer.json()["outcome"], answer.json()["replays"]) == ("processing", 1)
        assert answer.json()["session_id"] is None
        error = refused(await api.client.post(f"{path}/replay"), 409, "CONFLICT")
        assert error["details"]["state"] == "processing"
        kept = await store.deliveries.get(there[name])
        assert kept is not None
        assert (kept.state, kept.replays) == ("received", 1)
    path = f"{WEBHOOKS}/{webhook_id}/deliveries/{there['duplicate']}/replay"
    error = refused(await api.client.post(path), 409, "CONFLICT")
    assert error["details"] == {"state": "duplicate", "duplicate_of": there["ignored"]}
    assert await eventually(lambda: len(woken) == 5), "the ingest hears nothing of it"


async def test_a_replay_that_is_asked_for_again_with_its_key_is_one_replay(api: Api) -> None:
    webhook_id = (await made(api))["webhook_id"]
    store = api.control.store
    ignored = await finished(
        store, webhook_id, "ignored", reason="branch", facts={"found": "a", "wanted": "b"}
    )
    path = f"{WEBHOOKS}/{webhook_id}/deliveries/{ignored.id}/replay"
    keyed = {"Idempotency-Key": "again-1"}
    answers = await asyncio.gather(*(api.client.post(path, headers=keyed) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count(None) == 1
    replayed = await store.deliveries.get(ignored.id)
    assert replayed is not None
    # also when it is through by then, and may be replayed once more
    await finished(store, webhook_id, "ignored", delivery=replayed, reason="branch", facts={})
    repeated = await api.client.post(path, headers=keyed)
    assert (repeated.status_code, repeated.headers["idempotency-replayed"]) == (202, "true")
    kept = await store.deliveries.get(ignored.id)
    assert kept is not None
    assert (kept.state, kept.replays) == ("processed", 1)
    assert (await api.client.post(path, headers={"Idempotency-Key": "again-2"})).json()["replays"] == 2
