"""Deliveries: recorded once, taken by one, with one outcome for each time they are processed."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta

import pytest

from ccplant_store import Store
from ccplant_store.deliveries.rate import WINDOW
from ccplant_store.driver import Transaction
from ccplant_store.errors import DuplicateKeyError
from ccplant_store.events.model import NewEvent
from tests.support.deliveries import NOW, delivery_document, webhook_document
from tests.support.documents import OWNER

LEASE = timedelta(seconds=20)
IGNORED = NewEvent("delivery.ignored", {"reason": "event"})
HOOK = webhook_document()


async def test_of_many_with_the_same_id_one_is_recorded_and_the_others_find_it(store: Store) -> None:
    same = [delivery_document(HOOK, "g-1") for _ in range(20)]
    written = await asyncio.gather(*(store.deliveries.insert(delivery) for delivery in same))
    assert written.count(True) == 1
    first = await store.deliveries.first_of(HOOK.id, "g-1")
    assert first is not None
    assert first.id == same[written.index(True)].id
    assert await store.deliveries.insert(delivery_document(webhook_document(), "g-1"))


async def test_what_has_no_key_stands_in_nobodys_way(store: Store) -> None:
    for _ in range(2):
        assert await store.deliveries.insert_finished(
            delivery_document(HOOK, "g-1", key=None, state="processed", outcome="failed"), IGNORED
        )
    assert await store.deliveries.insert(delivery_document(HOOK, "g-1"))


async def test_a_payload_comes_back_whole_from_the_record_and_from_gridfs(store: Store) -> None:
    small, large = os.urandom(1_000), os.urandom(1_500_000)
    near = delivery_document(HOOK, "near", payload=small)
    blob_id = await store.deliveries.payloads.write("dlv-far", large, at=NOW)
    far = delivery_document(HOOK, "far", id="dlv-far", payload=None, blob_id=blob_id)
    for delivery in (near, far):
        await store.deliveries.insert(delivery)
    for delivery, payload in ((near, small), (far, large)):
        listed = await store.deliveries.get_owned(HOOK.id, delivery.id, OWNER)
        assert listed is not None
        assert listed.payload is None
        assert await store.deliveries.payload(listed) == payload


async def test_a_payload_that_no_delivery_names_is_collected_and_one_that_is_named_stays(
    store: Store,
) -> None:
    lost = await store.deliveries.payloads.write("dlv-1", b"x" * 300_000, at=NOW)
    kept = await store.deliveries.payloads.write("dlv-2", b"y" * 300_000, at=NOW)
    await store.deliveries.payloads.drop(lost)
    await store.blobs.collect_unreferenced(NOW + timedelta(hours=2))
    assert await store.deliveries.payloads.read(lost) is None
    assert await store.deliveries.payloads.read(kept) == b"y" * 300_000
    assert await store.database.collection("fs.chunks").count({"files_id": lost}, limit=10) == 0


async def test_deliveries_their_payloads_and_pieces_go_by_themselves_after_their_time(store: Store) -> None:
    indexes = {
        name: (await store.database.command({"listIndexes": name}))["cursor"]["firstBatch"]
        for name in ("deliveries", "fs.files", "fs.chunks", "dispatch_rates", "webhooks")
    }
    ttl = {
        name: {
            tuple(index["key"]): index["expireAfterSeconds"]
            for index in found
            if "expireAfterSeconds" in index
        }
        for name, found in indexes.items()
    }
    assert ttl["deliveries"] == {("received_at",): 30 * 24 * 3600}
    assert ttl["fs.files"] == {("metadata.expires_at",): 0}
    assert ttl["fs.chunks"] == {("expires_at",): 0}
    blob_id = await store.deliveries.payloads.write("dlv-1", b"x" * 600_000, at=NOW)
    file = await store.database.collection("fs.files").find_one({"_id": blob_id})
    pieces = await store.database.collection("fs.chunks").find({"files_id": blob_id}, limit=10)
    assert file is not None
    assert {piece["expires_at"] for piece in pieces} == {file["metadata"]["expires_at"]}
    assert len(pieces) == 3
    assert file["metadata"]["expires_at"] >= NOW + timedelta(days=30)


async def test_of_many_processes_one_takes_a_delivery_and_the_next_one_after_its_lease(
    replicas: tuple[Store, ...],
) -> None:
    delivery = delivery_document(HOOK)
    await replicas[0].deliveries.insert(delivery)

    async def taken(now_: timedelta) -> list[str]:
        now = NOW + now_
        seen = await replicas[0].deliveries.due(HOOK.id, now, limit=10)
        claims = await asyncio.gather(
            *(
                replica.deliveries.claim(one, holder=f"r{number}", now=now, lease=LEASE, taken_up=True)
                for one in seen
                for number, replica in enumerate(replicas)
            )
        )
        return [claim.claimed_by or "" for claim in claims if claim is not None]

    assert len(await taken(timedelta())) == 1
    assert await taken(LEASE - timedelta(seconds=1)) == []
    assert len(await taken(LEASE)) == 1


async def test_a_claim_brings_the_payload_and_a_release_makes_it_due(store: Store) -> None:
    delivery = delivery_document(HOOK, payload=b'{"a":1}')
    await store.deliveries.insert(delivery)
    claimed = await store.deliveries.claim(delivery, holder="r1", now=NOW, lease=LEASE, taken_up=True)
    assert claimed is not None
    assert claimed.payload == b'{"a":1}'
    later = NOW + timedelta(seconds=3)
    assert not await store.deliveries.release(claimed, holder="r2", at=later, tried=True)
    assert await store.deliveries.release(claimed, holder="r1", at=later, tried=True)
    assert await store.deliveries.due(HOOK.id, later - timedelta(seconds=1), limit=10) == []
    (due,) = await store.deliveries.due(HOOK.id, later, limit=10)
    assert (due.attempts, due.claimed_by, due.payload) == (1, None, None)


async def test_deliveries_are_due_in_the_order_of_their_receipt(store: Store) -> None:
    made = [delivery_document(HOOK, f"g-{number}") for number in range(20)]
    await asyncio.gather(*(store.deliveries.insert(delivery) for delivery in reversed(made)))
    due = await store.deliveries.due(HOOK.id, NOW, limit=100)
    assert [delivery.id for delivery in due] == [delivery.id for delivery in made]


async def test_what_arrives_together_is_written_together_and_each_is_told_of_its_own(store: Store) -> None:
    async def writes() -> int:
        status = await store.database.command({"serverStatus": 1})
        return int(status["metrics"]["commands"]["insert"]["total"])

    before = await writes()
    taken = delivery_document(HOOK, "g-0")
    await store.deliveries.insert(taken)
    made = [delivery_document(HOOK, f"g-{number}") for number in range(100)]
    same_id = delivery_document(HOOK, "g-other", id=taken.id)
    told = await asyncio.gather(
        *(store.deliveries.insert(delivery) for delivery in (*made, same_id)), return_exceptions=True
    )
    assert told[:100] == [False, *[True] * 99]
    assert isinstance(told[100], DuplicateKeyError)
    assert await store.database.collection("deliveries").count({}, limit=1_000) == 100
    assert await writes() - before < 20


async def test_one_that_cannot_be_written_takes_no_other_with_it(store: Store) -> None:
    too_large = delivery_document(HOOK, "g-large", payload=b"x" * 20_000_000)
    made = [delivery_document(HOOK, f"g-{number}") for number in range(10)]
    told = await asyncio.gather(
        *(store.deliveries.insert(delivery) for delivery in (*made[:5], too_large, *made[5:])),
        return_exceptions=True,
    )
    assert [answer for answer in told if answer is True] == [True] * 10
    assert isinstance(told[5], Exception)


async def test_which_webhooks_have_something_received_is_read_from_an_index_alone(store: Store) -> None:
    other = webhook_document()
    for number in range(20):
        await store.deliveries.insert(delivery_document(HOOK, f"g-{number}"))
    await store.deliveries.insert(delivery_document(other, state="processed"))
    assert await store.deliveries.webhooks_received() == [HOOK.id]
    asked = {"distinct": "deliveries", "key": "webhook_id", "query": {"state": "received"}}
    plan = await store.database.command({"explain": asked, "verbosity": "executionStats"})
    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert plan["executionStats"]["totalKeysExamined"] < 5


async def test_a_delivery_has_one_outcome_however_many_write_one(store: Store) -> None:
    delivery = delivery_document(HOOK)
    await store.deliveries.insert(delivery)

    async def hand_over(dispatch_id: str) -> bool:
        async def write(run: Transaction) -> bool:
            return await store.deliveries.hand_over(
                delivery, at=NOW, transaction=run, dispatch_id=dispatch_id
            )

        return await store.transaction(write)

    async def ignore() -> bool:
        return (
            await store.deliveries.finish(delivery, "ignored", at=NOW, event=IGNORED, reason="event")
        ) is not None

    done = await asyncio.gather(hand_over("disp-1"), ignore(), hand_over("disp-2"), ignore())
    assert done.count(True) == 1
    after = await store.deliveries.get(delivery.id)
    assert after is not None
    assert after.state == "processed"
    assert (after.outcome == "handed") == (after.dispatch_id is not None)
    events = [event for event in await store.events.unpublished(10) if event.session_id == delivery.id]
    assert len(events) == (1 if after.outcome == "ignored" else 0)


async def test_a_replay_is_processed_once_more_and_tells_its_own_events(store: Store) -> None:
    delivery = delivery_document(HOOK)
    await store.deliveries.insert(delivery)
    assert await store.deliveries.replay(delivery, at=NOW) is None  # it is not through yet
    done = await store.deliveries.finish(
        delivery, "failed", at=NOW, event=NewEvent("delivery.failed"), reason="x"
    )
    assert done is not None
    again = await asyncio.gather(*(store.deliveries.replay(done, at=NOW) for _ in range(5)))
    (replayed,) = [one for one in again if one is not None]
    assert (replayed.state, replayed.outcome, replayed.reason, replayed.replays) == (
        "received",
        None,
        None,
        1,
    )
    assert replayed.trigger != delivery.trigger
    assert (
        await store.deliveries.finish(delivery, "ignored", at=NOW, event=IGNORED) is None
    )  # of the time before
    assert (
        await store.deliveries.finish(replayed, "ignored", at=NOW, event=IGNORED, reason="event") is not None
    )
    events = [event for event in await store.events.unpublished(10) if event.session_id == delivery.id]
    assert [(event.type, event.sequence) for event in events] == [
        ("delivery.failed", 1),
        ("delivery.ignored", 2),
    ]


async def test_a_repeat_cannot_be_replayed(store: Store) -> None:
    repeat = delivery_document(HOOK, key=None, state="processed", outcome="duplicate", duplicate_of="dlv-1")
    await store.deliveries.insert(repeat)
    assert await store.deliveries.replay(repeat, at=NOW) is None


async def test_a_list_is_newest_first_and_of_one_outcome_where_asked(store: Store) -> None:
    made = []
    for number in range(6):
        delivery = delivery_document(HOOK, f"g-{number}")
        await store.deliveries.insert(delivery)
        made.append(delivery.id)
        if number % 2:
            await store.deliveries.finish(delivery, "ignored", at=NOW, event=IGNORED, reason="event")
    await store.deliveries.insert(delivery_document(webhook_document(), "g-9"))
    page, total = await store.deliveries.list(HOOK.id, limit=2, offset=1)
    assert (total, [one.id for one in page]) == (6, [made[4], made[3]])
    assert all(one.payload is None for one in page)
    page, total = await store.deliveries.list(HOOK.id, limit=10, outcome="ignored")
    assert (total, [one.id for one in page]) == (3, [made[5], made[3], made[1]])


@pytest.mark.parametrize("outcome", [None, "ignored"])
async def test_lists_and_the_search_for_work_come_from_an_index(store: Store, outcome: str | None) -> None:
    find = {
        "find": "deliveries",
        "filter": {"webhook_id": HOOK.id, **({"outcome": outcome} if outcome else {})},
        "sort": {"order": -1, "_id": -1},
    }
    due = {
        "find": "deliveries",
        "filter": {"state": "received", "webhook_id": HOOK.id, "next_attempt_at": {"$lte": NOW}},
        "sort": {"order": 1},
    }
    for query in (find, due):
        answer = await store.database.command({"explain": query, "verbosity": "queryPlanner"})
        assert "COLLSCAN" not in str(answer["queryPlanner"]["winningPlan"])
        assert "'SORT'" not in str(answer["queryPlanner"]["winningPlan"])


async def test_no_more_are_admitted_in_an_hour_than_the_bound_by_all_processes_together(
    replicas: tuple[Store, ...],
) -> None:
    def ask(number: int, key: str = "k") -> asyncio.Task[bool]:
        store = replicas[number % len(replicas)]
        return asyncio.create_task(store.rates.admit(f"t-{number}", HOOK.id, key, most=5, at=NOW))

    admitted = await asyncio.gather(*(ask(number) for number in range(40)))
    assert admitted.count(True) == 5
    assert await ask(99, "another key")
    again = await asyncio.gather(*(ask(number) for number in range(40)))
    assert again == admitted  # a repeat after a crash hears what it heard


async def test_the_bound_lets_through_again_when_the_hour_is_over_and_its_record_stays_small(
    store: Store,
) -> None:
    for number in range(3):
        await store.rates.admit(f"t-{number}", HOOK.id, "k", most=2, at=NOW + timedelta(minutes=number))
    assert not await store.rates.admit("t-4", HOOK.id, "k", most=2, at=NOW + timedelta(minutes=59))
    assert await store.rates.admit("t-5", HOOK.id, "k", most=2, at=NOW + WINDOW)
    assert not await store.rates.admit("t-6", HOOK.id, "k", most=2, at=NOW + WINDOW)
    assert await store.rates.admit("t-7", HOOK.id, "k", most=2, at=NOW + WINDOW + timedelta(minutes=1))
    whole_minute = (NOW + timedelta(days=1)).replace(second=0, microsecond=0)
    for number in range(300):
        at = whole_minute + timedelta(seconds=30 * number)
        assert await store.rates.admit(f"u-{number}", HOOK.id, "k", most=1_000, at=at)
    (row,) = await store.database.collection("dispatch_rates").find({}, limit=10)
    assert set(row) == {"_id", "schema_version", "minutes", "admitted", "touched_at"}
    assert (len(row["minutes"]), len(row["admitted"])) == (60, 50)
    assert sum(minute["count"] for minute in row["minutes"]) == 120
