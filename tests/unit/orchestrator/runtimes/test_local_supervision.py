"""Local sessions outlive the orchestrator, never the anchor, and nothing outlives them (real processes)."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ccplant_orchestrator.runtimes.local import ending, launcher, processes
from ccplant_orchestrator.runtimes.local.layout import DataFolder, LaunchFolder
from ccplant_orchestrator.runtimes.protocol import LaunchRefusedError, StartProblem, VolumeInUseError
from tests.contract.local_place import LocalPlace
from tests.contract.runtime_place import new_ref, no_volumes, owned, spec_for
from tests.contract.runtime_steps import exited, said, start
from tests.support.waiting import eventually

TREE = "ignore-term;child;own-session;own-session-bare;wait"


@pytest.fixture
def anchor() -> Iterator[subprocess.Popen[bytes]]:
    """A process that sessions must not outlive."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)"])
    yield process
    process.kill()
    process.wait()


async def test_anchor_death_leaves_nothing_and_says_node_shutdown(
    tmp_path: Path, anchor: subprocess.Popen[bytes]
) -> None:
    place = LocalPlace(tmp_path / "data", anchor_pid=anchor.pid)
    runtime = place.open()
    ref = await start(runtime, TREE)
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 4
    anchor.kill()
    seen = await exited(runtime, ref)
    assert place.processes(ref) == []
    assert seen.exit is not None
    assert seen.exit.node_shutdown
    await place.close()


async def test_a_launch_under_a_dead_anchor_ends_as_node_shutdown(
    tmp_path: Path, anchor: subprocess.Popen[bytes]
) -> None:
    place = LocalPlace(tmp_path / "data", anchor_pid=anchor.pid)
    runtime = place.open()
    anchor.kill()
    anchor.wait()
    seen = await exited(runtime, await start(runtime))
    assert seen.exit is not None
    assert seen.exit.node_shutdown
    assert place.processes(seen.ref) == []
    await place.close()


async def test_the_machines_shutdown_signal_ends_the_session_as_node_shutdown(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "leave-on-term;wait")
    await said(runtime, ref, "waiting")
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGTERM)
    seen = await exited(runtime, ref)
    assert seen.exit is not None
    assert (seen.exit.node_shutdown, seen.exit.exit_code) == (True, 0)


async def test_a_killed_supervisor_takes_the_runner_along_and_the_next_look_collects_what_escaped(
    place: LocalPlace,
) -> None:
    runtime = place.open()
    ref = await start(runtime, "child;own-session;wait")
    await said(runtime, ref, "waiting")
    runner = psutil.Process(place.pid_of(ref, "runner"))
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGKILL)
    await eventually(lambda: not runner.is_running() or runner.status() == psutil.STATUS_ZOMBIE)
    seen = await exited(runtime, ref)
    assert place.processes(ref) == []
    assert seen.exit is not None
    assert (seen.exit.exit_code, seen.exit.node_shutdown) == (None, False)
    assert "waiting" in seen.exit.log_tail
    assert await place.open().get(ref) == seen


async def test_a_launch_whose_supervisor_was_killed_is_not_started_again(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "own-session;wait")
    await said(runtime, ref, "waiting")
    supervisor = psutil.Process(place.pid_of(ref, "supervisor"))
    supervisor.kill()
    await eventually(lambda: not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE)
    await start(runtime, ref=ref)
    assert place.starts(ref) == 1
    await exited(runtime, ref)
    assert place.processes(ref) == []


@pytest.mark.parametrize("force", [False, True])
async def test_destroy_after_the_supervisors_death_collects_what_escaped(
    place: LocalPlace, force: bool
) -> None:
    runtime = place.open()
    ref = await start(runtime, "ignore-term;own-session;wait")
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 2
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGKILL)
    await runtime.destroy(ref, force=force)
    assert place.processes(ref) == []


async def test_a_supervisor_lost_with_its_anchor_is_node_shutdown(
    tmp_path: Path, anchor: subprocess.Popen[bytes]
) -> None:
    place = LocalPlace(tmp_path / "data", anchor_pid=anchor.pid)
    runtime = place.open()
    ref = await start(runtime)
    await said(runtime, ref, "waiting")
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGKILL)
    anchor.kill()
    anchor.wait()
    seen = await exited(runtime, ref)
    assert seen.exit is not None
    assert seen.exit.node_shutdown
    await place.close()


async def test_what_ran_before_the_machine_started_anew_is_node_shutdown_and_no_live_process_is_blamed(
    place: LocalPlace, anchor: subprocess.Popen[bytes]
) -> None:
    runtime = place.open()
    ref = await start(runtime)
    await said(runtime, ref, "waiting")
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGKILL)
    await eventually(lambda: place.processes(ref) == [])
    started = processes.start_time(anchor.pid)
    for name in ("supervisor", "runner"):
        document = {"pid": anchor.pid, "start_time": started, "incarnation": "earlier", "started_at": 1.0}
        (place.folder(ref) / f"{name}.json").write_text(json.dumps(document))
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.exit is not None
    assert seen.exit.node_shutdown
    assert anchor.poll() is None


async def test_destroy_ends_the_tree_of_a_frozen_supervisor(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, TREE)
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 4
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGSTOP)
    await runtime.destroy(ref, force=True)
    assert place.processes(ref) == []
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.exit is not None
    assert seen.exit.signal == signal.SIGKILL  # it was continued, and wrote the record itself


async def test_a_supervisor_that_does_nothing_is_overruled_descendants_first(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, TREE)
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 4
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGSTOP)
    await asyncio.to_thread(ending.overrule_supervisor, LaunchFolder(place.folder(ref)))
    assert place.processes(ref) == []
    assert (await exited(runtime, ref)).exit is not None


_ORCHESTRATOR = """
import asyncio, os, pickle, signal, sys
from pathlib import Path
from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.local import launcher
from tests.contract.local_place import LocalPlace
from tests.contract.runtime_place import spec_for

folder, ref, step, when = pickle.loads(bytes.fromhex(sys.argv[1]))

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def wrapped(function):
    def inner(*args, **kwargs):
        if when == "before":
            die()
        result = function(*args, **kwargs)
        die()
    return inner

setattr(launcher, step, wrapped(getattr(launcher, step)))
place = LocalPlace(Path(folder))
asyncio.run(place.open().launch(spec_for(ref, "wait"), ref, SessionConfig(), None))
"""


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("prepare", "before"),
        ("prepare", "after"),
        ("order", "after"),
        ("spawn", "after"),
        ("answer_of", "before"),
    ],
)
async def test_a_launch_cut_off_anywhere_by_kill_and_repeated_runs_one_process(
    place: LocalPlace, step: str, when: str
) -> None:
    ref = new_ref()
    what = pickle.dumps((str(place.data), ref, step, when)).hex()
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", _ORCHESTRATOR, what)
    assert await killed.wait() == -signal.SIGKILL
    runtime = place.open()
    await start(runtime, ref=ref)
    await said(runtime, ref, "waiting")
    assert place.starts(ref) == 1
    assert len(place.processes(ref)) == 1


async def test_sessions_survive_the_kill_of_the_orchestrator_that_started_them(place: LocalPlace) -> None:
    ref = new_ref()
    what = pickle.dumps((str(place.data), ref, "answer_of", "before")).hex()
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", _ORCHESTRATOR, what)
    await killed.wait()
    runtime = place.open()
    await said(runtime, ref, "waiting")
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.phase == "running"


@pytest.mark.parametrize("frozen", ["before the folder was made", "before the supervisor was started"])
async def test_an_orchestrator_that_continues_after_the_end_starts_nothing(
    place: LocalPlace, frozen: str
) -> None:
    runtime = place.open()
    ref = new_ref()
    data = DataFolder(place.data)
    folder = launcher.prepare(data, ref, None)
    content = launcher.order(place.options, data, folder, spec_for(ref, "wait"), anchor=None, volume=None)
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    if frozen == "before the folder was made":
        launcher.prepare(data, ref, None)
    pid, answering = launcher.spawn(content)
    assert await launcher.answer_of(answering, 10) == "fenced"
    await asyncio.to_thread(os.waitpid, pid, 0)
    assert place.processes(ref) == []
    assert await runtime.get(ref) is None
    await runtime.sweep(owned(), no_volumes)
    assert place.traces(ref) == []


async def test_a_dead_supervisor_is_no_zombie(place: LocalPlace) -> None:
    runtime = place.open()
    refs = [await start(runtime, "exit 0", ref=new_ref(f"session-tester-{number}")) for number in range(3)]
    pids = [place.pid_of(ref, "supervisor") for ref in refs]
    await eventually(lambda: not any(map(psutil.pid_exists, pids)))


async def test_a_program_that_cannot_be_executed_is_refused_and_diagnosed(place: LocalPlace) -> None:
    place.options = replace(place.options, runner_command=("/nowhere/runner",))
    runtime = place.open()
    ref = new_ref()
    with pytest.raises(LaunchRefusedError) as refused:
        await start(runtime, ref=ref)
    assert "/nowhere/runner" in refused.value.diagnosis.message["en"]
    assert (await runtime.diagnose(ref)) == StartProblem(refused.value.diagnosis, hopeless=True)
    assert (await exited(runtime, ref)).exit is not None


async def test_a_volume_belongs_to_one_launch_at_a_time(place: LocalPlace) -> None:
    runtime = place.open()
    first = await start(runtime, volume="session-tester-first")
    await said(runtime, first, "waiting")
    second = new_ref(first.session_id, 2)
    with pytest.raises(VolumeInUseError):
        await start(runtime, ref=second, volume="session-tester-first")
    assert place.processes(second) == []
    await runtime.destroy(first, force=True)
    await start(runtime, ref=second, volume="session-tester-first")
    await said(runtime, second, "waiting")
    with pytest.raises(VolumeInUseError):
        await runtime.delete_volume("session-tester-first")
    assert place.processes(second)
