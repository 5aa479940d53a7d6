"""The whole of `ccplant up` is killed, and kills come at any time: the next start finds everything in order."""

from __future__ import annotations

import os
import random

import pytest

from tests.chaos.conftest import StartSystem
from tests.support.scene import Scene, scene
from tests.support.system import Member, Part
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

SEED = "CCPLANT_CHAOS_SEED"
KILLS = 12
PARTS: tuple[Part, ...] = ("api", "orchestrator", "nats", "mongod")
MEMBERS: tuple[Member, ...] = ("runner", "agent")


async def test_after_kill_9_of_ccplant_up_nothing_runs_and_the_next_start_ends_its_sessions_as_node_shutdown(
    start_system: StartSystem,
) -> None:
    system = start_system()
    async with scene(system) as stage:
        spawned = await stage.running("spawn")
        await stage.auditor.prompts_ended(spawned)
        assert any("time.sleep" in process.name for process in system.of_session(spawned))
        speaking = await stage.running("stream 400 20", viewers=2)
        waiting = await stage.person.say(speaking, "echo never")
        await stage.speaking(speaking)
        ended = await stage.running("echo before")
        await stage.auditor.prompts_ended(ended)
        await stage.person.stop(ended)
        before = await stage.auditor.settled(ended)

        system.kill()
        system.all_gone()

        system.start()
        for session_id in (spawned, speaking):
            session = await stage.auditor.settled(session_id)
            assert (session["status"], session["status_reason"]) == ("terminated", "node_shutdown")
        assert (await stage.auditor.session(ended))["version"] == before["version"]
        states = {prompt["_id"]: prompt["state"] for prompt in await stage.auditor.prompts(speaking)}
        assert waiting is not None
        assert states[waiting] == "undelivered"
        assert set(states.values()) == {"interrupted", "undelivered"}
        await stage.audit()


async def test_an_orderly_end_records_the_end_of_each_session_before_it_leaves(
    start_system: StartSystem,
) -> None:
    system = start_system()
    async with scene(system) as stage:
        session_id = await stage.running("spawn")
        await stage.auditor.prompts_ended(session_id)
        assert system.stop() == 0
        system.all_gone()
        system.start()
        session = await stage.auditor.settled(session_id)
        assert session["status_reason"] == "node_shutdown"
        await stage.finish()


async def test_kills_at_any_time_lose_nothing_and_repeat_nothing(start_system: StartSystem) -> None:
    seed = int(os.environ.get(SEED) or random.randrange(1 << 32))
    chance = random.Random(seed)
    system = start_system()
    system.note(f"{SEED}={seed}")
    async with scene(system) as stage:
        for number in range(KILLS):
            await _work(stage, chance, number)
            until = system.clock() + chance.uniform(0, 2.5)
            await eventually(lambda until=until: system.clock() >= until)  # type: ignore[misc]
            _kill_one(stage, chance)
        await stage.finish(drained=True)


async def _work(stage: Scene, chance: random.Random, number: int) -> None:
    """Something new each time, while the last thing is still going on."""
    sessions = list(stage.person.ledger.sessions.values())
    if len(sessions) < 3 or chance.random() < 0.25:
        await stage.session(f"stream {chance.randrange(20, 120)} 40", viewers=chance.choice((1, 2)))
        return
    session_id = chance.choice(sessions)
    what = chance.choice(("say", "say", "speak", "stop"))
    if what == "say":
        await stage.person.say(session_id, f"echo word {number}")
    elif what == "speak":
        await stage.person.say(session_id, f"stream {chance.randrange(10, 80)} 40")
    else:
        await stage.person.stop(session_id)


def _kill_one(stage: Scene, chance: random.Random) -> None:
    if chance.random() < 0.25:
        for session_id in chance.sample(sorted(stage.person.ledger.sessions.values()), 1):
            which = chance.choice(MEMBERS)
            process = stage.system.member(session_id, which)
            if process is not None:
                stage.system.kill_member(session_id, which)
                return
    stage.system.kill_part(chance.choice(PARTS))
