"""Launches while the API server is away, and orchestrators that act on what was long ago: one Pod, or none, never two."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from ccplant_platform.faults import VARIABLE
from tests.kubernetes.conftest import StartSystem
from tests.kubernetes.ground import Ground
from tests.support.scene import Scene, scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]


@pytest.mark.parametrize("how", ["is away", "hangs and dies"])
async def test_an_api_server_that_restarts_in_the_middle_of_a_creation_gets_one_pod(
    stage: Scene, ground: Ground, how: str
) -> None:
    plane = ground.node.plane
    if how == "is away":
        plane.kill_api()
    else:
        plane.freeze_api()
    session_id = await stage.session("echo hello")

    async def assigned() -> bool:
        return (await stage.auditor.session(session_id))["launch"] is not None

    await eventually(assigned)
    stage.system.note(f"the API server {how}, and is started again")
    plane.thaw_api()
    plane.kill_api()
    plane.start_api()

    pod = await ground.running(session_id, 120)
    await stage.auditor.prompts_ended(session_id, 120)
    assert [one["metadata"]["uid"] for one in ground.pods(session_id)] == [pod["metadata"]["uid"]]
    assert (await stage.auditor.session(session_id))["launch"]["attempt"] == 1
    await stage.finish()
    await ground.gone(pod)
    assert ground.traces(session_id) == []


@pytest.mark.parametrize(
    ("place", "config", "asks_for"),
    [
        ("kube.launch.begun", {}, "secrets"),
        ("kube.secret.created", {}, "pods"),
        ("kube.pvc.created", {"pvc_enabled": True, "pvc_storage_size": "1Gi"}, "pods"),
    ],
)
async def test_an_orchestrator_that_was_frozen_before_its_create_starts_nothing_after_the_end(
    start_system: StartSystem,
    own_ground: Ground,
    tmp_path: Path,
    place: str,
    config: dict[str, object],
    asks_for: str,
) -> None:
    froze = tmp_path / "froze"
    system = start_system(**{VARIABLE: f"{place}:1:freeze={froze}"})
    second = None
    try:
        async with scene(system) as stage:
            stale = system.part("orchestrator")
            session_id = await stage.session("echo never", viewers=0, config=config)
            await eventually(froze.exists, 20)
            await eventually(lambda: psutil.Process(stale.pid).status() == psutil.STATUS_STOPPED)
            system.note(f"the orchestrator stands still at {place}")
            second = system.second_orchestrator()
            await stage.person.delete(session_id)
            ended = await stage.auditor.settled(session_id)
            assert ended["status_reason"] == "deleted"

            assert stale.alive()
            continued = datetime.now(UTC)
            stale.send(signal.SIGCONT)
            system.note("it goes on")
            plane, namespace = own_ground.node.plane, own_ground.namespace
            await eventually(lambda: asks_for in dict(plane.asked("create", namespace, continued)), 30)
            system.note(f"and asks for {asks_for}")

            pod_name = ended["launch"].get("pod_name", session_id)
            await eventually(lambda: not own_ground.traces(session_id), 60, interval=0.1)
            reasons = {event["reason"] for event in own_ground.api.events(own_ground.namespace, pod_name)}
            assert "Started" not in reasons
            if asks_for == "secrets":
                assert dict(plane.asked("create", namespace, continued)) == {"secrets": 409}, (
                    "it met the fence"
                )
            after = await stage.running("echo after", viewers=0)
            await stage.auditor.prompts_ended(after)
    finally:
        if second is not None:
            second.kill()
            second.wait(timeout=30)
