"""Why a Pod did not start, or ended: by real causes on a real node, as its owner is told of them afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kubernetes.cluster.images import site_file
from tests.kubernetes.cluster.registry import ABSENT, PRIVATE
from tests.kubernetes.conftest import StartSystem
from tests.kubernetes.ground import Ground
from tests.support.scene import Scene, scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]

_HUNGRY = """
import os, threading, time


def eat():
    while not os.path.exists("/workspace/eat"):
        time.sleep(0.05)
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1 << 20)))


if os.getpid() == 1:
    threading.Thread(target=eat, daemon=True).start()
"""


async def _told(stage: Scene, session_id: str) -> str:
    """Return what the diagnosis says, all of it."""
    answer = await stage.person.ask("GET", f"/sessions/{session_id}/diagnosis")
    assert answer.status_code == 200, answer.text
    diagnosis: dict[str, Any] | None = answer.json()
    assert diagnosis is not None, "no diagnosis"
    assert diagnosis["message"]["ja"]
    assert diagnosis["message"]["en"]
    return json.dumps(diagnosis, ensure_ascii=False)


async def test_a_runner_beyond_its_memory_ends_its_session_as_out_of_memory_with_the_limit(
    stage: Scene, ground: Ground
) -> None:
    image = ground.node.load_runner("hungry", {site_file("sitecustomize.py"): _HUNGRY})
    session_id = await stage.running("echo hello", config={"image": image.name, "memory_limit": "256Mi"})
    pod = await ground.running(session_id)
    await stage.auditor.prompts_ended(session_id)

    (ground.node.root_of(pod) / "workspace" / "eat").touch()
    ended = await stage.auditor.settled(session_id)

    assert (ended["status"], ended["status_reason"]) == ("terminated", "oom_killed")
    await ground.gone(pod)
    assert ground.traces(session_id) == []
    assert "256Mi" in await _told(stage, session_id)


async def test_a_tool_beyond_its_memory_is_told_of_and_where_the_kernel_spares_the_runner_it_goes_on(
    stage: Scene, ground: Ground
) -> None:
    config = {"memory_limit": "256Mi", "permission_policy": "allow_all"}
    session_id = await stage.running("echo hello", config=config)
    pod = await ground.running(session_id)

    await stage.person.say(session_id, "run python -c 'x = b\"1\" * (600 << 20)'")
    await stage.auditor.prompts_ended(session_id)

    if (await stage.person.look(session_id))["status"] == "running":
        # version 1 of cgroups: only the greediest process dies
        await stage.person.say(session_id, "echo still here")
        await stage.finish()
        states = [prompt["state"] for prompt in await stage.auditor.prompts(session_id)]
        assert states == ["done", "done", "done"]
        texts = "".join(stage.viewers_of(session_id)[0].texts().values())
        assert "It ended with -9" in texts or "It ended with 137" in texts
    else:
        ended = await stage.auditor.settled(session_id)
        assert (ended["status"], ended["status_reason"]) == ("terminated", "oom_killed")
        assert "256Mi" in await _told(stage, session_id)
    await ground.gone(pod)


@pytest.mark.parametrize("image", [ABSENT, PRIVATE, "test.invalid/Not/A/Name:1"])
async def test_an_image_that_cannot_be_had_fails_the_session_at_once_and_names_it(
    stage: Scene, ground: Ground, image: str
) -> None:
    session_id = await stage.session(config={"image": image})

    ended = await stage.auditor.settled(session_id, 90)

    assert (ended["status"], ended["status_reason"]) == ("failed", "start_failed")
    assert image in await _told(stage, session_id)
    # by what the registry said, and not by a time limit; a node pulls for the third time half a minute later
    assert int(ended["diagnosis"]["evidence"].get("failed_pulls", 1)) <= 2
    await eventually(lambda: not ground.traces(session_id), 30)


async def test_a_pod_that_somebody_deletes_ends_its_own_session_alone(stage: Scene, ground: Ground) -> None:
    bystander = await stage.running("echo hello")
    session_id = await stage.running("stream 2000 50")
    pod = await ground.running(session_id)
    await stage.speaking(session_id)

    ground.api.delete(f"/api/v1/namespaces/{ground.namespace}/pods/{pod['metadata']['name']}")
    ended = await stage.auditor.settled(session_id)

    assert (ended["status"], ended["status_reason"]) == ("terminated", "pod_deleted")
    await ground.gone(pod)
    await stage.person.say(bystander, "echo still here")
    await stage.finish()
    states = {prompt["state"] for prompt in await stage.auditor.prompts(bystander)}
    assert states == {"done"}


async def test_a_node_that_stops_holds_no_record_back_and_its_pod_is_collected_when_it_is_back(
    start_system: StartSystem, own_ground: Ground
) -> None:
    system = start_system(CCPLANT_UNREACHABLE_AFTER_SECONDS="12", CCPLANT_RUNNER_LOST_AFTER_SECONDS="20")
    async with scene(system) as stage:
        session_id = await stage.running("sleep 600", viewers=0)
        pod = await own_ground.running(session_id)

        own_ground.node.lose()
        system.note("the node is lost")
        ended = await stage.auditor.settled(session_id, 200)
        system.note("the session is at rest")

        assert ended["status_reason"] in ("runner_lost", "node_shutdown")
        assert await _told(stage, session_id)
        own_ground.node.reset(own_ground.api)
        await own_ground.gone(pod, 90)
        assert own_ground.traces(session_id) == []
        after = await stage.running("echo after", viewers=0)
        await stage.auditor.prompts_ended(after)
