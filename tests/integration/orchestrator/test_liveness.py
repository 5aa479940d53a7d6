"""Who is silent, and since when: shown after a while, fatal after a longer one, and never the bus's fault (D5)."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ccplant_contracts.session import Sample
from ccplant_contracts.status import Reason, Status
from ccplant_contracts.watch import Activity
from ccplant_orchestrator.settings import OrchestratorSettings
from tests.integration.orchestrator.conftest import Plant
from tests.support.waiting import eventually


@pytest.fixture
def orchestrator_settings() -> OrchestratorSettings:
    return OrchestratorSettings(
        resync_seconds=1, stop_grace_seconds=0.5, unreachable_after_seconds=1, runner_lost_after_seconds=6
    )


async def _reachable(plant: Plant, session_id: str, wanted: bool) -> bool:
    return (await plant.get(session_id)).reachable is wanted


async def test_a_heartbeat_brings_use_and_pod_status(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)

    async def shown() -> bool:
        await runner.heartbeat()
        activity = await plant.store.activity.get(session.id)
        return activity is not None and activity.pod_status is not None and activity.resources is not None

    await eventually(shown, interval=0.2)
    activity = await plant.store.activity.get(session.id)
    assert activity is not None
    assert activity.pod_status is not None
    assert activity.pod_status["phase"] == "Running"
    assert activity.resources == {"cpu_usage": 0.5, "memory_usage": 1_000}


async def test_silence_is_shown_taken_back_by_a_sign_of_life_and_ends_the_session_when_it_lasts(
    plant: Plant,
) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    await eventually(lambda: _reachable(plant, session.id, False))
    await runner.heartbeat()
    await eventually(lambda: _reachable(plant, session.id, True))
    ended = await plant.settled(session.id)
    assert ended.status_reason is Reason.RUNNER_LOST
    assert plant.runtime.released == [runner.launch_id]


async def test_silence_while_the_bus_was_away_does_not_count(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    for _ in range(3):
        plant.nats.kill()
        # longer in sum than a runner may be silent, and never heard in between
        await asyncio.to_thread(_let_time_pass, 2.5)
        plant.nats.start()
        await eventually(lambda: runner.bus.is_connected)
        await runner.heartbeat()
    assert (await plant.get(session.id)).status is Status.RUNNING


async def test_one_heartbeat_that_cannot_be_kept_does_not_end_everybodys_samples(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, failed = plant.store.activity.append, asyncio.Event()

    async def failing_once(session_id: str, sample: Sample | None, activity: Activity) -> None:
        if sample is not None and not failed.is_set():
            failed.set()
            raise ValueError("not one that is expected")
        await append(session_id, sample, activity)

    monkeypatch.setattr(plant.store.activity, "append", failing_once)
    session = await plant.create()
    runner = await plant.runner(session.id)

    async def shown() -> bool:
        await runner.heartbeat()
        return failed.is_set() and await plant.store.activity.get(session.id) is not None

    await eventually(shown, interval=0.2)


def _let_time_pass(seconds: float) -> None:
    """Real time has to pass here: what is tested is that it does not count."""
    threading.Event().wait(seconds)
