"""Deliveries and ticks while everything that handles them is killed: each has one outcome and is one prompt, once."""

from __future__ import annotations

import asyncio
import os
import random
from datetime import UTC, datetime

import pytest

from tests.chaos.conftest import StartSystem
from tests.support.scene import Scene, scene
from tests.support.system import Part
from tests.support.trigger_scene import MINUTE, TriggerScene

pytestmark = pytest.mark.chaos

SEED = "CCPLANT_CHAOS_SEED"
SERVICES: tuple[Part, ...] = ("webhook-ingest", "scheduler", "orchestrator")
PARTS: tuple[Part, ...] = (*SERVICES, "nats", "mongod")
DELIVERIES = 2_000
SCHEDULES, TICKS = 500, 4


def _chance(stage: Scene) -> random.Random:
    seed = int(os.environ.get(SEED) or random.randrange(1 << 32))
    stage.system.note(f"{SEED}={seed}")
    return random.Random(seed)


@pytest.mark.smoke
@pytest.mark.timeout(300)
async def test_deliveries_and_ticks_during_the_death_of_each_service_are_each_one_prompt(
    stage: Scene,
) -> None:
    chance = _chance(stage)
    async with TriggerScene(stage) as triggers:
        sending = asyncio.create_task(triggers.deliver(chance, count=60, keys=2, over=3, again=0.2))
        killing = asyncio.create_task(
            triggers.kills(chance, SERVICES, sending.done, every=(0.2, 0.8), most=len(SERVICES))
        )
        await triggers.due_schedules(count=12, names=1)
        await killing
        await sending
        await triggers.finish()
        # a tick that takes another's place cancels what that one said
        assert await triggers.states() <= {"done", "cancelled"}


@pytest.mark.timeout(900)
async def test_two_thousand_deliveries_and_ticks_through_kills_of_everything_lose_and_double_nothing(
    start_system: StartSystem,
) -> None:
    async with scene(start_system()) as stage, TriggerScene(stage) as triggers:
        chance = _chance(stage)
        first = await triggers.schedules(count=SCHEDULES, names=8, ticks=TICKS, ahead=MINUTE)
        stage.system.note(f"{SCHEDULES} schedules fire from {first} on")
        working = asyncio.create_task(triggers.deliver(chance, count=DELIVERIES, keys=12, over=180))

        def over() -> bool:
            return working.done() and datetime.now(UTC) > first + TICKS * MINUTE

        killed = await triggers.kills(chance, PARTS, over, every=(0.5, 6))
        await working
        stage.system.note(f"{killed} kills")
        await triggers.finish(timeout=300, drained=True)
        assert {len(ticks) for ticks in triggers.auditor.due.values()} == {TICKS}
        # a tick that takes another's place cancels what that one said; nothing else ends any other way than well
        assert await triggers.states() <= {"done", "cancelled"}


@pytest.mark.timeout(400)
async def test_sessions_that_end_under_their_triggers_are_followed_by_one_each(stage: Scene) -> None:
    chance = _chance(stage)
    async with TriggerScene(stage) as triggers:
        sending = asyncio.create_task(triggers.deliver(chance, count=300, keys=3, over=25))
        while not sending.done():
            await _end_one(stage, chance)
            await triggers.pause(chance.uniform(0.2, 2.0), sending.done)
        await sending
        await triggers.finish()
        told = await triggers.auditor.counts()
        assert told["sessions"] > 3, told  # type: ignore[operator]


async def _end_one(stage: Scene, chance: random.Random) -> None:
    """Stop a session of a trigger, or kill its runner, or a service."""
    found = await stage.auditor.find("sessions", {"open": True, "name": "pulls"})
    what = chance.choice(("stop", "stop", "runner", "orchestrator"))
    if what == "orchestrator":
        await asyncio.to_thread(stage.system.kill_part, "orchestrator")
    elif found:
        session_id = str(chance.choice(found)["_id"])
        if what == "stop":
            stage.system.note(f"{session_id} is stopped")
            await stage.person.stop(session_id)
        elif stage.system.member(session_id, "runner") is not None:
            await asyncio.to_thread(stage.system.kill_member, session_id, "runner")
