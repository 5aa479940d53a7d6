"""A document that nobody can read is named, and stops nothing but itself."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import REGISTRY

from ccplant_contracts.dispatch import Target
from ccplant_contracts.status import PromptState, Reason
from ccplant_store import NewEvent, Store
from ccplant_store.schedules.model import RunDoc, ScheduleDoc
from ccplant_store.sessions.listing import ListQuery
from tests.integration.store.test_dispatches import added
from tests.support.deliveries import delivery_document, webhook_document
from tests.support.documents import (
    NOW,
    OWNER,
    ended_session,
    pending_session,
    queued_prompt,
    running_session,
)

LATER = NOW + timedelta(hours=1)


async def spoil(store: Store, collection: str, document_id: str, field: str = "owner") -> None:
    """As a newer version might write it, or somebody's hand."""
    wrong = {field: {"secret": "in a field that is wrong"}}
    await store.database.collection(collection).update_one({"_id": document_id}, {"$set": wrong})


async def named(store: Store) -> list[str]:
    return [each.id for each in await store.unreadable.list(limit=10)]


async def due_schedule(store: Store, name: str, minutes: int) -> ScheduleDoc:
    at = NOW + timedelta(minutes=minutes)
    return await store.schedules.insert(
        ScheduleDoc(
            id=f"sched-{name}", owner=OWNER, name=name, definition={}, created_at=NOW, updated_at=NOW,
            next_tick_at=at, next_fire_at=at,
        )
    )  # fmt: skip


async def test_more_unreadable_schedules_than_a_page_has_take_no_place_of_those_that_are_due(
    store: Store,
) -> None:
    for number in range(5):
        broken = await due_schedule(store, f"broken-{number}", number)
        await spoil(store, "schedules", broken.id)
    good = [(await due_schedule(store, f"good-{number}", 10 + number)).id for number in range(3)]
    for _ in range(2):
        assert [each.id for each in await store.schedules.due(LATER, limit=2)] == good[:2]
    assert len(await named(store)) == 5
    assert [each.id for each in (await store.schedules.list(OWNER, limit=10))[0]] == good[::-1]


async def test_it_is_named_with_the_fields_that_are_wrong_counted_and_never_shown(store: Store) -> None:
    def counted() -> float:
        return (
            REGISTRY.get_sample_value("ccplant_documents_unreadable_total", {"collection": "schedules"}) or 0
        )

    before = counted()
    broken = await due_schedule(store, "broken", 0)
    await spoil(store, "schedules", broken.id)
    for _ in range(3):
        assert await store.schedules.due(LATER, limit=2) == []
    (told,) = await store.unreadable.list(limit=10)
    assert (told.id, told.problem) == ("schedules:sched-broken", "owner: string_type")
    assert counted() == before + 1


async def test_one_that_was_mended_is_read_again(store: Store) -> None:
    broken = await due_schedule(store, "broken", 0)
    await spoil(store, "schedules", broken.id)
    assert await store.schedules.due(LATER, limit=2) == []
    await store.database.collection("schedules").update_one({"_id": broken.id}, {"$set": {"owner": OWNER}})
    store.schedules._readable._left_alone = dict.fromkeys(store.schedules._readable._left_alone, 0.0)
    assert [each.id for each in await store.schedules.due(LATER, limit=2)] == [broken.id]


async def test_the_head_of_a_queue_that_is_unreadable_lets_the_others_go(store: Store) -> None:
    key = Target("key", "pull request 7")
    head, behind = await added(store, "test:1", key), await added(store, "test:2", key)
    await spoil(store, "dispatches", head.id)
    found = await store.dispatches.lowest_open(head.queue)
    assert found is not None
    assert found.id == behind.id
    waiting, _ = await store.dispatches.list(OWNER, waiting_only=True, limit=10)
    assert [each.id for each in waiting] == [behind.id]
    assert list(await store.dispatches.many([head.id, behind.id])) == [behind.id]


async def test_an_event_that_is_unreadable_holds_up_its_own_session_and_no_other(store: Store) -> None:
    first, second = await pending_session(store), await pending_session(store)
    changed = await store.sessions.change(first, set={"step": "x"}, events=[NewEvent("session.extended")])
    assert changed is not None
    events = store.database.collection("session_events")
    (row,) = await events.find({"session_id": first.id, "sequence": 1}, limit=1)
    await spoil(store, "session_events", row["_id"], "type")
    for limit in (1, 10):
        published = await store.events.unpublished(limit)
        assert [(event.session_id, event.sequence) for event in published] == [(second.id, 1)]
    assert await named(store) == [f"session_events:{row['_id']}"]
    assert len(await store.events.timeline(first.id)) == 1


async def test_an_unreadable_delivery_is_passed_over(store: Store) -> None:
    hook = webhook_document()
    deliveries = [delivery_document(hook, f"g-{number}") for number in range(3)]
    for delivery in deliveries:
        await store.deliveries.insert(delivery)
    first = min(deliveries, key=lambda each: each.order)
    await spoil(store, "deliveries", first.id)
    found = await store.deliveries.due(hook.id, first.received_at + timedelta(days=1), limit=1)
    assert len(found) == 1
    assert found[0].id != first.id
    assert len((await store.deliveries.list(hook.id, limit=10))[0]) == 2


async def test_an_unreadable_prompt_keeps_no_other_from_its_end(store: Store) -> None:
    session = await running_session(store)
    broken, behind = await queued_prompt(store, session), await queued_prompt(store, session)
    await spoil(store, "prompts", broken.id, "text")
    elsewhere = await queued_prompt(store, await running_session(store))
    assert await store.prompts.announce(limit=1) == 1
    assert await store.sessions.transition(session, Reason.POD_DELETED, now=NOW) is not None
    settled = await store.prompts.settle(session.id, at=NOW)
    assert [(each.id, each.state) for each in settled] == [(behind.id, PromptState.UNDELIVERED)]
    assert await store.prompts.get(elsewhere.session_id, elsewhere.id) is not None


async def test_lists_show_what_can_be_read(store: Store) -> None:
    good, broken = await ended_session(store), await ended_session(store)
    await spoil(store, "sessions", broken.id, "name")
    page = await store.sessions.list(ListQuery(owner=OWNER, limit=5))
    assert [each.id for each in page.items] == [good.id]
    hook, other = webhook_document(), webhook_document()
    for each in (hook, other):
        await store.webhooks.insert(each)
    await spoil(store, "webhooks", other.id, "name")
    assert [each.id for each in (await store.webhooks.list(OWNER, limit=5))[0]] == [hook.id]
    runs = [
        RunDoc(
            id=f"run-{number}", schedule_id="sched-1", owner=OWNER, trigger="manual", tick_at=NOW, due_at=NOW,
            outcome="handed", created_at=NOW,
        )
        for number in range(2)
    ]  # fmt: skip
    await store.database.collection("runs").insert_many([run.encode() for run in runs])
    await spoil(store, "runs", "run-0")
    assert [run.id for run in (await store.schedules.runs("sched-1", limit=5))[0]] == ["run-1"]
    assert list(await store.schedules.many_runs(["run-0", "run-1"])) == ["run-1"]
