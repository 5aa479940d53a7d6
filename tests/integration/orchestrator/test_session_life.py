"""A session's life as the orchestrator brings it about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from ccplant_contracts.ids import new_prompt_id
from ccplant_contracts.session import Mode, StopRequested
from ccplant_contracts.status import PromptState, Reason, Status, StopReason
from ccplant_contracts.stream import Idle, MessageChunk, StreamEvent, Turn
from ccplant_orchestrator.runtimes.protocol import ExitRecord, LaunchRef
from ccplant_orchestrator.sessions import reconcile
from ccplant_store.prompts.model import PromptDoc
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.scripted_runner import ScriptedRunner
from tests.support.waiting import eventually


async def test_a_created_session_runs_when_its_runner_registers_and_not_before(plant: Plant) -> None:
    session = await plant.create(timeout_minutes=5)
    runner = await plant.runner(session.id, register=False)
    assert (await plant.get(session.id)).status is Status.PENDING
    assert (await runner.register()).accepted
    running = await plant.get(session.id)
    assert running.status is Status.RUNNING
    assert running.running_at is not None
    assert running.deadline_at == running.running_at + timedelta(minutes=5)


async def test_registering_twice_changes_nothing(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    before = await plant.get(session.id)
    assert (await runner.register()).accepted
    assert (await plant.get(session.id)).running_at == before.running_at


async def test_a_session_is_launched_once_however_many_replicas_and_commands(plant: Plant) -> None:
    await plant.start_replica()
    await plant.start_replica()
    session = await plant.create()
    for _ in range(20):
        await plant.tell("session.launch", session.id)
    await plant.runner(session.id)
    assert plant.runtime.starts == 1


async def test_prompts_run_one_at_a_time_in_order_and_once(plant: Plant) -> None:
    session = await plant.create(prompts=3)
    runner = await plant.runner(session.id)
    for turn in range(3):
        await eventually(partial(_told, runner, turn + 1))
        await runner.say(Turn(prompt_id=runner.prompts[turn].prompt_id, state="done", stop_reason="end_turn"))
    await eventually(lambda: _all_done(plant, session.id))
    assert [prompt.number for prompt in runner.prompts] == [1, 2, 3]


def _told(runner: ScriptedRunner, count: int) -> bool:
    return len(runner.prompts) == count


async def _all_done(plant: Plant, session_id: str) -> bool:
    prompts = await plant.store.prompts.list_for(session_id)
    return all(prompt.state is PromptState.DONE for prompt in prompts)


async def test_a_stop_tells_the_runner_and_keeps_what_it_said_last(plant: Plant) -> None:
    session = await plant.create(prompts=2)
    runner = await plant.runner(session.id)
    await eventually(lambda: len(runner.prompts) == 1)
    await plant.stop(session.id)
    await eventually(lambda: runner.stops)
    said = runner.said[-1].seq
    now = datetime.now(UTC)
    plant.runtime.tail[runner.launch_id] = [
        StreamEvent(
            seq=said + 1, at=now, data=MessageChunk(message_id="m", role="agent", offset=0, text="last")
        ),
        StreamEvent(
            seq=said + 2, at=now, data=Turn(prompt_id=runner.prompts[0].prompt_id, state="interrupted")
        ),
    ]
    plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=0))
    ended = await plant.settled(session.id)
    assert (ended.status, ended.status_reason) == (Status.TERMINATED, Reason.STOPPED)
    assert ended.stored_to == said + 2
    states = [prompt.state for prompt in await plant.store.prompts.list_for(session.id)]
    assert states == [PromptState.INTERRUPTED, PromptState.UNDELIVERED]
    assert plant.runtime.released == [runner.launch_id]


async def test_a_runner_that_does_not_end_is_ended_after_the_grace(plant: Plant) -> None:
    session = await plant.create()
    await plant.runner(session.id)
    await plant.stop(session.id, StopReason.DELETED)
    ended = await plant.settled(session.id)
    assert ended.status_reason is Reason.DELETED
    assert ended.deleted


async def test_the_time_limit_ends_a_session_with_its_reason(plant: Plant) -> None:
    session = await plant.create()
    await plant.runner(session.id)
    running = await plant.get(session.id)
    await plant.store.sessions.change(running, set={"deadline_at": datetime.now(UTC)})
    await plant.tell("session.extend", session.id)
    ended = await plant.settled(session.id)
    assert ended.status_reason is Reason.TIMEOUT


async def test_a_time_limit_that_is_moved_at_the_last_moment_holds(plant: Plant) -> None:
    session = await plant.create()
    await plant.runner(session.id)
    decided_on = await plant.get(session.id)
    extended = await plant.store.sessions.extend(
        decided_on, timeout_minutes=90, deadline_at=datetime.now(UTC) + timedelta(minutes=90), by=OWNER
    )
    assert extended is not None
    reconciler = plant.replicas[0]._reconciler
    await reconciler._finishing.request_stop(decided_on, StopReason.TIMEOUT)
    assert (await plant.get(session.id)).stop_requested is None


async def test_a_task_completes_by_itself_when_nothing_is_left(plant: Plant) -> None:
    session = await plant.create(mode=Mode.TASK, prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    prompt = runner.prompts[0]
    await runner.say(
        Turn(prompt_id=prompt.prompt_id, state="done"),
        Idle(last_prompt_id=prompt.prompt_id, last_number=prompt.number),
    )
    await eventually(lambda: runner.stops)
    plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=0))
    ended = await plant.settled(session.id)
    assert (ended.status, ended.status_reason) == (Status.COMPLETED, Reason.TASK_FINISHED)


async def test_a_task_completes_although_whoever_heard_that_its_runner_is_idle_died_then(
    plant: Plant,
) -> None:
    session = await plant.create(mode=Mode.TASK, prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="done"))
    await eventually(lambda: _all_done(plant, session.id))
    # what the output's writer does, without the look at the session that would follow in its process
    assert await plant.store.sessions.apply_output(session.id, 1_000, {"idle_number": 1})
    await eventually(lambda: runner.stops)
    assert runner.stops[0].reason == StopReason.TASK_FINISHED.value


async def test_a_task_completes_although_a_later_prompt_was_taken_back(plant: Plant) -> None:
    session = await plant.create(mode=Mode.TASK, prompts=2)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    waiting = (await plant.store.prompts.list_for(session.id))[1]
    assert await plant.store.prompts.remove(session.id, waiting.id, by=OWNER, at=datetime.now(UTC))
    prompt = runner.prompts[0]
    await runner.say(
        Turn(prompt_id=prompt.prompt_id, state="done"),
        Idle(last_prompt_id=prompt.prompt_id, last_number=prompt.number),
    )
    await eventually(lambda: runner.stops)
    assert runner.stops[0].reason == StopReason.TASK_FINISHED.value


async def test_a_task_completes_although_the_gateway_died_between_a_number_and_its_prompt(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_NUMBER_PATIENCE", timedelta(seconds=1))
    session = await plant.create(mode=Mode.TASK, prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    assert await plant.store.sessions.take_prompt_number(session.id, OWNER) == 2
    prompt = runner.prompts[0]
    await runner.say(
        Turn(prompt_id=prompt.prompt_id, state="done"),
        Idle(last_prompt_id=prompt.prompt_id, last_number=prompt.number),
    )
    await eventually(lambda: runner.stops)
    assert runner.stops[0].reason == StopReason.TASK_FINISHED.value


async def test_a_running_session_survives_that_its_place_could_not_be_asked_for_long(plant: Plant) -> None:
    session = await plant.create()
    await plant.runner(session.id)
    plant.runtime.failing = True
    for _ in range(plant.settings.max_reconcile_attempts + 1):
        failed_before = (await plant.get(session.id)).version
        await plant.store.database.collection("sessions").update_one(
            {"_id": session.id}, {"$set": {"next_attempt_at": None}}
        )
        await plant.tell("session.launch", session.id)
        await eventually(partial(_newer, plant, session.id, failed_before))
    plant.runtime.failing = False
    await eventually(lambda: _recovered(plant, session.id), timeout=20)
    assert (await plant.get(session.id)).status is Status.RUNNING


async def _newer(plant: Plant, session_id: str, version: int) -> bool:
    return (await plant.get(session_id)).version > version


async def _recovered(plant: Plant, session_id: str) -> bool:
    session = await plant.get(session_id)
    return session.next_attempt_at is None and session.attempts == 0


async def test_failures_that_were_overcome_do_not_add_up(plant: Plant) -> None:
    session = await plant.create()
    await plant.runner(session.id)
    await plant.store.sessions.back_off(session.id, error="a bug", until=datetime.now(UTC))
    assert (await plant.get(session.id)).attempts == 1
    await eventually(lambda: _recovered(plant, session.id))


async def test_a_runners_end_is_noticed_although_following_the_runtime_failed(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    plant.runtime.follow_error = OSError("too many open files")
    plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=1))
    assert (await plant.settled(session.id)).status_reason is Reason.RUNNER_CRASHED


async def test_a_prompt_that_lands_while_its_session_is_settled_gets_its_end(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    number = await plant.store.sessions.take_prompt_number(session.id, OWNER)
    assert number == 1
    release, late = plant.runtime.release, [new_prompt_id()]

    async def released(ref: LaunchRef) -> None:
        if late:
            doc = PromptDoc(
                id=late.pop(), session_id=session.id, owner=OWNER, number=1, text="late", by=OWNER,
                created_at=datetime.now(UTC),
            )  # fmt: skip
            await plant.store.prompts.insert(doc)
            await plant.store.prompts.announce(limit=10)
        await release(ref)

    monkeypatch.setattr(plant.runtime, "release", released)
    plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=1))
    await plant.settled(session.id)
    (prompt,) = await plant.store.prompts.list_for(session.id)
    assert prompt.state is PromptState.UNDELIVERED


async def test_a_transcript_is_called_complete_only_where_that_is_known(plant: Plant) -> None:
    whole, gap, gone = [await plant.create() for _ in range(3)]
    now = datetime.now(UTC)
    for session in (whole, gap, gone):
        runner = await plant.runner(session.id)
        await runner.say(MessageChunk(message_id="m", role="agent", offset=0, text="1"))
        if session is gap:
            chunk = MessageChunk(message_id="m", role="agent", offset=2, text="3")
            await runner.send([StreamEvent(seq=3, at=now, data=chunk)])
            await eventually(partial(_last_stored, plant, session.id, 3))
        await eventually(partial(_stored, plant, session.id, 1))
        if session is gone:
            del plant.runtime.observed[runner.launch_id]
            await plant.tell("session.launch", session.id)
        else:
            plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=1))
    for session, complete in ((whole, True), (gap, False), (gone, False)):
        ended = await plant.settled(session.id)
        assert ended.transcript is not None
        assert (ended.transcript.last_seq, ended.transcript.complete) == (1, complete)


async def _last_stored(plant: Plant, session_id: str, seq: int) -> bool:
    return await plant.store.output.last_seq(session_id) == seq


async def test_a_crash_of_the_runner_ends_its_session_and_says_so(plant: Plant) -> None:
    session = await plant.create(prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    plant.runtime.exit(runner.launch_id, ExitRecord(signal=9, log_tail=("the last line",)))
    ended = await plant.settled(session.id)
    assert ended.status_reason is Reason.RUNNER_CRASHED
    assert ended.diagnosis is not None
    assert ended.diagnosis["evidence"]["log_tail"] == ["the last line"]
    (prompt,) = await plant.store.prompts.list_for(session.id)
    assert prompt.state is PromptState.INTERRUPTED


async def test_a_runner_of_another_launch_is_refused(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    stranger = await plant.create()
    other = await plant.runner(stranger.id, register=False)
    other.session_id = session.id
    answer = await other.register()
    assert not answer.accepted
    assert (await runner.register()).accepted


async def test_output_of_another_sessions_launch_is_not_stored(plant: Plant) -> None:
    session = await plant.create()
    await plant.runner(session.id)
    stranger = await plant.create()
    other = await plant.runner(stranger.id)
    other.session_id = session.id
    await other.say(MessageChunk(message_id="m", role="agent", offset=0, text="not mine"))
    other.session_id = stranger.id
    await other.send(other.said)
    await eventually(lambda: _stored(plant, stranger.id, 1))
    assert await plant.store.output.last_seq(session.id) == 0


async def _stored(plant: Plant, session_id: str, upto: int) -> bool:
    return (await plant.get(session_id)).stored_to >= upto


async def test_output_survives_repeats_gaps_and_disorder(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    now = datetime.now(UTC)
    events = [
        StreamEvent(seq=seq, at=now, data=MessageChunk(message_id="m", role="agent", offset=seq, text="x"))
        for seq in range(1, 41)
    ]
    for part in (events[30:], events[:10], events[5:25], events[:10]):
        await runner.send(part)
    await eventually(lambda: _stored(plant, session.id, 25))
    assert (await plant.get(session.id)).stored_to == 25
    await runner.send(events[20:35])
    await eventually(lambda: _stored(plant, session.id, 40))
    await eventually(lambda: runner.stored_to == 40)
    stored = await plant.store.output.read(session.id, 0, limit=100)
    assert [event.seq for event in stored] == list(range(1, 41))


async def test_every_change_of_state_has_its_event_and_they_are_numbered_without_a_gap(plant: Plant) -> None:
    session = await plant.create(prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="done"))
    await plant.stop(session.id, force=True)
    await plant.settled(session.id)
    timeline = await plant.store.events.timeline(session.id)
    types = [entry.type for entry in timeline]
    assert types[0] == "session.created"
    assert [name for name in types if name.startswith("session.")] == [
        "session.created", "session.launched", "session.running", "session.stop_requested", "session.terminated",
    ]  # fmt: skip

    async def published() -> bool:
        return not await plant.store.events.unpublished(10)

    await eventually(published)
    events = await plant.store.events.of_owner(OWNER, after_id=None, limit=100)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))


async def test_a_kept_volume_goes_with_a_deletion_after_the_end_and_not_before(plant: Plant) -> None:
    session = await plant.create(pvc_enabled=True)
    await plant.runner(session.id)
    await plant.stop(session.id)
    kept = await plant.settled(session.id)
    assert kept.workspace_kept
    assert list(plant.runtime.volumes) == [session.id]
    await plant.store.sessions.mark_deleted(session.id, by=OWNER, at=datetime.now(UTC), owner=OWNER)
    await plant.tell("session.stop", session.id)

    async def gone() -> bool:
        return not (await plant.get(session.id)).workspace_kept

    await eventually(gone)
    assert not plant.runtime.volumes


async def test_pvc_retain_and_an_explicit_wish_keep_the_volume(plant: Plant) -> None:
    for retain, wish in ((True, None), (False, False)):
        session = await plant.create(pvc_enabled=True, pvc_retain=retain)
        await plant.runner(session.id)
        stop = StopRequested(
            reason=StopReason.DELETED, by=OWNER, force=True, delete_pvc=wish, at=datetime.now(UTC)
        )
        await plant.store.sessions.request_stop(session.id, stop, owner=OWNER)
        await plant.tell("session.stop", session.id)
        assert (await plant.settled(session.id)).workspace_kept
