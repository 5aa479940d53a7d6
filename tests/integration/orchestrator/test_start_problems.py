"""A session that does not start says why, and fails by rule (D1, S4); its place goes to the next one."""

from __future__ import annotations

import pytest

from ccplant_contracts.session import Diagnosis
from ccplant_contracts.status import Reason, Status
from ccplant_orchestrator.runtimes.protocol import StartProblem
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_store.sessions.model import SessionDoc
from tests.integration.orchestrator.conftest import Plant
from tests.support.waiting import eventually


def problem(code: str, *, hopeless: bool = False) -> StartProblem:
    found = Diagnosis(code=code, message={"ja": code, "en": f"why: {code}"}, hint={"ja": "-", "en": "-"})
    return StartProblem(found, hopeless=hopeless)


@pytest.fixture
def orchestrator_settings() -> OrchestratorSettings:
    return OrchestratorSettings(
        resync_seconds=60, max_concurrent_launches=1, pod_start_timeout_seconds=8, stop_grace_seconds=1
    )


async def test_what_keeps_a_launch_is_shown_and_taken_back_when_it_starts(plant: Plant) -> None:
    plant.runtime.shown, plant.runtime.problem = "starting", problem("insufficient_cpu")
    session = await plant.create()

    async def said() -> bool:
        return ((await plant.get(session.id)).diagnosis or {}).get("code") == "insufficient_cpu"

    await eventually(said)
    await plant.runner(session.id)
    running = await plant.get(session.id)
    assert (running.status, running.diagnosis) == (Status.RUNNING, None)


async def test_a_launch_that_can_never_start_fails_at_once(plant: Plant) -> None:
    plant.runtime.shown, plant.runtime.problem = "starting", problem("image_not_found", hopeless=True)
    ended = await plant.settled((await plant.create()).id)
    assert (ended.status, ended.status_reason) == (Status.FAILED, Reason.START_FAILED)
    assert ended.facts == {"code": "image_not_found", "detail": "why: image_not_found"}
    assert ended.diagnosis is not None
    assert ended.diagnosis["code"] == "image_not_found"


async def test_a_launch_that_waits_for_something_outside_leaves_its_place_and_fails_in_time(
    plant: Plant,
) -> None:
    plant.runtime.shown, plant.runtime.problem = "starting", problem("insufficient_cpu")
    waits = await plant.create()
    next_one = await plant.create()

    async def launched() -> bool:
        return (await plant.get(next_one.id)).launch is not None

    await eventually(launched)
    assert (await plant.get(waits.id)).status is Status.PENDING
    ended = await plant.settled(waits.id)
    assert ended.status_reason is Reason.START_FAILED


async def test_a_place_is_given_to_the_next_one_as_soon_as_a_launch_has_started(plant: Plant) -> None:
    first = await plant.create()
    second = await plant.create()
    await eventually(lambda: len(plant.runtime.launched) == 1)
    runner = await plant.runner(first.id, register=False)
    assert (await plant.get(second.id)).launch is None
    assert (await runner.register()).accepted
    await eventually(lambda: len(plant.runtime.launched) == 2)


async def test_a_launch_that_is_refused_for_now_shows_why_and_starts_when_it_may(plant: Plant) -> None:
    plant.runtime.refusal = problem("quota_exceeded")
    session = await plant.create()

    async def said() -> bool:
        return ((await plant.get(session.id)).diagnosis or {}).get("code") == "quota_exceeded"

    await eventually(said)
    plant.runtime.refusal = None
    await plant.runner(session.id)
    assert (await plant.get(session.id)).status is Status.RUNNING


async def test_a_launch_that_is_refused_for_ever_fails_at_once(plant: Plant) -> None:
    plant.runtime.refusal = problem("admission_refused", hopeless=True)
    ended = await plant.settled((await plant.create()).id)
    assert (ended.status_reason, ended.facts["code"]) == (Reason.START_FAILED, "admission_refused")


async def _says(plant: Plant, session_id: str, code: str) -> None:
    async def said() -> bool:
        return ((await plant.get(session_id)).diagnosis or {}).get("code") == code

    await eventually(said)


async def _on_a_used_volume(plant: Plant) -> SessionDoc:
    session = await plant.create(pvc_enabled=True)
    await plant.runner(session.id)
    await plant.stop(session.id)
    await plant.settled(session.id)
    plant.runtime.used["a launch on a node that is away"] = session.id
    plant.runtime.in_use = problem("volume_in_use").diagnosis
    heir = await plant.create(pvc_enabled=True, volume_id=session.id)
    await _says(plant, heir.id, "volume_in_use")
    return await plant.get(heir.id)


async def test_a_session_whose_volume_is_not_free_yet_shows_why_and_starts_when_it_is(plant: Plant) -> None:
    heir = await _on_a_used_volume(plant)
    assert (heir.status, heir.attempts) == (Status.PENDING, 0)
    plant.runtime.used.clear()
    await plant.runner(heir.id)
    assert (await plant.get(heir.id)).diagnosis is None


async def test_a_session_whose_volume_does_not_get_free_fails_in_time_and_says_why(plant: Plant) -> None:
    ended = await plant.settled((await _on_a_used_volume(plant)).id)
    assert (ended.status_reason, ended.facts["code"]) == (Reason.START_FAILED, "volume_in_use")


async def test_a_place_that_may_not_be_asked_fails_a_start_in_time_with_what_is_missing(plant: Plant) -> None:
    plant.runtime.shown, plant.runtime.problem = "starting", problem("insufficient_cpu")
    session = await plant.create()
    await eventually(lambda: plant.runtime.launched)
    plant.runtime.failing, plant.runtime.why_failing = True, problem("rights_missing").diagnosis
    await _says(plant, session.id, "rights_missing")
    assert (await plant.get(session.id)).attempts == 0

    async def failed() -> bool:
        return (await plant.get(session.id)).status is Status.FAILED

    await eventually(failed, 20)
    plant.runtime.failing = False
    ended = await plant.settled(session.id)
    assert (ended.status_reason, ended.facts["code"]) == (Reason.START_FAILED, "rights_missing")
