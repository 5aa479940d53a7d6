"""The orchestrator may die between any two calls to the cluster: one Pod comes of a session, and nothing is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplant_platform.faults import FAULT_POINTS, VARIABLE
from tests.kubernetes.conftest import StartSystem
from tests.kubernetes.ground import Ground
from tests.support.scene import scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]

_PLACES = [name for name in FAULT_POINTS if name.startswith("kube.")]
_VOLUME = {"pvc_enabled": True, "pvc_storage_size": "1Gi"}


@pytest.mark.parametrize("place", _PLACES)
async def test_a_death_between_two_calls_to_the_cluster_loses_and_doubles_nothing(
    start_system: StartSystem, own_ground: Ground, tmp_path: Path, place: str
) -> None:
    died = tmp_path / "died"
    own_ground.node.add_volume(own_ground.api, own_ground.storage_class)
    system = start_system(**{VARIABLE: f"{place}:1:once={died}"})
    system.note(f"the first visit of {place} is deadly")
    async with scene(system) as stage:
        session_id = await stage.running("echo once", config=_VOLUME)
        pod = await own_ground.running(session_id)
        await stage.auditor.prompts_ended(session_id)
        assert len(own_ground.pods(session_id)) == 1

        # a Pod whose runner ends by itself is not marked as one that we ended
        await stage.person.delete(session_id, "?force=true" if place == "kube.pod.marked" else "")
        await stage.auditor.settled(session_id, 90)

        await own_ground.gone(pod)
        await eventually(lambda: not own_ground.traces(session_id), 60, interval=0.1)
        assert died.exists(), f"nothing visited {place}"
        assert (await stage.auditor.session(session_id))["launch"]["attempt"] == 1
        await stage.finish()
