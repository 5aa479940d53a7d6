"""Files of messages on the whole system: the agent finds each as it was sent, and no death loses or doubles its message."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from ccplant_platform.faults import VARIABLE
from tests.chaos.conftest import StartSystem
from tests.support.scene import Scene, scene
from tests.support.system import Part, System
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

CONTENT = random.Random(11).randbytes(3_100_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


async def said(stage: Scene, session_id: str, prompt_id: str | None) -> str:
    """Return what the agent answered."""
    answer = await stage.person.ask("GET", f"/sessions/{session_id}/messages?limit=200")
    entries = [
        entry
        for entry in answer.json()["messages"]
        if entry["type"] == "message" and entry["prompt_id"] == prompt_id and entry["role"] == "agent"
    ]
    return "\n".join(entry["text"] for entry in entries)


async def finds(stage: Scene, session_id: str, prompt_id: str | None) -> None:
    """Wait until the agent has said what was in the file; its words are stored in their own time."""

    async def look() -> bool:
        return DIGEST in await said(stage, session_id, prompt_id)

    await eventually(look, 30.0)


async def ask_about_a_file(stage: Scene, session_id: str) -> str | None:
    file = await stage.person.attach(session_id, CONTENT, "設計.bin")
    assert file is not None
    return await stage.person.say(session_id, "attached", file)


@pytest.mark.smoke
async def test_the_agent_finds_a_file_as_it_was_sent(system: System) -> None:
    async with scene(system) as stage:
        session_id = await stage.session()
        # before it runs: the message waits for the session, and its files with it
        prompt_id = await ask_about_a_file(stage, session_id)
        await stage.auditor.prompts_ended(session_id)
        answer = await said(stage, session_id, prompt_id)
        assert f"設計.bin: {len(CONTENT)} bytes, sha256 {DIGEST}, at " in answer
        path = Path(answer.rpartition(" at ")[2].strip())
        assert path.parts[-4:-1] == (".ccplant", "attachments", prompt_id)
        await stage.person.stop(session_id)
        await stage.finish()


@pytest.mark.parametrize("part", ["orchestrator", "nats", "mongod", "api"])
async def test_a_file_arrives_though_a_part_dies_on_its_way(system: System, part: Part) -> None:
    async with scene(system) as stage:
        session_id = await stage.running()
        file = await stage.person.attach(session_id, CONTENT, "a.bin")
        assert file is not None
        prompts = []
        for number in range(6):
            prompts.append(await stage.person.say(session_id, f"attached {number}", file))
            if number == 1:
                system.kill_part(part)
        await stage.auditor.prompts_ended(session_id)
        for prompt_id in prompts:
            await finds(stage, session_id, prompt_id)
        await stage.person.stop(session_id)
        await stage.finish()


async def test_a_runner_that_dies_between_a_file_and_its_message_runs_it_never_and_loses_it_not(
    start_system: StartSystem, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    system = start_system(**{VARIABLE: f"runner.attachments.fetched:1:once={died}"})
    async with scene(system) as stage:
        session_id = await stage.running()
        prompt_id = await ask_about_a_file(stage, session_id)
        waiting = await stage.person.say(session_id, "echo next")
        ended = await stage.auditor.settled(session_id)
        assert died.exists()
        assert ended["status_reason"] == "runner_crashed"
        states = {prompt["_id"]: prompt["state"] for prompt in await stage.auditor.prompts(session_id)}
        assert states.pop(prompt_id) == "interrupted"
        assert states == ({} if waiting is None else {waiting: "undelivered"})
        assert await said(stage, session_id, prompt_id) == ""
        other = await stage.running()
        again = await ask_about_a_file(stage, other)
        await stage.auditor.prompts_ended(other)
        await finds(stage, other, again)
        await stage.person.stop(other)
        await stage.finish()


async def test_a_file_that_is_lost_fails_its_message_and_says_so(system: System) -> None:
    async with scene(system) as stage:
        session_id = await stage.running("sleep 3")
        file = await stage.person.attach(session_id, CONTENT, "設計.bin")
        assert file is not None
        await stage.person.say(session_id, "attached", file)
        await stage.auditor.change("fs.files", file, {"$set": {"metadata.complete": False}})
        await stage.auditor.prompts_ended(session_id)
        prompts = await stage.auditor.prompts(session_id)
        assert [prompt["state"] for prompt in prompts] == ["done", "failed"]
        assert prompts[1]["error"] == "the file 設計.bin cannot be had: the session has no such file"
        after = await stage.person.say(session_id, "echo still here")
        await stage.auditor.prompts_ended(session_id)
        assert "still here" in await said(stage, session_id, after)
        await stage.person.stop(session_id)
        await stage.finish()
