"""Volumes as the orchestrator looks after them: given on, kept, removed, and nothing lost between any two steps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import Reason, Status, StopReason
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_store.errors import VolumeRefusedError
from ccplant_store.volumes.model import VolumeDoc
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.waiting import eventually


@pytest.fixture
def orchestrator_settings() -> OrchestratorSettings:
    """What is to be tried again is tried again at once."""
    return OrchestratorSettings(resync_seconds=1, stop_grace_seconds=0.5, sweep_seconds=1)


async def volume(plant: Plant, volume_id: str) -> VolumeDoc:
    found = await plant.store.volumes.get(volume_id)
    assert found is not None
    return found


async def ended(plant: Plant) -> str:
    """A session with a volume, that ran and was stopped."""
    session = await plant.create(pvc_enabled=True)
    await plant.runner(session.id)
    await plant.stop(session.id)
    await plant.settled(session.id)
    return session.id


async def deleted(plant: Plant, session_id: str, *, delete_pvc: bool | None = None) -> None:
    now = datetime.now(UTC)
    await plant.store.sessions.mark_deleted(session_id, by=OWNER, at=now, owner=OWNER, delete_pvc=delete_pvc)
    await plant.tell("session.stop", session_id)
    await plant.settled(session_id)


async def test_a_volume_is_free_when_nothing_of_its_session_is_left_and_not_before(plant: Plant) -> None:
    session = await plant.create(pvc_enabled=True)
    runner = await plant.runner(session.id)
    assert (await volume(plant, session.id)).holder == session.id
    with pytest.raises(VolumeRefusedError):
        await plant.create(pvc_enabled=True, volume_id=session.id)
    await plant.stop(session.id)
    await plant.settled(session.id)
    assert runner.launch_id in plant.runtime.released
    kept = await volume(plant, session.id)
    assert (kept.holder, kept.deleting) == (None, False)
    assert kept.kept_at is not None


async def test_the_next_session_is_launched_on_it(plant: Plant) -> None:
    first = await ended(plant)
    heir = await plant.create(pvc_enabled=True, volume_id=first)
    runner = await plant.runner(heir.id)
    assert plant.runtime.used == {runner.launch_id: first}
    assert list(plant.runtime.volumes) == [first]


async def test_a_volume_that_an_earlier_launch_has_not_left_yet_is_waited_for(plant: Plant) -> None:
    first = await ended(plant)
    plant.runtime.used["a launch on a node that is away"] = first
    heir = await plant.create(pvc_enabled=True, volume_id=first)

    async def tried() -> bool:
        return "VolumeInUseError" in ((await plant.get(heir.id)).last_error or "")

    await eventually(tried)
    waiting = await plant.get(heir.id)
    assert (waiting.status, waiting.attempts) == (Status.PENDING, 0)
    plant.runtime.used.clear()
    await plant.store.sessions.change(waiting, set={"next_attempt_at": None})
    await plant.tell("session.launch", heir.id)
    await plant.runner(heir.id)


async def test_deleting_an_earlier_session_leaves_the_volume_to_the_one_that_has_it(plant: Plant) -> None:
    first = await ended(plant)
    heir = await plant.create(pvc_enabled=True, volume_id=first)
    await plant.runner(heir.id)
    await deleted(plant, first, delete_pvc=True)
    assert (await volume(plant, first)).holder == heir.id
    await plant.stop(heir.id)
    await plant.settled(heir.id)
    assert list(plant.runtime.volumes) == [first], "the heir was not deleted"
    await deleted(plant, heir.id)
    await eventually(lambda: not plant.runtime.volumes)
    assert await plant.store.volumes.get(first) is None


async def test_a_volume_that_cannot_be_removed_now_holds_no_record_back_and_goes_later(plant: Plant) -> None:
    session_id = await ended(plant)
    plant.runtime.stuck = True
    await deleted(plant, session_id)  # settled all the same
    assert (await volume(plant, session_id)).deleting
    assert list(plant.runtime.volumes) == [session_id]
    plant.runtime.stuck = False
    await eventually(lambda: not plant.runtime.volumes)
    assert await eventually(lambda: _forgotten(plant, session_id))


async def _forgotten(plant: Plant, volume_id: str) -> bool:
    return await plant.store.volumes.get(volume_id) is None


async def test_what_an_owner_deletes_is_removed_by_the_orchestrator(plant: Plant) -> None:
    session_id = await ended(plant)
    await plant.store.volumes.condemn(session_id, OWNER, at=datetime.now(UTC))
    assert await eventually(lambda: _forgotten(plant, session_id))
    assert not plant.runtime.volumes


async def test_the_sweep_spares_volumes_that_have_a_record(plant: Plant) -> None:
    kept = await ended(plant)
    plant.runtime.volumes["session-ada-nobodys"] = plant.runtime.volumes[kept]
    await eventually(lambda: "session-ada-nobodys" not in plant.runtime.volumes)
    assert list(plant.runtime.volumes) == [kept]


async def test_a_session_that_never_ran_lets_go_too(plant: Plant) -> None:
    plant.runtime.shown = "starting"
    session = await plant.create(pvc_enabled=True)
    await eventually(lambda: plant.runtime.launched)
    wish = StopRequested(reason=StopReason.DELETED, by=OWNER, force=True, at=datetime.now(UTC))
    await plant.store.sessions.request_stop(session.id, wish, owner=OWNER)
    await plant.tell("session.stop", session.id)
    assert (await plant.settled(session.id)).status_reason is Reason.DELETED
    assert await eventually(lambda: _forgotten(plant, session.id))


async def test_the_conversation_is_known_from_the_runner_and_given_to_the_one_that_resumes(
    plant: Plant,
) -> None:
    session = await plant.create(pvc_enabled=True)
    runner = await plant.runner(session.id, register=False)
    assert plant.runtime.launched[runner.launch_id].conversation is None
    assert (await runner.register(conversation="conv-1")).accepted
    assert (await plant.get(session.id)).agent_session == "conv-1"
    # its agent died before it was spoken to, and has another one now
    assert (await runner.register(conversation="conv-2")).accepted
    assert (await plant.get(session.id)).agent_session == "conv-2"
    # a runner that does not tell takes nothing back
    assert (await runner.register()).accepted
    assert (await plant.get(session.id)).agent_session == "conv-2"
    await plant.stop(session.id)
    await plant.settled(session.id)
    resumed = await plant.create(pvc_enabled=True, volume_id=session.id, resumes="conv-2")
    again = await plant.runner(resumed.id)
    assert plant.runtime.launched[again.launch_id].conversation == "conv-2"
