"""Dispatches find their session, or get a new one: once, in order, whoever races (W3, S12)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ccplant_contracts.dispatch import Target
from ccplant_contracts.session import Mode
from ccplant_contracts.status import PromptState, Reason, Status
from ccplant_contracts.stream import Idle, Turn
from ccplant_orchestrator.runtimes.protocol import ExitRecord
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.waiting import eventually

KEY = Target("key", "pull request 7")


async def all_sessions(plant: Plant) -> list[str]:
    rows = await plant.store.database.collection("sessions").find(
        {}, projection={"_id": 1}, sort=[("created_at", 1)], limit=1_000
    )
    return [row["_id"] for row in rows]


async def prompts_of(plant: Plant, session_id: str) -> list[PromptDoc]:
    return list(await plant.store.prompts.list_for(session_id, last=1_000))


async def wait_for(plant: Plant, dispatch: DispatchDoc, reason: str) -> None:
    async def waits() -> bool:
        found = await plant.store.dispatches.get(dispatch.id)
        return found is not None and found.open and found.waiting_for == reason

    await eventually(waits)


async def vanish(plant: Plant, session_id: str) -> SessionDoc:
    """Take a session's launch away, and wait until the session has come to rest."""

    async def started() -> str:
        launch = (await plant.get(session_id)).launch
        return launch.id if launch is not None and launch.started_at is not None else ""

    plant.runtime.vanish(await eventually(started))
    await plant.tell("session.launch", session_id)
    return await plant.settled(session_id)


async def test_a_hundred_dispatches_at_once_for_one_place_make_one_session_and_a_hundred_prompts_in_order(
    plant: Plant,
) -> None:
    await plant.start_replica()
    made = await asyncio.gather(*(plant.dispatch(KEY, f"message {number}") for number in range(100)))
    done = [await plant.dispatched(each) for each in made]
    (session_id,) = await all_sessions(plant)
    assert {each.session_id for each in done} == {session_id}
    assert sum(each.session_created for each in done) == 1
    prompts = await prompts_of(plant, session_id)
    wanted = [each.text for each in sorted(done, key=lambda each: each.number)]
    assert [prompt.text for prompt in prompts] == wanted


async def test_the_last_session_gets_the_message_pending_as_soon_as_it_runs(plant: Plant) -> None:
    older = await plant.create(name="older")
    newer = await plant.create(name="newer")
    done = await plant.dispatched(await plant.dispatch(Target("last"), "hello"))
    assert (done.session_id, done.session_created) == (newer.id, False)
    runner = await plant.runner(newer.id)
    (prompt,) = await eventually(lambda: runner.prompts)
    assert prompt.text == "hello"
    assert not await prompts_of(plant, older.id)


async def test_without_a_last_session_a_new_one_is_made_and_the_next_message_goes_there(plant: Plant) -> None:
    first = await plant.dispatched(await plant.dispatch(Target("last"), "one"))
    second = await plant.dispatched(await plant.dispatch(Target("last"), "two"))
    assert first.session_created
    assert (second.session_id, second.session_created) == (first.session_id, False)


async def test_a_session_that_took_the_place_of_a_named_one_has_its_name(plant: Plant) -> None:
    named = await plant.create(name="monitoring")
    await plant.stop(named.id)
    await plant.settled(named.id)
    done = await plant.dispatched(await plant.dispatch(Target("name", "monitoring"), "check"))
    assert done.session_created
    assert (await plant.get(done.session_id or "")).name == "monitoring"
    again = await plant.dispatched(await plant.dispatch(Target("name", "monitoring"), "check again"))
    assert again.session_id == done.session_id


async def test_the_place_of_a_session_named_by_its_id_is_taken_once(plant: Plant) -> None:
    given = await plant.create()
    target = Target("session", given.id)
    assert (await plant.dispatched(await plant.dispatch(target, "one"))).session_id == given.id
    await plant.stop(given.id, force=True)
    await plant.settled(given.id)
    done = [
        await plant.dispatched(each)
        for each in await asyncio.gather(*(plant.dispatch(target, f"after {number}") for number in range(5)))
    ]
    assert len({each.session_id for each in done}) == 1
    assert done[0].session_id != given.id


async def test_another_owners_session_is_as_if_it_were_not_there(plant: Plant) -> None:
    theirs = await plant.create()
    await plant.store.database.collection("sessions").update_one(
        {"_id": theirs.id}, {"$set": {"owner": "eve"}}
    )
    done = await plant.dispatched(await plant.dispatch(Target("session", theirs.id), "hello"))
    assert done.session_created
    assert done.session_id != theirs.id


async def test_messages_of_a_session_that_ended_before_they_were_delivered_go_to_the_next_one_in_order(
    plant: Plant,
) -> None:
    await plant.start_replica()
    texts = [f"message {number}" for number in range(8)]
    made = [await plant.dispatch(KEY, text) for text in texts]
    first = (await plant.dispatched(made[-1])).session_id or ""
    gone = asyncio.create_task(vanish(plant, first))
    late = [await plant.dispatch(KEY, f"late {number}") for number in range(3)]
    assert (await gone).status_reason is Reason.POD_DELETED

    async def elsewhere() -> list[str]:
        found = await plant.store.dispatches.many([each.id for each in (*made, *late)])
        there = {each.session_id or "" for each in found.values()}
        return [*there] if not any(each.open for each in found.values()) and first not in there else []

    (second,) = await eventually(elsewhere)
    assert second != first
    assert [prompt.text for prompt in await prompts_of(plant, second)] == [
        *texts, *(each.text for each in late),
    ]  # fmt: skip
    assert {prompt.state for prompt in await prompts_of(plant, first)} == {PromptState.UNDELIVERED}
    assert len(await all_sessions(plant)) == 2


async def test_a_message_whose_session_ends_between_its_prompt_and_its_dispatchs_word_goes_to_the_next_one(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await plant.dispatched(await plant.dispatch(KEY, "first"))).session_id or ""
    prompts, insert = plant.store.prompts, plant.store.prompts.insert

    async def insert_and_end(prompt: PromptDoc) -> PromptDoc:
        made = await insert(prompt)
        now = datetime.now(UTC)
        if made.session_id == first:
            await plant.store.sessions.transition(await plant.get(first), Reason.POD_DELETED, now=now)
            await prompts.settle(first, at=now)
        return made

    monkeypatch.setattr(prompts, "insert", insert_and_end)
    second = await plant.dispatch(KEY, "second")

    async def elsewhere() -> DispatchDoc | None:
        found = await plant.store.dispatches.get(second.id)
        assert found is not None
        return found if not found.open and found.session_id != first else None

    found = await eventually(elsewhere)
    assert found is not None
    assert [each.session_id for each in found.tried] == [first]
    texts = [prompt.text for prompt in await prompts_of(plant, found.session_id or "")]
    assert texts == ["first", "second"]


async def test_a_message_that_a_runner_had_is_not_sent_again(plant: Plant) -> None:
    done = await plant.dispatched(await plant.dispatch(KEY, "once"))
    runner = await plant.runner(done.session_id or "")
    await eventually(lambda: runner.prompts)
    await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="started"))
    await vanish(plant, done.session_id or "")
    found = await plant.store.dispatches.get(done.id)
    assert found is not None
    assert (found.state, found.session_id) == ("dispatched", done.session_id)
    assert len(await all_sessions(plant)) == 1


async def test_a_dispatch_whose_own_session_cannot_start_fails_and_says_why(plant: Plant) -> None:
    made = await plant.dispatch(KEY, "hopeless")
    session_id = (await plant.dispatched(made)).session_id or ""
    session = await plant.get(session_id)
    while session.status is Status.PENDING:
        ended = await plant.store.sessions.transition(
            session, Reason.CLONE_FAILED, now=datetime.now(UTC), facts={"detail": "no such repository"}
        )
        session = ended or await plant.get(session_id)
    await plant.tell("session.stop", session_id)

    async def failed() -> DispatchDoc | None:
        found = await plant.store.dispatches.get(made.id)
        return found if found is not None and found.state == "failed" else None

    found = await eventually(failed)
    assert found is not None
    assert found.failure is not None
    assert found.failure.code == "session_failed"
    assert "no such repository" in found.failure.message["en"]
    assert len(await all_sessions(plant)) == 1


async def test_a_session_that_somebody_ended_is_not_made_again_for_its_dispatch(plant: Plant) -> None:
    made = await plant.dispatch(KEY, "not wanted any more")
    session_id = (await plant.dispatched(made)).session_id or ""
    await plant.stop(session_id, force=True)

    async def failed() -> DispatchDoc | None:
        found = await plant.store.dispatches.get(made.id)
        return found if found is not None and found.state == "failed" else None

    found = await eventually(failed)
    assert found is not None
    assert found.failure is not None
    assert found.failure.code == "session_ended_by"
    assert OWNER in found.failure.message["en"]
    assert len(await all_sessions(plant)) == 1


async def test_a_dispatch_under_which_session_after_session_vanishes_is_given_up(plant: Plant) -> None:
    made = await plant.dispatch(KEY, "bad luck")
    for number in range(3):

        async def nth(number: int = number) -> str:
            found = await all_sessions(plant)
            return found[number] if len(found) > number else ""

        await vanish(plant, await eventually(nth))

    async def failed() -> bool:
        found = await plant.store.dispatches.get(made.id)
        return found is not None and found.failure is not None and found.failure.code == "sessions_ended"

    await eventually(failed)
    assert len(await all_sessions(plant)) == 3


async def test_a_number_that_nobody_used_holds_the_queue_up_for_a_moment_only(plant: Plant) -> None:
    await plant.store.slots.next_number(KEY.queue(OWNER, ""))
    done = await plant.dispatched(await plant.dispatch(KEY, "after a gap"))
    assert done.number == 2
    assert done.state == "dispatched"


async def test_a_dispatch_that_is_added_again_is_the_one_that_is_there(plant: Plant) -> None:
    made = await plant.dispatch(Target("new"), "once")
    repeat = made.model_copy(update={"id": "disp-other", "queue": "disp-other"})
    assert (await plant.store.dispatches.add(repeat)).id == made.id


async def test_a_lost_command_costs_time_and_no_dispatch(plant: Plant) -> None:
    replicas, plant.replicas = plant.replicas, []
    made = await plant.dispatch(Target("new"), "nobody was told")
    assert (await plant.dispatched(made)).state == "dispatched"
    plant.replicas = replicas


async def test_a_task_of_a_trigger_completes_by_itself_and_goes_as_it_was_told(plant: Plant) -> None:
    made = await plant.dispatch(
        Target("new"), "a task", mode=Mode.TASK, config={"auto_delete_on_complete": True}
    )
    session_id = (await plant.dispatched(made)).session_id or ""
    runner = await plant.runner(session_id)
    await eventually(lambda: runner.prompts)
    await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="done"))
    await runner.say(Idle(last_prompt_id=runner.prompts[0].prompt_id, last_number=1))
    await eventually(lambda: runner.stops)
    plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=0))

    async def deleted() -> SessionDoc | None:
        session = await plant.get(session_id)
        return session if session.deleted else None

    session = await eventually(deleted)
    assert session is not None
    assert session.status is Status.COMPLETED


async def test_a_session_stays_for_its_hours_and_goes_after_them(plant: Plant) -> None:
    session = await plant.create(auto_delete_after_hours=1, auto_delete_on_complete=True)
    await plant.stop(session.id, force=True)
    ended = await plant.settled(session.id)
    assert ended.ended_at is not None
    assert ended.delete_at == ended.ended_at + timedelta(hours=1)
    assert not ended.deleted
    await plant.store.sessions.change(ended, set={"delete_at": datetime.now(UTC)})

    async def deleted() -> bool:
        return (await plant.get(session.id)).deleted

    await eventually(deleted)


async def test_a_crowd_in_one_queue_keeps_no_other_queue_from_being_looked_at(plant: Plant) -> None:
    await plant.stop_first_replica()
    for number in range(12):
        await plant.dispatch(KEY, f"crowd {number}")
    alone = await plant.dispatch(Target("new"), "alone")
    found = await plant.store.dispatches.to_look_at(datetime.now(UTC), limit=10)
    assert alone.queue in found
    assert len(found) == len(set(found)) == 2


class TestOverlap:
    """A run and the one before it (W4)."""

    async def test_a_queued_run_waits_for_the_end_of_the_one_before(self, plant: Plant) -> None:
        first = await plant.dispatched(await plant.dispatch(Target("new"), "first"))
        second = await plant.dispatch(Target("new"), "second", after=first.id)
        await wait_for(plant, second, "earlier_run")
        await plant.stop(first.session_id or "", force=True)
        assert (await plant.dispatched(second)).session_created

    async def test_with_reuse_a_run_ends_when_its_prompt_does(self, plant: Plant) -> None:
        first = await plant.dispatched(await plant.dispatch(KEY, "first"))
        runner = await plant.runner(first.session_id or "")
        await eventually(lambda: runner.prompts)
        second = await plant.dispatch(KEY, "second", after=first.id)
        await wait_for(plant, second, "earlier_run")
        await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="done"))
        assert (await plant.dispatched(second)).session_id == first.session_id

    async def test_a_replacing_run_ends_the_one_before_and_takes_its_turn(self, plant: Plant) -> None:
        first = await plant.dispatched(await plant.dispatch(Target("new"), "first"))
        second = await plant.dispatch(Target("new"), "second", after=first.id, replace=True)
        assert (await plant.dispatched(second)).session_id != first.session_id
        ended = await plant.settled(first.session_id or "")
        assert ended.status_reason is Reason.STOPPED

    async def test_a_replacing_run_with_reuse_cancels_the_prompt_before_alone(self, plant: Plant) -> None:
        first = await plant.dispatched(await plant.dispatch(KEY, "first"))
        runner = await plant.runner(first.session_id or "")
        await eventually(lambda: runner.prompts)
        second = await plant.dispatch(KEY, "second", after=first.id, replace=True)
        await eventually(lambda: runner.cancels)
        await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="cancelled"))
        done = await plant.dispatched(second)
        assert (done.session_id, done.session_created) == (first.session_id, False)

    async def test_a_run_that_waits_itself_is_replaced_without_having_run(self, plant: Plant) -> None:
        first = await plant.dispatched(await plant.dispatch(Target("new"), "first"))
        second = await plant.dispatch(Target("new"), "second", after=first.id)
        await wait_for(plant, second, "earlier_run")
        third = await plant.dispatch(Target("new"), "third", after=second.id, replace=True)
        assert (await plant.dispatched(second)).state == "cancelled"
        assert (await plant.dispatched(third)).state == "dispatched"


class TestLimit:
    """An owner's limit of sessions (W3)."""

    @pytest.fixture
    def max_sessions(self) -> int:
        return 2

    async def test_dispatches_beyond_the_limit_wait_and_go_oldest_first(self, plant: Plant) -> None:
        await plant.start_replica()
        made = [await plant.dispatch(Target("new"), f"task {number}") for number in range(5)]
        running = [await plant.dispatched(each) for each in made[:2]]
        for each in made[2:]:
            await wait_for(plant, each, "place")
        assert [await plant.store.dispatches.place_of(each) for each in made[2:]] == [1, 2, 3]
        assert len(await all_sessions(plant)) == 2
        for ended, next_one in ((running[0], made[2]), (running[1], made[3])):
            await plant.stop(ended.session_id or "", force=True)
            await plant.dispatched(next_one)
        await wait_for(plant, made[4], "place")
        assert await plant.store.places.taken(OWNER) == 2

    async def test_a_cancelled_one_leaves_its_turn_to_the_next(self, plant: Plant) -> None:
        made = [await plant.dispatch(Target("new"), f"task {number}") for number in range(4)]
        first = await plant.dispatched(made[0])
        for each in made[2:]:
            await wait_for(plant, each, "place")
        now = datetime.now(UTC)
        cancelled = await plant.store.dispatches.cancel(made[2].id, OWNER, by=OWNER, at=now)
        assert cancelled is not None
        assert cancelled.state == "cancelled"
        await plant.stop(first.session_id or "", force=True)
        assert (await plant.dispatched(made[3])).state == "dispatched"

    async def test_a_running_session_gets_its_message_also_at_the_limit(self, plant: Plant) -> None:
        session = await plant.create()
        await plant.store.places.take(OWNER, session.id, limit=2, at=datetime.now(UTC))
        await plant.dispatched(await plant.dispatch(Target("new"), "the other one"))
        waiting = await plant.dispatch(Target("new"), "one too many")
        await wait_for(plant, waiting, "place")
        done = await plant.dispatched(await plant.dispatch(Target("session", session.id), "hello"))
        assert done.session_id == session.id

    async def test_the_limit_holds_for_a_hundred_at_once(self, plant: Plant) -> None:
        await plant.start_replica()
        made = await asyncio.gather(
            *(plant.dispatch(Target("new"), f"task {number}") for number in range(50)),
            *(plant.dispatch(Target("key", f"key {number}"), "hello") for number in range(50)),
        )

        async def all_known() -> bool:
            found = await plant.store.dispatches.many([each.id for each in made])
            waiting = sum(each.waiting_for == "place" for each in found.values())
            return waiting == 98

        await eventually(all_known, 40)
        assert len(await all_sessions(plant)) == 2

    async def test_a_place_whose_session_was_never_written_comes_back(self, plant: Plant) -> None:
        long_ago = datetime.now(UTC) - timedelta(minutes=5)
        for name in ("session-ada-gone1", "session-ada-gone2"):
            assert await plant.store.places.take(OWNER, name, limit=2, at=long_ago)
        await plant.store.places.sweep(datetime.now(UTC))
        assert await plant.store.places.taken(OWNER) == 0
        assert (await plant.dispatched(await plant.dispatch(Target("new"), "task"))).state == "dispatched"

    async def test_a_session_from_before_there_was_a_limit_counts(self, plant: Plant) -> None:
        for _ in range(3):
            await plant.create()
        await plant.store.places.sweep(datetime.now(UTC))
        assert await plant.store.places.taken(OWNER) == 3
        made = await plant.dispatch(Target("new"), "task")
        await wait_for(plant, made, "place")

    async def test_one_that_comes_late_with_a_lower_number_and_those_behind_it_do_not_wait_for_each_other(
        self, plant: Plant
    ) -> None:
        running = [await plant.dispatched(await plant.dispatch(Target("new"), f"task {n}")) for n in range(2)]
        early = await plant.store.slots.next_number(KEY.queue(OWNER, ""))
        behind = await plant.dispatch(KEY, "the higher number")
        await wait_for(plant, behind, "place")
        late = await plant.dispatch(KEY, "the lower number", number=early)
        await wait_for(plant, late, "place")
        await plant.stop(running[0].session_id or "", force=True)
        done = [await plant.dispatched(late), await plant.dispatched(behind)]
        assert [each.session_created for each in done] == [True, False]

    async def test_with_reuse_a_run_that_waits_for_a_place_is_replaced_without_having_run(
        self, plant: Plant
    ) -> None:
        running = [await plant.dispatched(await plant.dispatch(Target("new"), f"task {n}")) for n in range(2)]
        first = await plant.dispatch(KEY, "first")
        await wait_for(plant, first, "place")
        second = await plant.dispatch(KEY, "second", after=first.id, replace=True)
        third = await plant.dispatch(KEY, "third", after=second.id, replace=True)
        assert [(await plant.dispatched(each)).state for each in (first, second)] == ["cancelled"] * 2
        await wait_for(plant, third, "place")
        await plant.stop(running[0].session_id or "", force=True)
        session_id = (await plant.dispatched(third)).session_id or ""
        assert [prompt.text for prompt in await prompts_of(plant, session_id)] == ["third"]

    async def test_a_place_is_given_back_once(self, plant: Plant) -> None:
        assert await plant.store.places.take(OWNER, "session-ada-1", limit=2, at=datetime.now(UTC))
        assert await plant.store.places.take(OWNER, "session-ada-1", limit=2, at=datetime.now(UTC))
        assert await plant.store.places.taken(OWNER) == 1
        assert await plant.store.places.give_back(OWNER, "session-ada-1")
        assert not await plant.store.places.give_back(OWNER, "session-ada-1")
