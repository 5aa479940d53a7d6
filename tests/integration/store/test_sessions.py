"""The compare-and-set, and what is outside of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from ccplant_contracts.session import StopRequested, Transcript
from ccplant_contracts.status import IllegalTransitionError, Reason, Status, StopReason
from ccplant_store import NewEvent, Store
from ccplant_store.errors import AlreadyDoneError, DuplicateKeyError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.sessions.model import LaunchDoc, SessionDoc
from tests.support.clock import FakeClock
from tests.support.documents import (
    NOW,
    OWNER,
    ended_session,
    pending_session,
    prompt_document,
    running_session,
    session_document,
)


def stop(reason: StopReason = StopReason.STOPPED, **changes: object) -> StopRequested:
    return StopRequested.model_validate({"reason": reason, "by": OWNER, "at": NOW, **changes})


async def timeline(store: Store, session: SessionDoc) -> list[str]:
    return [entry.type for entry in await store.events.timeline(session.id)]


async def test_what_was_written_is_read_back(store: Store) -> None:
    config = {"env": {"A": {"value": "s", "secret": True}}, "headers": {"$ref": "a.b", "x.y": "z"}}
    made = await pending_session(store, config=config, labels={"team/a.b": "x"})
    assert await store.sessions.get(made.id) == made
    assert await store.sessions.get_owned(made.id, "somebody-else") is None
    assert await store.sessions.get_owned(made.id, OWNER) == made


async def test_an_older_document_never_overwrites_a_newer_one(store: Store) -> None:
    first = await pending_session(store)
    assert await store.sessions.rename(first, "new") is not None
    assert await store.sessions.rename(first, "late") is None
    now = await store.sessions.get(first.id)
    assert now is not None
    assert (now.name, now.version) == ("new", 2)


async def test_of_a_hundred_transitions_at_once_one_happens_and_its_event_is_alone(
    replicas: tuple[Store, ...],
) -> None:
    store = replicas[0]
    session = await running_session(store)
    results = await asyncio.gather(
        *(replicas[n % 5].sessions.transition(session, Reason.STOPPED, now=NOW) for n in range(100))
    )
    assert sum(result is not None for result in results) == 1
    assert (await timeline(store, session)).count("session.terminated") == 1


async def test_a_final_session_never_changes_its_status(store: Store) -> None:
    ended = await ended_session(store)
    with pytest.raises(IllegalTransitionError):
        await store.sessions.transition(ended, Reason.REGISTERED, now=NOW)


async def test_times_follow_the_status(store: Store, clock: FakeClock) -> None:
    session = await running_session(store)
    assert (session.running_at, session.open, session.work) == (NOW, True, None)
    await clock.advance(60)
    ended = await store.sessions.transition(session, Reason.TIMEOUT, now=clock.now(), facts={"minutes": 60})
    assert ended is not None
    assert (ended.status, ended.open, ended.work) == (Status.TERMINATED, False, "end")
    assert ended.ended_at == clock.now() == ended.updated_at


async def test_what_a_document_cannot_hold_never_prevents_the_end(store: Store) -> None:
    session = await running_session(store)
    evidence = {"a\x00b": 1 << 80, "$where": {"x.y": ["\ud800"]}, "nested": {"k": {1, 2}}}
    ended = await store.sessions.transition(
        session, Reason.AGENT_CRASHED, now=NOW, facts={"n\x00": 1 << 70}, diagnosis={"evidence": evidence}
    )
    assert ended is not None
    assert ended.diagnosis is not None
    assert ended.diagnosis["evidence"]["ab"] == str(1 << 80)


async def test_events_are_numbered_without_gaps_whoever_writes_them(replicas: tuple[Store, ...]) -> None:
    store = replicas[0]
    session = await running_session(store)

    async def poke(number: int) -> None:
        for _ in range(50):
            current = await store.sessions.get(session.id)
            assert current is not None
            if await replicas[number % 5].sessions.change(
                current, set={"step": str(number)}, events=[NewEvent("session.extended", {"n": number})]
            ):
                return
        pytest.fail("never won")

    await asyncio.gather(*(poke(number) for number in range(30)))
    events = await store.events.unpublished(1_000)
    assert [event.sequence for event in events] == list(range(1, 33))
    assert Counter(event.type for event in events)["session.extended"] == 30


async def test_a_repeated_creation_makes_nothing_new(store: Store) -> None:
    def key(session: SessionDoc) -> IdempotencyDoc:
        return IdempotencyDoc(
            id=idempotency_id(OWNER, "sessions", "k"), body_hash="h", resource_id=session.id, created_at=NOW
        )

    async def create() -> str:
        session = session_document()
        try:
            made = await store.sessions.create(
                session, prompt=prompt_document(session, 1), idempotency=key(session)
            )
        except AlreadyDoneError as done:
            return f"{done.resource_id}" if done.body_hash == "h" else "another"
        return made.id

    ids = await asyncio.gather(*(create() for _ in range(40)))
    assert len(set(ids)) == 1
    assert len(await store.prompts.list_for(ids[0])) == 1
    assert [event.type for event in await store.events.unpublished(10)] == [
        "session.created",
        "prompt.queued",
    ]
    found = await store.idempotency.find(OWNER, "sessions", "k")
    assert found is not None
    assert found.resource_id == ids[0]


async def test_an_id_that_is_taken_is_refused(store: Store) -> None:
    made = await pending_session(store)
    with pytest.raises(DuplicateKeyError):
        await store.sessions.create(made)


class TestStop:
    async def test_the_first_wish_gives_the_reason(self, store: Store) -> None:
        session = await running_session(store)
        await store.sessions.request_stop(session.id, stop(StopReason.TIMEOUT))
        after = await store.sessions.request_stop(session.id, stop(StopReason.STOPPED))
        assert after is not None
        assert after.stop_requested is not None
        assert after.stop_requested.reason is StopReason.TIMEOUT
        assert after.work == "end"

    async def test_a_deletion_upgrades_a_stop_and_hides_the_session_at_once(self, store: Store) -> None:
        session = await running_session(store)
        await store.sessions.request_stop(session.id, stop())
        after = await store.sessions.request_stop(
            session.id, stop(StopReason.DELETED, delete_pvc=True, force=True, by="eve"), owner=OWNER
        )
        assert after is not None
        assert after.stop_requested is not None
        wish = after.stop_requested
        assert (wish.reason, wish.delete_pvc, wish.force, wish.by) == (StopReason.DELETED, True, True, "eve")
        assert (after.deleted, after.deleted_at) == (True, NOW)
        assert (await timeline(store, session)).count("session.deleted") == 1

    async def test_a_wish_after_the_end_changes_nothing(self, store: Store) -> None:
        ended = await ended_session(store)
        assert await store.sessions.request_stop(ended.id, stop()) == ended

    async def test_nobody_ends_the_session_of_another(self, store: Store) -> None:
        session = await running_session(store)
        assert await store.sessions.request_stop(session.id, stop(), owner="eve") is None
        assert await store.sessions.get(session.id) == session

    async def test_of_a_hundred_wishes_at_once_one_is_written(self, replicas: tuple[Store, ...]) -> None:
        store = replicas[0]
        session = await running_session(store)
        results = await asyncio.gather(
            *(replicas[n % 5].sessions.request_stop(session.id, stop(by=f"user{n}")) for n in range(100))
        )
        assert len({r.stop_requested.by for r in results if r is not None and r.stop_requested}) == 1
        assert (await timeline(store, session)).count("session.stop_requested") == 1

    async def test_a_task_with_a_new_prompt_is_not_finished(self, store: Store) -> None:
        session = await running_session(store)
        assert await store.sessions.take_prompt_number(session.id, OWNER) == 1
        wish = stop(StopReason.TASK_FINISHED)
        assert await store.sessions.request_stop(session.id, wish, if_prompt_seq=0) is None
        assert await store.sessions.request_stop(session.id, wish, if_prompt_seq=1) is not None

    async def test_no_prompt_gets_a_number_after_the_wish_however_close_they_are(self, store: Store) -> None:
        """Either the wish sees the number, or the prompt sees the wish."""
        for _ in range(25):
            session = await running_session(store)
            wish = store.sessions.request_stop(session.id, stop(StopReason.TASK_FINISHED), if_prompt_seq=0)
            numbers, stopped = await asyncio.gather(
                asyncio.gather(*(store.sessions.take_prompt_number(session.id, OWNER) for _ in range(4))),
                wish,
            )
            assert (stopped is None) == any(number is not None for number in numbers)


async def test_a_deletion_is_idempotent(store: Store) -> None:
    ended = await ended_session(store)
    for _ in range(2):
        after = await store.sessions.mark_deleted(ended.id, by=OWNER, at=NOW)
        assert after is not None
        assert after.deleted_at == NOW
    assert (await timeline(store, ended)).count("session.deleted") == 1


async def test_a_deletion_decides_about_a_volume_that_was_kept(store: Store) -> None:
    for kept in (True, False):
        ended = await ended_session(store)
        transcript = Transcript(last_seq=0, complete=True)
        await store.sessions.mark_settled(ended.id, transcript, keeps_workspace=kept)
        await store.sessions.mark_deleted(ended.id, by=OWNER, at=NOW, delete_pvc=True)
        assert (ended.id in await store.session_work.unfulfilled(NOW, limit=10)) is kept
        now = await store.sessions.get(ended.id)
        assert now is not None
        assert now.delete_pvc is True


async def test_who_waits_for_a_place_does_not_crowd_out_who_has_one(store: Store) -> None:
    queued = [await pending_session(store, created_at=NOW + timedelta(seconds=n)) for n in range(3)]
    starting = await pending_session(store, created_at=NOW + timedelta(seconds=9))
    launch = LaunchDoc(id="l-starting", attempt=1, created_at=NOW)
    assert await store.sessions.change(starting, set={"launch": launch.model_dump()})
    found = {
        places: await store.session_work.unfulfilled(NOW, limit=2, places=places) for places in (None, 1, 0)
    }
    assert found[None] == (starting.id, queued[0].id, queued[1].id)
    assert found[1] == (starting.id, queued[0].id)
    assert found[0] == (starting.id,)


async def test_a_hundred_prompts_at_once_get_each_a_number_of_their_own(store: Store) -> None:
    session = await running_session(store)
    numbers = await asyncio.gather(
        *(store.sessions.take_prompt_number(session.id, OWNER) for _ in range(100))
    )
    assert sorted(number or 0 for number in numbers) == list(range(1, 101))
    now = await store.sessions.get(session.id)
    assert now is not None
    assert now.version == session.version


async def test_an_extension_moves_the_limit_of_open_sessions_only(store: Store) -> None:
    session = await running_session(store)
    moved = await store.sessions.extend(
        session, timeout_minutes=90, deadline_at=NOW + timedelta(minutes=90), by=OWNER
    )
    assert moved is not None
    assert moved.config["timeout_minutes"] == 90
    assert moved.deadline_at == NOW + timedelta(minutes=90)
    assert await store.sessions.extend(session, timeout_minutes=1, deadline_at=None, by=OWNER) is None
    ended = await ended_session(store)
    assert await store.sessions.extend(ended, timeout_minutes=1, deadline_at=None, by=OWNER) is None


async def test_the_stored_prefix_moves_by_compare_and_set_and_takes_updated_at_along_once_a_second(
    store: Store,
) -> None:
    session = await running_session(store)
    assert await store.sessions.advance(session.id, 0, 5, at=NOW + timedelta(milliseconds=500))
    assert not await store.sessions.advance(session.id, 0, 9, at=NOW)
    now = await store.sessions.get(session.id)
    assert now is not None
    assert (now.stored_to, now.version, now.updated_at) == (5, session.version, NOW)
    assert await store.sessions.advance(session.id, 5, 6, at=NOW + timedelta(seconds=2))
    now = await store.sessions.get(session.id)
    assert now is not None
    assert now.updated_at == NOW + timedelta(seconds=2)


async def test_older_output_never_covers_what_newer_output_said(store: Store) -> None:
    session = await running_session(store)
    ready, failed = {"state": "ready", "error": None}, {"state": "failed", "error": "no"}
    assert await store.sessions.apply_output(session.id, 8, {"mcp_servers.a": ready}) == session.version + 1
    assert await store.sessions.apply_output(session.id, 5, {"mcp_servers.a": failed}) is None
    now = await store.sessions.get(session.id)
    assert now is not None
    assert now.mcp_servers["a"].state == "ready"


class TestWork:
    async def test_every_intent_is_found_until_it_is_fulfilled(self, store: Store) -> None:
        async def found(session: SessionDoc) -> bool:
            return session.id in await store.session_work.unfulfilled(NOW, limit=10)

        session = await pending_session(store)
        assert await found(session)
        running = await running_session(store)
        assert not await found(running)
        await store.sessions.request_stop(running.id, stop())
        assert await found(running)
        asked = await store.sessions.get(running.id)
        assert asked is not None
        await store.sessions.transition(asked, Reason.STOPPED, now=NOW)
        assert await found(running)
        settled = await store.sessions.mark_settled(
            running.id, Transcript(last_seq=0, complete=True), keeps_workspace=False
        )
        assert settled is not None
        assert not await found(running)
        await store.sessions.request_purge(running.id)
        assert await found(running)

    async def test_who_backs_off_is_left_alone_until_then(self, store: Store) -> None:
        session = await pending_session(store)
        later = NOW + timedelta(seconds=10)
        await store.sessions.back_off(session.id, error="no luck", until=later)
        assert session.id not in await store.session_work.unfulfilled(NOW, limit=10)
        assert session.id in await store.session_work.unfulfilled(later, limit=10)

    async def test_an_end_that_is_wanted_does_not_wait_for_a_back_off(self, store: Store) -> None:
        session = await pending_session(store)
        await store.sessions.back_off(session.id, error="no luck", until=NOW + timedelta(hours=1))
        await store.sessions.request_stop(session.id, stop())
        assert session.id in await store.session_work.unfulfilled(NOW, limit=10)

    async def test_ends_are_found_however_many_wait_to_start(self, store: Store) -> None:
        for _ in range(12):
            await pending_session(store)
        asked = await pending_session(store, created_at=NOW + timedelta(hours=1))
        await store.sessions.request_stop(asked.id, stop())
        assert (await store.session_work.unfulfilled(NOW, limit=5))[0] == asked.id

    async def test_deadlines(self, store: Store) -> None:
        assert await store.session_work.nearest_deadline() is None
        near, far = await running_session(store), await running_session(store)
        for session, minutes in ((near, 10), (far, 20)):
            at = NOW + timedelta(minutes=minutes)
            await store.sessions.extend(session, timeout_minutes=minutes, deadline_at=at, by=OWNER)
        assert await store.session_work.nearest_deadline() == NOW + timedelta(minutes=10)
        assert await store.session_work.due(NOW + timedelta(minutes=10)) == (near.id,)
        after = await store.session_work.nearest_deadline(after=NOW + timedelta(minutes=10))
        assert after == NOW + timedelta(minutes=20)

    async def test_launches(self, store: Store) -> None:
        pending = await pending_session(store)
        assert await store.session_work.count_starting() == 0
        session = await running_session(store)
        ended = await ended_session(store)
        assert session.launch is not None
        assert ended.launch is not None
        launch = {"id": "l-starting", "attempt": 1, "created_at": NOW, "released": False}
        assert await store.sessions.change(pending, set={"launch": launch}) is not None
        assert await store.session_work.count_starting() == 1
        assert await store.session_work.running_launches() == {session.id: session.launch.id}
        assert await store.session_work.session_of_launch(ended.launch.id) == ended.id
        owned = {session.launch.id, ended.launch.id, "l-starting"}
        assert await store.session_work.current_launches() == owned
        await store.sessions.mark_settled(
            ended.id, Transcript(last_seq=0, complete=True), keeps_workspace=False
        )
        assert await store.session_work.current_launches() == owned - {ended.launch.id}

    async def test_silence_is_news_once(self, store: Store) -> None:
        session = await running_session(store)
        assert await store.sessions.mark_reachable(session.id, reachable=True, now=NOW) is None
        assert await store.sessions.mark_reachable(session.id, reachable=False, now=NOW) is not None
        assert await store.sessions.mark_reachable(session.id, reachable=False, now=NOW) is None
        assert await store.sessions.mark_reachable(session.id, reachable=True, now=NOW) is not None
        assert (await timeline(store, session))[-2:] == ["session.unreachable", "session.reachable"]


async def test_a_gateway_compares_many_sessions_in_one_query(store: Store) -> None:
    session = await running_session(store)
    assert session.launch is not None
    watched = await store.sessions.watched([session.id, "session-gone-0"])
    assert set(watched) == {session.id}
    assert watched[session.id].launch_id == session.launch.id
    assert watched[session.id].version == session.version
