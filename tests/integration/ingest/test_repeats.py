"""Repeats: a delivery that comes again starts nothing again, and one that had come to nothing gets another chance."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from ccplant_contracts.dispatch import DispatchFailure
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc, delivery_key
from ccplant_store.webhooks.model import WebhookDoc
from tests.integration.ingest.conftest import Stage
from tests.support.deliveries import delivery_document
from tests.support.ingest import make_webhook, processed, pull_request
from tests.support.waiting import eventually


async def rows(store: Store, webhook: WebhookDoc) -> list[DeliveryDoc]:
    """All deliveries of a webhook, oldest first."""
    found, _ = await store.deliveries.list(webhook.id, limit=500)
    return list(reversed(found))


async def dispatches(store: Store) -> int:
    """How many dispatches there are."""
    return await store.database.collection("dispatches").count({}, limit=1_000)


async def test_a_repeat_hears_what_became_of_the_first_and_is_on_record_as_its_repeat(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, repositories=("acme/*",))
    github = await stage.ingester()
    other = pull_request()
    other["repository"] = {"full_name": "else/where"}
    for name, payload, outcome, reason in (
        ("g-1", pull_request(), "waiting", None),
        ("g-2", other, "ignored", "repository"),
    ):
        first = await github.send(webhook, payload, delivery=name)
        await processed(stage.store, first.json()["delivery_id"])
        again = await github.send(webhook, payload, delivery=name)
        assert again.status_code == 200
        told = {"delivery_id": first.json()["delivery_id"], "duplicate": True, "outcome": outcome}
        assert again.json() == (told if reason is None else {**told, "reason": reason})
    found = await rows(stage.store, webhook)
    assert [(row.github_delivery, row.outcome) for row in found] == [
        ("g-1", "handed"),
        ("g-1", "duplicate"),
        ("g-2", "ignored"),
        ("g-2", "duplicate"),
    ]
    assert [row.duplicate_of for row in found] == [None, found[0].id, None, found[2].id]
    assert found[1].repository == "acme/site"
    assert await dispatches(stage.store) == 1


async def test_a_hundred_at_once_with_one_id_make_one_dispatch(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    answers = await asyncio.gather(*(github.send(webhook, delivery="g-1") for _ in range(100)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["delivery_id"] for answer in answers}) == 1
    await processed(stage.store, answers[0].json()["delivery_id"])
    assert await dispatches(stage.store) == 1
    found = await rows(stage.store, webhook)
    assert sorted(row.outcome or "" for row in found) == ["duplicate"] * 99 + ["handed"]


async def test_the_same_id_at_another_webhook_is_another_delivery(stage: Stage) -> None:
    github = await stage.ingester()
    for _ in range(2):
        answer = await github.send(await make_webhook(stage.store), delivery="g-1")
        assert answer.status_code == 202
        await processed(stage.store, answer.json()["delivery_id"])
    assert await dispatches(stage.store) == 2


async def test_one_that_had_failed_is_processed_again_with_the_definition_of_now(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, message="{{ pull_request.body }}")  # renders to nothing
    github = await stage.ingester()
    first = await github.send(webhook, delivery="g-1")
    failed = await processed(stage.store, first.json()["delivery_id"])
    assert (failed.outcome, failed.reason) == ("failed", "message_empty")
    definition = {**webhook.definition, "message": "now {{ number }}"}
    assert await stage.store.webhooks.change(webhook, set={"definition": definition}) is not None
    again = await github.send(webhook, delivery="g-1")
    assert (again.status_code, again.json()["outcome"]) == (202, "processing")
    mended = await processed(stage.store, failed.id)
    assert (mended.outcome, mended.replays) == ("handed", 1)
    assert "now 7" in (mended.message or "")
    assert await dispatches(stage.store) == 1


async def test_one_whose_dispatch_had_failed_is_dispatched_again(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    first = await github.send(webhook, delivery="g-1")
    delivery = await processed(stage.store, first.json()["delivery_id"])
    dispatch = await stage.store.dispatches.get(delivery.dispatch_id or "")
    assert dispatch is not None
    failure = DispatchFailure(code="internal_error", message={"ja": "x", "en": "x"})
    assert await stage.store.dispatches.fail(dispatch, failure, at=datetime.now(UTC)) is not None
    again = await github.send(webhook, delivery="g-1")
    assert (again.status_code, again.json()["outcome"]) == (202, "processing")

    async def another() -> bool:
        return await dispatches(stage.store) == 2

    await eventually(another)
    replayed = await processed(stage.store, delivery.id)
    assert (replayed.outcome, replayed.replays) == ("handed", 1)
    assert replayed.dispatch_id != delivery.dispatch_id


async def test_a_repeat_resumes_one_that_was_left_half_done(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    left = delivery_document(
        webhook,
        "g-1",
        payload=b'{"number":7}',
        claimed_by="a process that is gone",
        next_attempt_at=datetime.now(UTC) + timedelta(seconds=1),
    )
    await stage.store.deliveries.insert(left)
    github = await stage.ingester(ingest_sweep_seconds=600)

    async def through() -> bool:
        again = await github.send(webhook, delivery="g-1")
        assert again.json()["delivery_id"] == left.id
        return bool(again.json()["outcome"] == "waiting")

    await eventually(through, interval=0.1)
    done = await processed(stage.store, left.id)
    assert (done.outcome, done.attempts) == ("handed", 1)


async def test_a_replay_that_the_gateway_asked_for_is_done_at_once_when_it_says_so(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, events=("push",))
    github = await stage.ingester(ingest_sweep_seconds=600)
    answer = await github.send(webhook)
    ignored = await processed(stage.store, answer.json()["delivery_id"])
    definition = {**webhook.definition, "events": ["pull_request"]}
    assert await stage.store.webhooks.change(webhook, set={"definition": definition}) is not None
    assert await stage.store.deliveries.replay(ignored, at=datetime.now(UTC)) is not None
    await stage.hint()
    replayed = await processed(stage.store, ignored.id)
    assert (replayed.outcome, replayed.reason, replayed.replays) == ("handed", None, 1)


async def test_beyond_the_bound_of_an_hour_deliveries_are_ignored_but_for_a_replay(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, max_dispatches_per_hour=3)
    github = await stage.ingester()
    outcomes = []
    for number in (7, 7, 7, 7, 7, 8):
        answer = await github.send(webhook, pull_request(number))
        outcomes.append(await processed(stage.store, answer.json()["delivery_id"]))
    assert [one.reason for one in outcomes] == [None, None, None, "rate", "rate", None]
    assert outcomes[3].outcome == "ignored"
    assert outcomes[3].facts == {"key": "acme/site:#7", "limit": "3"}
    assert await dispatches(stage.store) == 4
    assert await stage.store.deliveries.replay(outcomes[3], at=datetime.now(UTC)) is not None
    replayed = await processed(stage.store, outcomes[3].id)
    assert replayed.outcome == "handed"


async def test_the_bound_of_an_hour_holds_for_what_is_sent_again_and_again(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, max_dispatches_per_hour=2)
    github = await stage.ingester()
    delivery_id = (await github.send(webhook, delivery="g-1")).json()["delivery_id"]
    for sent_again in range(2):
        delivery = await processed(stage.store, delivery_id)
        assert (delivery.outcome, delivery.replays) == ("handed", sent_again)
        dispatch = await stage.store.dispatches.get(delivery.dispatch_id or "")
        assert dispatch is not None
        failure = DispatchFailure(code="internal_error", message={"ja": "x", "en": "x"})
        assert await stage.store.dispatches.fail(dispatch, failure, at=datetime.now(UTC)) is not None
        again = await github.send(webhook, delivery="g-1")
        assert (again.status_code, again.json()["outcome"]) == (202, "processing")
    last = await processed(stage.store, delivery_id)
    assert (last.outcome, last.reason, last.replays) == ("ignored", "rate", 2)
    assert await dispatches(stage.store) == 2


async def test_a_large_payload_whose_receiver_died_after_it_was_recorded_is_there_for_all_its_time(
    stage: Stage,
) -> None:
    webhook = await make_webhook(stage.store)
    payload = b'{"number":7,"pad":"' + b"x" * 300_000 + b'"}'
    delivery = delivery_document(webhook, payload=None, next_attempt_at=datetime.now(UTC) + timedelta(days=1))
    blob_id = await stage.store.deliveries.payloads.write(delivery.id, payload, at=delivery.received_at)
    await stage.store.deliveries.insert(delivery.model_copy(update={"blob_id": blob_id}))
    await stage.store.blobs.collect_unreferenced(datetime.now(UTC) + timedelta(hours=2))
    assert await stage.store.deliveries.payloads.read(blob_id) == payload


async def test_the_payload_of_a_repeat_takes_no_room(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    for _ in range(3):
        await github.send(webhook, pull_request(pad="x" * 300_000), delivery="g-1")
    assert await stage.store.database.collection("fs.files").count({}, limit=10) == 1
    assert await stage.store.database.collection("fs.chunks").count({}, limit=10) == 2


async def test_a_delivery_of_a_webhook_that_was_deleted_meanwhile_fails_and_says_so(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    waiting = delivery_document(webhook, payload=b"{}", next_attempt_at=datetime.now(UTC))
    await stage.store.deliveries.insert(waiting)
    await stage.store.webhooks.delete(webhook.id, webhook.owner)
    await stage.ingester()
    delivery = await processed(stage.store, waiting.id)
    assert (delivery.outcome, delivery.reason) == ("failed", "webhook_deleted")


async def test_a_delivery_that_was_taken_up_too_often_fails_instead_of_coming_back_for_ever(
    stage: Stage,
) -> None:
    webhook = await make_webhook(stage.store)
    waiting = delivery_document(
        webhook, payload=b"{}", attempts=3, begun=3, next_attempt_at=datetime.now(UTC)
    )
    await stage.store.deliveries.insert(waiting)
    await stage.ingester(ingest_max_attempts=4)
    delivery = await processed(stage.store, waiting.id)
    assert (delivery.outcome, delivery.reason) == ("failed", "processing_failed")


async def test_a_delivery_that_went_from_line_to_line_and_was_never_tried_is_processed(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    waiting = delivery_document(webhook, payload=b"{}", attempts=30, next_attempt_at=datetime.now(UTC))
    await stage.store.deliveries.insert(waiting)
    await stage.ingester(ingest_max_attempts=4)
    delivery = await processed(stage.store, waiting.id)
    assert (delivery.outcome, delivery.begun) == ("handed", 1)


async def test_of_two_ingesters_each_delivery_is_processed_once(stage: Stage) -> None:
    webhook = await make_webhook(stage.store, max_dispatches_per_hour=1_000)
    for number in range(60):
        row = delivery_document(webhook, f"g-{number}", payload=b"{}", next_attempt_at=datetime.now(UTC))
        assert row.key == delivery_key(webhook.id, f"g-{number}")
        await stage.store.deliveries.insert(row)
    await asyncio.gather(stage.ingester(), stage.ingester())

    async def all_through() -> bool:
        found = await rows(stage.store, webhook)
        return all(row.outcome == "handed" for row in found)

    await eventually(all_through, 20)
    assert await dispatches(stage.store) == 60
