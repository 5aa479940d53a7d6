"""Volumes in a whole system: files and conversation go on in the next session, whatever dies in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ccplant_platform.faults import VARIABLE
from tests.chaos.conftest import StartSystem
from tests.support.scene import Scene, scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

KEPT = {"pvc_enabled": True, "permission_policy": "allow_all"}


async def ended(stage: Scene, message: str, **config: object) -> str:
    """A session that did what it was told on a volume, and was stopped."""
    session_id = await stage.running(message, config={**KEPT, **config})
    await stage.auditor.prompts_ended(session_id)
    await stage.person.stop(session_id)
    await stage.auditor.settled(session_id)
    return session_id


async def recreated(stage: Scene, session_id: str, **body: object) -> str:
    """Create it again, once, and watch it."""
    key = f"again-{session_id}"
    answer = await stage.person.ask("POST", f"/sessions/{session_id}/recreate", body=body, key=key)
    assert answer.status_code == 201, answer.text
    again = stage.person.created(key, answer.json(), None)
    stage.watch(again)
    return again


def heard(stage: Scene, session_id: str) -> str:
    return "".join(stage.viewers_of(session_id)[0].texts().values())


def folder(stage: Scene, volume_id: str) -> Path:
    return stage.system.data_dir / "volumes" / volume_id


async def volumes(stage: Scene) -> dict[str, object]:
    """Which volumes the API shows, and who has them."""
    answer = await stage.person.ask("GET", "/volumes")
    return {volume["volume_id"]: volume["in_use_by"] for volume in answer.json()["volumes"]}


@pytest.mark.smoke
async def test_a_resumed_session_has_the_files_and_the_conversation(stage: Scene) -> None:
    first = await ended(stage, "run echo written > note.txt")
    second = await recreated(stage, first, resume=True)
    await stage.person.say(second, "history")
    await stage.person.say(second, "run cat note.txt")
    await stage.auditor.prompts_ended(second)
    assert (await volumes(stage))[first] == second
    await stage.finish()
    assert "run echo written" in heard(stage, second)
    tools = [tool for tool in stage.viewers_of(second)[0].events if tool["type"] == "tool"]
    assert "written" in str(tools[-1])


async def test_a_deletion_takes_the_volume_and_keeping_it_gives_it_to_the_next(stage: Scene) -> None:
    gone = await ended(stage, "run echo a > note.txt")
    kept = await ended(stage, "run echo b > note.txt", pvc_retain=True)
    assert (folder(stage, gone) / "workspace" / "note.txt").read_text() == "a\n"
    await stage.person.delete(gone)
    await stage.person.delete(kept, "?purge=true")
    await eventually(lambda: not folder(stage, gone).exists(), 20)
    heir = await stage.running("run cat note.txt", config={**KEPT, "pvc_from": kept})
    await stage.auditor.prompts_ended(heir)
    refused = await stage.person.ask("DELETE", f"/volumes/{kept}")
    assert refused.status_code == 409, refused.text
    await stage.finish()
    accepted = await stage.person.ask("DELETE", f"/volumes/{kept}")
    assert accepted.status_code == 202, accepted.text
    await eventually(lambda: not folder(stage, kept).exists(), 20)

    async def forgotten() -> bool:
        return not {gone, kept} & (await volumes(stage)).keys()

    await eventually(forgotten, 20)
    tools = [tool for tool in stage.viewers_of(heir)[0].events if tool["type"] == "tool"]
    assert "b\\n" in str(tools[-1])


async def test_of_many_who_want_one_volume_one_works_on_it(stage: Scene) -> None:
    first = await ended(stage, "run echo a > note.txt")
    path = f"/sessions/{first}/recreate"
    answers = await asyncio.gather(
        *(stage.person.ask("POST", path, body={"resume": True}, key=f"{first}-{n}") for n in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 19]
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    stage.person.created("made", made, None)
    stage.watch(made["session_id"])
    await stage.finish()


@pytest.mark.parametrize("name", ["orch.volume.freed", "orch.end.settled", "orch.launch.started"])
async def test_a_death_while_a_volume_changes_hands_loses_nothing(
    name: str, start_system: StartSystem, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    system = start_system(**{VARIABLE: f"{name}:1:once={died}"})
    async with scene(system) as stage:
        first = await ended(stage, "run echo written > note.txt")
        second = await recreated(stage, first, resume=True)
        await stage.person.say(second, "history")
        await stage.auditor.prompts_ended(second)
        await stage.finish()
        assert died.exists(), f"nothing visited {name}"
        assert "run echo written" in heard(stage, second)
        (volume,) = await stage.auditor.find("volumes", {})
        assert (volume["_id"], volume["holder"], volume["deleting"]) == (first, None, False)
