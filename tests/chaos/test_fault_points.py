"""Every place between two writes where a process may die is visited once, and nothing is lost by it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ccplant_platform.faults import FAULT_POINTS, VARIABLE
from tests.chaos.conftest import StartSystem
from tests.support.scene import Scene, scene
from tests.support.trigger_scene import TriggerScene
from tests.support.verdicts import ENDS
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

_CREDENTIAL_SECONDS = 6
OF_TRIGGERS = ("dispatch.", "sched.")
IN_THE_SHORT_FORM = "api.prompt.inserted"


def _cases() -> list[object]:
    return [
        pytest.param(name, marks=pytest.mark.smoke if name == IN_THE_SHORT_FORM else ())
        for name in FAULT_POINTS
        # those of the Kubernetes runtime are visited where there is a Kubernetes, the ingester's by its own tests,
        # those of a renewal and of triggers below
        if not name.startswith(("kube.", "ingest.", "renewal.", *OF_TRIGGERS))
    ]


@pytest.mark.parametrize("name", _cases())
async def test_a_death_at_any_fault_point_loses_nothing_and_repeats_nothing(
    name: str, start_system: StartSystem, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    system = start_system(**{VARIABLE: f"{name}:1:once={died}"})
    system.note(f"the first visit of {name} is deadly")
    async with scene(system) as stage:
        await _whole_life(stage)
        ended_by_force = await stage.running("hang", config={"pvc_enabled": True})
        await stage.person.delete(ended_by_force, "?force=true")
        after = await stage.running("echo after", viewers=2)
        await stage.finish()
        assert died.exists(), f"nothing visited {name}"
        states = {prompt["state"] for prompt in await stage.auditor.prompts(after)}
        assert states == {"done"}


@pytest.mark.parametrize("name", [name for name in FAULT_POINTS if name.startswith("renewal.")])
async def test_a_death_in_a_renewal_leaves_its_runner_with_the_bus(
    name: str, start_system: StartSystem, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    environment = {
        VARIABLE: f"{name}:1:once={died}",
        "CCPLANT_LAUNCH_CREDENTIAL_SECONDS": f"{_CREDENTIAL_SECONDS}",
    }
    system = start_system(**environment)
    system.note(f"the first visit of {name} is deadly")
    async with scene(system) as stage:
        session_id = await stage.running("echo before")
        await eventually(died.exists, 30)
        # longer than the credential lives that was not renewed at the first try
        await stage.person.say(session_id, f"stream {2 * _CREDENTIAL_SECONDS * 10} 10")
        await stage.auditor.prompts_ended(session_id)
        states = [prompt["state"] for prompt in await stage.auditor.prompts(session_id)]
        assert states == ["done", "done"]
        assert (await stage.auditor.session(session_id))["status"] == "running"
        await stage.finish()


@pytest.mark.parametrize("name", [name for name in FAULT_POINTS if name.startswith(OF_TRIGGERS)])
async def test_a_death_while_a_trigger_finds_its_session_loses_nothing_and_repeats_nothing(
    name: str, start_system: StartSystem, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    limit = {"CCPLANT_MAX_SESSIONS_PER_OWNER": "2"}
    system = start_system(**{VARIABLE: f"{name}:1:once={died}", **limit})
    system.note(f"the first visit of {name} is deadly")
    async with scene(system) as stage, TriggerScene(stage) as triggers:
        # two pull requests and the jobs want three sessions, and two may be there at once
        await triggers.deliver(random.Random(name), count=12, keys=2)
        await triggers.due_schedules(count=4, names=1)
        await eventually(died.exists, 60)
        await _make_room(stage, triggers)
        await triggers.finish()
        assert await triggers.states() <= {"done", "cancelled"}


async def _make_room(stage: Scene, triggers: TriggerScene) -> None:
    """Stop sessions that have said all, one after another, until nothing waits for a place."""

    async def nothing_waits() -> bool:
        waiting = await stage.auditor.find("dispatches", {"open": True})
        if not waiting and not await triggers.undecided():
            return True
        if any(dispatch["waiting_for"] == "place" for dispatch in waiting):
            await _stop_an_idle_one(stage)
        return False

    await eventually(nothing_waits, 90, interval=0.5)


async def _stop_an_idle_one(stage: Scene) -> None:
    for session in await stage.auditor.find("sessions", {"status": "running", "stop_requested": None}):
        prompts = await stage.auditor.prompts(session["_id"])
        if prompts and all(prompt["state"] in ENDS for prompt in prompts):
            await stage.person.stop(session["_id"])
            return


async def _whole_life(stage: Scene) -> None:
    """A session that goes through everything; where its runner dies, its end comes early."""
    session_id = await stage.session("echo first", viewers=2)
    file = await stage.person.attach(session_id, b"content" * 100_000)
    if file is not None:
        await stage.person.say(session_id, "attached", file)
    asked = await stage.person.say(session_id, "ask")
    await stage.person.say(session_id, "stream 30 40")
    if asked is not None and await _question(stage, session_id):
        await _answer(stage, session_id)
    await stage.auditor.prompts_ended(session_id)
    await stage.person.stop(session_id)
    ended = await stage.auditor.settled(session_id)
    assert ended["status_reason"] in ("stopped", "runner_crashed"), ended


async def _question(stage: Scene, session_id: str) -> bool:
    """Wait until the agent asks; False where it will not any more."""

    async def asked_or_over() -> str:
        if await stage.auditor.find("permissions", {"session_id": session_id, "state": "pending"}):
            return "asked"
        session = await stage.auditor.session(session_id)
        return "" if session["open"] else "over"

    return await eventually(asked_or_over, 40, interval=0.1) == "asked"


async def _answer(stage: Scene, session_id: str) -> None:
    for permission in await stage.auditor.find("permissions", {"session_id": session_id}):
        path = f"/sessions/{session_id}/permissions/{permission['_id']}"
        answer = await stage.person.ask("POST", path, body={"option": "allow_once"})
        assert answer.status_code in (200, 409), answer.text
