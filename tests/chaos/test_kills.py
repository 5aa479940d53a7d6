"""Whatever is killed, restarted, wiped or cut: nothing is lost, nothing is done twice, nothing is left behind."""

from __future__ import annotations

import pytest

from tests.support.scene import Scene
from tests.support.system import Part
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

TURN = "stream 120 30"


async def _through(stage: Scene) -> tuple[str, str]:
    """Two sessions at work: one speaks and has more to do, one is idle."""
    idle = await stage.running("echo before")
    speaking = await stage.running(TURN, viewers=2)
    await stage.person.say(speaking, "echo second")
    await stage.person.say(speaking, "echo third")
    await stage.speaking(speaking)
    return speaking, idle


@pytest.mark.smoke
@pytest.mark.parametrize("part", ["api", "orchestrator"])
async def test_killing_a_service_loses_nothing_and_repeats_nothing(stage: Scene, part: Part) -> None:
    speaking, idle = await _through(stage)
    stage.system.kill_part(part)
    await stage.person.say(speaking, "echo fourth")
    await stage.person.say(idle, "echo after")
    fresh = await stage.session("echo new")
    await stage.finish()
    for session_id in (speaking, idle, fresh):
        states = {prompt["state"] for prompt in await stage.auditor.prompts(session_id)}
        assert states == {"done"}


@pytest.mark.parametrize("part", ["nats", "mongod"])
async def test_restarting_a_server_loses_nothing_and_repeats_nothing(stage: Scene, part: Part) -> None:
    speaking, idle = await _through(stage)
    stage.system.kill_part(part)
    await stage.person.say(speaking, "echo fourth")
    await stage.person.say(idle, "echo after")
    fresh = await stage.session("echo new")
    await stage.finish()
    for session_id in (speaking, idle, fresh):
        states = {prompt["state"] for prompt in await stage.auditor.prompts(session_id)}
        assert states == {"done"}


@pytest.mark.smoke
async def test_a_killed_agent_is_brought_back_and_its_turn_is_interrupted_not_repeated(stage: Scene) -> None:
    speaking, _ = await _through(stage)
    stage.system.kill_member(speaking, "agent")
    await stage.finish()
    states = [prompt["state"] for prompt in await stage.auditor.prompts(speaking)]
    assert states == ["interrupted", "done", "done"]


@pytest.mark.smoke
async def test_a_killed_runner_ends_its_session_alone_with_every_word_kept(stage: Scene) -> None:
    speaking, idle = await _through(stage)
    stage.system.kill_member(speaking, "runner")
    ended = await stage.auditor.settled(speaking)
    assert (ended["status"], ended["status_reason"]) == ("failed", "runner_crashed")
    assert (await stage.person.look(idle))["status"] == "running"
    await stage.finish()
    states = [prompt["state"] for prompt in await stage.auditor.prompts(speaking)]
    assert states == ["interrupted", "undelivered", "undelivered"]


async def test_a_killed_supervisor_takes_its_session_along_with_all_that_ran_in_it(stage: Scene) -> None:
    session_id = await stage.running("spawn")
    await stage.auditor.prompts_ended(session_id)
    assert any("time.sleep" in process.name for process in stage.system.of_session(session_id))
    await stage.person.say(session_id, TURN)
    await stage.speaking(session_id)
    stage.system.kill_member(session_id, "supervisor")
    ended = await stage.auditor.settled(session_id)
    assert ended["status"] == "failed"
    await stage.finish()


@pytest.mark.smoke
async def test_a_bus_that_comes_back_empty_in_the_middle_of_a_turn_is_refilled(stage: Scene) -> None:
    speaking, idle = await _through(stage)
    stage.system.wipe_nats()
    await stage.person.say(idle, "echo after")
    await stage.person.say(speaking, "echo fourth")
    fresh = await stage.session("echo new")
    await stage.finish()
    for session_id in (speaking, idle, fresh):
        states = {prompt["state"] for prompt in await stage.auditor.prompts(session_id)}
        assert states == {"done"}


async def test_without_the_bus_for_20_s_sessions_and_prompts_are_accepted_and_run_once_it_is_back(
    stage: Scene,
) -> None:
    speaking, idle = await _through(stage)
    frozen = stage.system.freeze_part("nats")
    until = stage.system.clock() + 20
    try:
        created = [await stage.session(f"echo created {number}") for number in range(3)]
        await stage.person.say(idle, "echo while away")
        await stage.person.say(speaking, "echo while away")
        await stage.person.say(created[0], "echo for the one that waits")
        await eventually(lambda: stage.system.clock() >= until, 40, interval=0.2)
    finally:
        stage.system.thaw(frozen)
    await stage.finish()
    for session_id in (speaking, idle, *created):
        states = {prompt["state"] for prompt in await stage.auditor.prompts(session_id)}
        assert states == {"done"}


async def test_a_viewer_that_is_cut_in_the_middle_of_a_message_misses_and_repeats_nothing(
    stage: Scene,
) -> None:
    session_id = await stage.running("stream 120 40", viewers=3)
    first, second, _ = stage.viewers_of(session_id)
    for pieces in (1, 2, 3, 4, 5):
        await stage.speaking(session_id, pieces)
        for viewer in (first, second):
            await viewer.cut()
    await stage.finish()
    assert first.connections == second.connections == 6
