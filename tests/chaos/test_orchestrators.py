"""Two orchestrators at once, whichever of them is killed or frozen: each thing is done once."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.live_processes import Known, known
from tests.support.scene import Scene
from tests.support.system import System
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

JOBS = {"liveness", "publisher", "deadlines", "resync"}
LONGER_THAN_A_LEASE = 14.0


@pytest.fixture
def second(system: System) -> Iterator[subprocess.Popen[bytes]]:
    """A second orchestrator; whatever the test did to it, it is gone afterwards."""
    process = system.second_orchestrator()
    yield process
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


async def _holder(stage: Scene) -> int:
    """Return the pid of whoever holds the most leases; wait until each lease is held."""

    async def all_held() -> int:
        leases = {lease["_id"]: lease for lease in await stage.auditor.find("leases", {})}
        assert leases.keys() >= JOBS, leases
        pids = [int(lease["holder"].rsplit("-", 2)[1]) for lease in leases.values()]
        return max(pids, key=pids.count)

    return await eventually(all_held, 30, interval=0.2)


async def _ready(stage: Scene, process: subprocess.Popen[bytes]) -> None:
    log = stage.system.data_dir / "logs" / "orchestrator-2.log"
    await eventually(lambda: process.poll() is None and b"ready" in log.read_bytes(), 40, interval=0.2)


async def _much_at_once(stage: Scene) -> list[str]:
    sessions = await asyncio.gather(*(stage.session(f"echo {number}") for number in range(4)))
    for session_id in sessions:
        for number in range(3):
            await stage.person.say(session_id, f"echo more {number}")
    return list(sessions)


async def test_two_orchestrators_do_each_thing_once(stage: Scene, second: subprocess.Popen[bytes]) -> None:
    await _ready(stage, second)
    await _much_at_once(stage)
    await stage.finish()


async def test_when_the_holder_of_the_leases_is_killed_the_other_goes_on(
    stage: Scene, second: subprocess.Popen[bytes]
) -> None:
    await _ready(stage, second)
    speaking = await stage.running("stream 150 30")
    await stage.speaking(speaking)
    holder = known(await _holder(stage))
    assert holder is not None
    stage.system.note(f"kill -9 of the holder of the leases (pid {holder.pid})")
    holder.send(signal.SIGKILL)
    await _much_at_once(stage)
    await stage.finish()


async def test_a_holder_that_was_frozen_for_longer_than_its_lease_does_no_harm_when_it_goes_on(
    stage: Scene, second: subprocess.Popen[bytes]
) -> None:
    await _ready(stage, second)
    speaking = await stage.running("stream 100 20")
    await stage.speaking(speaking)
    holder: Known | None = known(await _holder(stage))
    assert holder is not None
    stage.system.note(f"SIGSTOP of the holder of the leases (pid {holder.pid})")
    holder.send(signal.SIGSTOP)
    until = stage.system.clock() + LONGER_THAN_A_LEASE
    try:
        sessions = await _much_at_once(stage)
        await eventually(lambda: stage.system.clock() >= until, 60, interval=0.2)
        new = await _holder(stage)
        assert new != holder.pid, "nobody took the leases over"
    finally:
        stage.system.thaw(holder)
    for session_id in sessions:
        await stage.person.say(session_id, "echo after it went on")
    await stage.finish()
