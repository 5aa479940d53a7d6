"""A permission request is answered exactly once, and never by silence."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from ccplant_contracts.prompt import OptionKind, PermissionAnswer
from ccplant_contracts.session import Transcript
from ccplant_contracts.status import PermissionDelivery, PermissionState
from ccplant_store import Store
from ccplant_store.permissions.model import PermissionDoc
from ccplant_store.sessions.model import SessionDoc
from tests.support.documents import NOW, OWNER, ended_session, permission_request, running_session

LATER = NOW + timedelta(minutes=10)


def answer(by: str, kind: OptionKind = "allow_once") -> PermissionAnswer:
    return PermissionAnswer(option_id="1", kind=kind, source="user", by=by, at=NOW)


async def requested(store: Store, session: SessionDoc, **changes: object) -> PermissionDoc:
    permission = await store.permissions.insert_requested(
        session.id, OWNER, permission_request(**changes), at=NOW, expires_at=LATER
    )
    assert permission is not None
    return permission


async def pending_count(store: Store, session: SessionDoc) -> int:
    now = await store.sessions.get(session.id)
    assert now is not None
    return now.pending_permissions


async def events_of(store: Store, session: SessionDoc) -> list[str]:
    return [entry.type for entry in await store.events.timeline(session.id)]


async def test_of_hundreds_of_answers_one_holds_and_is_told_of_once(replicas: tuple[Store, ...]) -> None:
    store = replicas[0]
    session = await running_session(store)
    permission = await requested(store, session)
    kinds: tuple[OptionKind, OptionKind] = ("allow_once", "reject_once")
    results = await asyncio.gather(
        *(
            replicas[n % 5].permissions.answer(session.id, permission.id, answer(f"user{n}", kinds[n % 2]))
            for n in range(300)
        )
    )
    winners = [result for result in results if result is not None]
    stored = await store.permissions.get(session.id, permission.id)
    assert winners == [stored]
    assert (await events_of(store, session)).count("permission.answered") == 1
    assert await pending_count(store, session) == 0


async def test_a_request_is_recorded_once_with_all_that_the_agent_said(store: Store) -> None:
    session = await running_session(store)
    tool = {"input": {"$set": {"a.b": 1 << 70}, "n\x00": None}}
    request = permission_request(tool=tool)
    results = await asyncio.gather(
        *(
            store.permissions.insert_requested(session.id, OWNER, request, at=NOW, expires_at=LATER)
            for _ in range(20)
        )
    )
    assert sum(result is not None for result in results) == 1
    stored = await store.permissions.get(session.id, request.permission_id)
    assert stored is not None
    assert stored.tool == tool
    assert (await events_of(store, session)).count("permission.requested") == 1
    assert await pending_count(store, session) == 1


async def test_an_answer_waits_until_the_runner_acted_on_it(store: Store) -> None:
    session = await running_session(store)
    permission = await requested(store, session)
    assert await store.permissions.sessions_with_work(limit=5) == []
    await store.permissions.answer(session.id, permission.id, answer(OWNER))
    assert await store.permissions.sessions_with_work(limit=5) == [session.id]
    assert [p.id for p in await store.permissions.undelivered(session.id)] == [permission.id]
    applied = await store.permissions.mark_delivery(session.id, permission.id, PermissionDelivery.APPLIED)
    assert applied is not None
    assert applied.resource().applied
    assert await store.permissions.undelivered(session.id) == []
    again = await store.permissions.mark_delivery(session.id, permission.id, PermissionDelivery.NOT_APPLIED)
    assert again is None


async def test_no_answer_in_time_is_a_rejection_that_the_runner_hears(store: Store) -> None:
    session = await running_session(store)
    permission = await requested(store, session)
    assert await store.permissions.expire(LATER - timedelta(seconds=1)) == []
    (expired,) = await store.permissions.expire(LATER)
    assert (expired.id, expired.state) == (permission.id, PermissionState.EXPIRED)
    assert expired.answer is not None
    assert (expired.answer.kind, expired.answer.option_id) == ("reject_once", "2")
    assert await store.permissions.answer(session.id, permission.id, answer(OWNER)) is None
    assert [p.id for p in await store.permissions.undelivered(session.id)] == [permission.id]


async def test_an_answer_and_its_expiry_at_once_leave_one_of_them(store: Store) -> None:
    for _ in range(20):
        session = await running_session(store)
        permission = await requested(store, session)
        answered, expired = await asyncio.gather(
            store.permissions.answer(session.id, permission.id, answer(OWNER)),
            store.permissions.expire(LATER),
        )
        assert (answered is None) != (expired == [])


async def test_a_policy_s_answer_needs_nobody(store: Store) -> None:
    session = await running_session(store)
    permission = await requested(store, session, policy_answer="reject_once", policy_rule="Bash")
    assert permission.state is PermissionState.ANSWERED
    assert permission.answer is not None
    assert (permission.answer.source, permission.answer.option_id) == ("policy", "2")
    assert await pending_count(store, session) == 0
    assert await store.permissions.undelivered(session.id) == []


async def test_at_the_end_nothing_waits_any_more(store: Store) -> None:
    session = await running_session(store)
    unanswered, unheard = await requested(store, session), await requested(store, session)
    await store.permissions.answer(session.id, unheard.id, answer(OWNER))
    closed = {p.id: p for p in await store.permissions.close_for_session(session.id, at=NOW)}
    assert closed[unanswered.id].state is PermissionState.WITHDRAWN
    assert closed[unheard.id].delivery is PermissionDelivery.NOT_APPLIED
    assert await store.permissions.sessions_with_work(limit=5) == []
    assert await pending_count(store, session) == 0


async def test_a_request_that_arrives_after_the_end_was_settled_never_waits(store: Store) -> None:
    ended = await ended_session(store)
    await store.sessions.mark_settled(ended.id, Transcript(last_seq=1, complete=True), keeps_workspace=False)
    late = await requested(store, ended)
    assert late.state is PermissionState.WITHDRAWN
    assert await store.permissions.pending(ended.id) == []
    assert await pending_count(store, ended) == 0


async def test_an_agent_that_does_not_wait_any_more_withdraws_its_request(store: Store) -> None:
    session = await running_session(store)
    permission = await requested(store, session)
    gone = await store.permissions.mark_delivery(session.id, permission.id, PermissionDelivery.NOT_APPLIED)
    assert gone is not None
    assert gone.state is PermissionState.WITHDRAWN
    assert await store.permissions.answer(session.id, permission.id, answer(OWNER)) is None


async def test_a_request_belongs_to_its_session(store: Store) -> None:
    one, other = await running_session(store), await running_session(store)
    permission = await requested(store, one)
    assert await store.permissions.get(other.id, permission.id) is None
    assert await store.permissions.answer(other.id, permission.id, answer(OWNER)) is None
