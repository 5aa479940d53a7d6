"""What the ingester survives: its own death at any named place, and the absence of everything around it.

Counted from both sides: what the sender was told in the two hundreds is on record once, and has one outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccplant_platform.faults import FAULT_POINTS
from ccplant_platform.settings import BusSettings
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc
from tests.integration.ingest.conftest import Stage
from tests.support.deliveries import delivery_document
from tests.support.ingest import IngestProcess, Sender, make_webhook, processed, pull_request, sender_to
from tests.support.servers import MongoServer, NatsServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(300)

MakeProcess = Callable[[], IngestProcess]
POINTS = tuple(name for name in FAULT_POINTS if name.startswith("ingest."))


async def send_until_taken(
    github: Sender, alive: Callable[[], bool], *args: Any, **kwargs: Any
) -> str | None:
    """Send as somebody does who insists; None where nobody answers any more."""
    while alive():
        with contextlib.suppress(httpx.TransportError):
            answer = await github.send(*args, **kwargs)
            if answer.status_code in (200, 202):
                return str(answer.json()["delivery_id"])
        await asyncio.sleep(0.05)
    return None


async def one_outcome_each(store: Store) -> list[DeliveryDoc]:
    """Wait until nothing is open, and check that each delivery has what its outcome says, once."""

    async def none_open() -> bool:
        return await store.database.collection("deliveries").count({"state": "received"}, limit=1) == 0

    await eventually(none_open, 30)
    rows = await store.database.collection("deliveries").find({}, limit=10_000)
    deliveries = [DeliveryDoc.decode(row) for row in rows]
    firsts = [delivery for delivery in deliveries if delivery.outcome != "duplicate"]
    assert len({delivery.key for delivery in firsts}) == len(firsts)
    dispatches = await store.database.collection("dispatches").find({}, limit=10_000)
    by_delivery: dict[str, list[str]] = {}
    for dispatch in dispatches:
        by_delivery.setdefault(dispatch["source"]["delivery_id"], []).append(dispatch["_id"])
    for delivery in firsts:
        expected = [delivery.dispatch_id] if delivery.outcome == "handed" else []
        assert by_delivery.pop(delivery.id, []) == expected
    assert not by_delivery
    for event_type, outcome in (("delivery.ignored", "ignored"), ("delivery.failed", "failed")):
        events = await store.database.collection("session_events").find({"type": event_type}, limit=10_000)
        told = sorted(event["session_id"] for event in events)
        if event_type == "delivery.ignored":
            assert told == sorted(delivery.id for delivery in firsts if delivery.outcome == outcome)
    return firsts


@pytest.mark.parametrize("name", POINTS)
async def test_a_death_at_any_fault_point_loses_nothing_and_doubles_nothing(
    name: str, store: Store, process: MakeProcess, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    reviews = await make_webhook(store, reuse_session=True, reuse_key="{{ number }}")
    pushes = await make_webhook(store, name="pushes", events=("push",))
    # one that a process left behind, and one that had failed
    left = delivery_document(reviews, "g-left", payload=b'{"number":1}', next_attempt_at=datetime.now(UTC))
    failed = delivery_document(
        reviews, "g-failed", payload=b'{"number":2}', state="processed", outcome="failed", reason="x"
    )
    one = process()
    await one.start(fault=f"{name}:1:once={died}")
    running = one.process
    assert running is not None
    for row in (left, failed):
        await store.deliveries.insert(row)
    sent: list[str | None] = []
    async with sender_to(one.url) as github:
        for webhook, payload, delivery in (
            (reviews, pull_request(3), "g-small"),
            (reviews, pull_request(4, pad="x" * 300_000), "g-large"),
            (pushes, pull_request(5), "g-ignored"),
            (reviews, {"number": 2}, "g-failed"),
        ):
            sent.append(
                await send_until_taken(
                    github, lambda: running.poll() is None, webhook, payload, delivery=delivery
                )
            )
        await eventually(lambda: running.poll() is not None, 20)
        assert died.exists(), f"nothing visited {name}"
        await one.start()
        for number, (webhook, payload, delivery) in enumerate(
            (
                (reviews, pull_request(3), "g-small"),
                (reviews, pull_request(4, pad="x" * 300_000), "g-large"),
                (pushes, pull_request(5), "g-ignored"),
                (reviews, {"number": 2}, "g-failed"),
            )
        ):
            again = await send_until_taken(github, lambda: True, webhook, payload, delivery=delivery)
            assert sent[number] in (None, again)  # a promise that was made is kept under the same name
        firsts = await one_outcome_each(store)
    outcomes = {delivery.github_delivery: delivery.outcome for delivery in firsts}
    assert outcomes == {
        "g-left": "handed",
        "g-failed": "handed",
        "g-small": "handed",
        "g-large": "handed",
        "g-ignored": "ignored",
    }
    large = next(delivery for delivery in firsts if delivery.github_delivery == "g-large")
    assert await store.deliveries.payload(large) is not None


async def test_kills_during_a_stream_of_deliveries_lose_and_double_nothing(
    store: Store, process: MakeProcess
) -> None:
    webhook = await make_webhook(store, reuse_session=True, session_id="desk", max_dispatches_per_hour=10_000)
    one, other = process(), process()
    await asyncio.gather(one.start(), other.start())
    told: dict[str, str] = {}
    over = asyncio.Event()

    async def send(number: int, github: Sender) -> None:
        name = f"g-{number}"
        taken = await send_until_taken(github, lambda: True, webhook, pull_request(number), delivery=name)
        assert taken is not None
        assert told.setdefault(name, taken) == taken

    def further(count: int) -> bool:
        return over.is_set() or len(told) > count

    async def kills() -> None:
        while not over.is_set():
            for victim in (one, other):
                enough = len(told) + 25
                await eventually(functools.partial(further, enough), 60)
                if not over.is_set():
                    victim.kill()
                    await victim.start()

    async with sender_to(one.url) as first, sender_to(other.url) as second:
        killing = asyncio.create_task(kills())
        queue = iter(range(300))

        async def sends(github: Sender) -> None:
            for number in queue:
                await send(number, github)

        await asyncio.gather(*(sends(github) for github in (first, second) for _ in range(4)))
        over.set()
        await killing
        firsts = await one_outcome_each(store)
    assert {delivery.github_delivery: delivery.id for delivery in firsts} == told
    assert {(delivery.outcome, delivery.reason) for delivery in firsts} == {("handed", None)}
    dispatches = await store.database.collection("dispatches").find({}, limit=1_000)
    assert len({dispatch["number"] for dispatch in dispatches}) == len(dispatches) == 300


async def test_a_frozen_ingester_that_wakes_up_later_does_nothing_twice(
    store: Store, process: MakeProcess, tmp_path: Path
) -> None:
    webhook = await make_webhook(store, reuse_session=True, reuse_key="{{ number }}")
    frozen, other = process(), process()
    await frozen.start(fault=f"ingest.dispatch.numbered:1:freeze={tmp_path / 'frozen'}")
    async with sender_to(frozen.url) as github:
        # it freezes in the middle of it, perhaps before its answer is out
        sending = asyncio.create_task(send_until_taken(github, lambda: True, webhook, delivery="g-1"))
        await eventually((tmp_path / "frozen").exists)
        await other.start()

        async def taken_over() -> bool:
            rows, _ = await store.deliveries.list(webhook.id, limit=10)
            return any(row.outcome == "handed" for row in rows)

        await eventually(taken_over, 20)
        frozen.signal(signal.SIGCONT)
        await sending
        frozen.signal(signal.SIGTERM)
        assert await frozen.ended() == 0
    firsts = await one_outcome_each(store)
    assert [delivery.outcome for delivery in firsts] == ["handed"]


async def test_an_ingester_that_is_told_to_stop_gives_back_what_it_has_not_done(
    store: Store, process: MakeProcess
) -> None:
    webhook = await make_webhook(store, max_dispatches_per_hour=10_000)
    one = process()
    await one.start(ingest_lease_seconds=600, ingest_workers=1)
    async with sender_to(one.url) as github:
        answers = await asyncio.gather(*(github.send(webhook, pull_request(number)) for number in range(100)))
        assert {answer.status_code for answer in answers} == {202}
        one.signal(signal.SIGTERM)
        assert await one.ended() == 0
    now = datetime.now(UTC) + timedelta(seconds=1)
    open_ones = await store.database.collection("deliveries").count({"state": "received"}, limit=1_000)
    assert len(await store.deliveries.due(webhook.id, now, limit=1_000)) == open_ones
    other = process()
    await other.start()
    assert len(await one_outcome_each(store)) == 100


async def test_with_mongodb_away_nothing_is_promised_and_with_it_back_all_is_well(
    stage: Stage, mongod: MongoServer
) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester()
    assert (await github.send(webhook)).status_code == 202
    mongod.kill()
    answers = await asyncio.gather(*(github.send(webhook, delivery=f"g-{n}") for n in range(5)))
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    ready = await github.client.get(f"{github.base_url}/health/ready")
    assert (ready.status_code, ready.json()["parts"]["mongodb"]["status"]) == (503, "down")
    mongod.start()

    async def taken() -> bool:
        return (await github.send(webhook, delivery="g-1")).status_code in (200, 202)

    await eventually(taken, 30)
    await one_outcome_each(stage.store)


async def test_a_restart_of_mongodb_in_the_middle_of_processing_loses_nothing(
    stage: Stage, mongod: MongoServer
) -> None:
    webhook = await make_webhook(stage.store, max_dispatches_per_hour=10_000)
    github = await stage.ingester(ingest_lease_seconds=1)
    answers = await asyncio.gather(*(github.send(webhook, delivery=f"g-{n}") for n in range(50)))
    mongod.restart()
    taken = [answer.json()["delivery_id"] for answer in answers if answer.status_code == 202]
    for delivery_id in taken:
        assert (await processed(stage.store, delivery_id, 30)).outcome == "handed"
    await one_outcome_each(stage.store)


async def test_it_starts_and_takes_deliveries_with_nats_away_and_tells_of_them_when_it_is_back(
    stage: Stage, nats_server: NatsServer
) -> None:
    webhook = await make_webhook(stage.store)
    nats_server.kill()
    stage.bus = BusSettings(**{**stage.bus.model_dump(), "nats_connect_timeout_seconds": 0.5})
    github = await stage.ingester()
    answer = await github.send(webhook)
    assert answer.status_code == 202
    assert (await processed(stage.store, answer.json()["delivery_id"])).outcome == "handed"
    ready = await github.client.get(f"{github.base_url}/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    nats_server.start()

    async def connected() -> bool:
        told = await github.client.get(f"{github.base_url}/health/ready")
        return bool(told.json()["status"] == "ok")

    await eventually(connected, 20, interval=0.1)


async def test_without_the_key_it_runs_and_takes_nothing_as_signed(
    store: Store, process: MakeProcess
) -> None:
    webhook = await make_webhook(store)
    one = process()
    await one.start(sealing_key_file="")
    async with sender_to(one.url) as github:
        assert (await github.send(webhook)).status_code == 503
        assert (await github.send("hook-0123456789abcdef")).status_code == 404
        ready = await github.client.get(f"{one.url}/health/ready")
    assert ready.json()["parts"]["secrets"]["status"] == "degraded"


async def test_the_log_tells_neither_payloads_nor_secrets(store: Store, process: MakeProcess) -> None:
    webhook = await make_webhook(store, message="{{ secret_word }}")
    one = process()
    await one.start(log_level="debug")
    payload = pull_request(secret_word="xyzzy-in-the-payload")
    async with sender_to(one.url) as github:
        assert (await github.send(webhook, payload, secret="whsec_wrong")).status_code == 401
        answer = await github.send(webhook, payload)
        await processed(store, answer.json()["delivery_id"])
        await github.send(webhook, body=b"{xyzzy-in-the-payload")
    one.signal(signal.SIGTERM)
    assert await one.ended() == 0
    assert "xyzzy" not in one.log
    assert "whsec" not in one.log
