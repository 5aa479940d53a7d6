"""What passes at the runtime is remembered for telling; only what has not passed yet is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccplant_contracts.session import PodStatus
from ccplant_orchestrator.runtimes import sightings
from ccplant_orchestrator.runtimes.sightings import Sightings
from tests.support.memory_runtime import MemoryRuntime
from tests.unit.orchestrator.sessions import REF, seen


async def test_what_has_passed_is_told_without_asking_the_runtime() -> None:
    runtime = MemoryRuntime(failing=True)
    noted = Sightings(runtime)
    assert await noted.pod_status(REF) is None
    noted.note(replace(seen(), pod_status=PodStatus(phase="Pending")))
    noted.note(seen())
    status = await noted.pod_status(REF)
    assert status is not None
    assert status["phase"] == "Running"


async def test_what_has_not_passed_is_read_once() -> None:
    runtime = MemoryRuntime(observed={REF.launch_id: seen()})
    noted = Sightings(runtime)
    assert await noted.pod_status(REF) is not None
    runtime.failing = True
    assert await noted.pod_status(REF) is not None


async def test_an_ended_launch_is_forgotten() -> None:
    noted = Sightings(MemoryRuntime())
    noted.note(seen())
    noted.note(seen("exited"))
    assert await noted.pod_status(REF) is None


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "_MOST", 2)
    noted = Sightings(MemoryRuntime())
    for number in range(3):
        noted.note(replace(seen(), ref=replace(REF, launch_id=f"l{number}")))
    assert await noted.pod_status(replace(REF, launch_id="l0")) is None
    assert await noted.pod_status(replace(REF, launch_id="l2")) is not None
