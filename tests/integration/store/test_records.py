"""Activity, credentials, and the erasure of all of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ccplant_contracts.session import Sample, Transcript
from ccplant_contracts.status import Reason
from ccplant_contracts.watch import Activity
from ccplant_store import Store
from ccplant_store.access import TicketDoc, TokenDoc, digest
from ccplant_store.idempotency import IdempotencyDoc
from ccplant_store.indexes import INDEXES
from tests.support.clock import FakeClock
from tests.support.documents import (
    NOW,
    OWNER,
    chunk,
    pending_session,
    permission_request,
    prompt_document,
    running_session,
    session_document,
)


def sampled(seconds: float, **changes: object) -> tuple[Sample, Activity]:
    at = NOW + timedelta(seconds=seconds)
    activity = Activity.model_validate({"updated_at": at, "sampled_at": at, **changes})
    return Sample(at=at, cpu_usage=seconds, memory_usage=1), activity


async def test_the_newer_sample_wins_and_what_it_leaves_out_stays(store: Store) -> None:
    session = await running_session(store)
    await store.activity.append(session.id, *sampled(10, step="ready", reachable=True))
    await store.activity.append(session.id, *sampled(20, agent_state="working"))
    await store.activity.append(session.id, *sampled(15, agent_state="ready"))
    latest = await store.activity.get(session.id)
    assert latest is not None
    assert (latest.agent_state, latest.step, latest.reachable) == ("working", "ready", True)
    assert [sample.cpu_usage for sample in await store.activity.history(session.id)] == [10, 20]


async def test_the_history_of_samples_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccplant_store.activity.KEPT_SAMPLES", 10)
    session = await running_session(store)
    for second in range(15):
        await store.activity.append(session.id, *sampled(second))
    history = await store.activity.history(session.id)
    assert len(history) == 10
    assert history[-1].cpu_usage == 14


async def test_a_sample_of_a_session_that_is_gone_is_not_kept(store: Store) -> None:
    await store.activity.append("session-gone-0123456789", *sampled(1))
    assert await store.activity.get_many(["session-gone-0123456789"]) == {}


async def test_a_token_is_good_until_it_is_revoked_and_never_readable(store: Store) -> None:
    await store.tokens.create(TokenDoc(id=digest("ccp_secret"), key_id="k1", owner=OWNER, created_at=NOW))
    found = await store.tokens.find("ccp_secret")
    assert found is not None
    assert (found.owner, found.role) == (OWNER, "user")
    assert "ccp_secret" not in str(await store.database.collection("tokens").find({}, limit=9))
    assert not await store.tokens.revoke("k1", owner="eve", at=NOW)
    assert await store.tokens.revoke("k1", owner=OWNER, at=NOW)
    assert await store.tokens.find("ccp_secret") is None
    assert await store.tokens.list(OWNER) == []


async def test_of_many_who_show_a_ticket_one_gets_in(store: Store) -> None:
    await store.tickets.create(TicketDoc(id=digest("t"), owner=OWNER, created_at=NOW))
    results = await asyncio.gather(*(store.tickets.redeem("t") for _ in range(50)))
    assert sum(ticket is not None for ticket in results) == 1


async def test_a_ticket_is_good_for_half_a_minute(store: Store, clock: FakeClock) -> None:
    await store.tickets.create(TicketDoc(id=digest("t"), owner=OWNER, created_at=NOW))
    await clock.advance(31)
    assert await store.tickets.redeem("t") is None


async def test_a_purge_leaves_nothing_but_the_news_of_it(store: Store) -> None:
    session = session_document()
    key = IdempotencyDoc(id="k", body_hash="h", resource_id=session.id, created_at=NOW)
    await store.sessions.create(session, prompt=prompt_document(session, 1), idempotency=key)
    other = await pending_session(store)
    await store.output.insert(session.id, [chunk(1)])
    await store.permissions.insert_requested(session.id, OWNER, permission_request(), at=NOW, expires_at=NOW)
    await store.activity.append(session.id, *sampled(1))
    published = await store.events.unpublished(2)
    await store.events.mark_published([event.id for event in published if event.session_id == session.id])
    await store.purge(session.id)
    await store.purge(session.id)
    for name in INDEXES:
        if name in ("session_events", "tombstones"):
            continue
        rows = await store.database.collection(name).find({}, limit=100)
        assert session.id not in str(rows)
    left = [event for event in await store.events.unpublished(100) if event.session_id == session.id]
    assert left[-1].type == "session.purged"
    assert [event.sequence for event in left] == list(range(left[0].sequence, left[0].sequence + len(left)))
    assert await store.sessions.get(other.id) is not None


async def test_a_purge_of_a_session_that_changes_ends(store: Store) -> None:
    session = await running_session(store)
    ended = await store.sessions.transition(session, Reason.STOPPED, now=NOW)
    assert ended is not None
    await asyncio.gather(
        store.purge(session.id),
        store.sessions.rename(ended, "x"),
        store.sessions.mark_settled(session.id, Transcript(last_seq=0, complete=True), keeps_workspace=False),
    )
    assert await store.sessions.get(session.id) is None
    assert await store.tombstones.exists(session.id)
