"""A sweep ends what is ours and ownerless, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ccplant_orchestrator.runtimes.local import processes
from ccplant_orchestrator.runtimes.local.layout import DataFolder
from tests.contract.local_place import LocalPlace
from tests.contract.runtime_place import new_ref, no_volumes, owned
from tests.contract.runtime_steps import exited, next_of, said, start
from tests.support.waiting import eventually

Process = subprocess.Popen[bytes]


class Sleepers:
    """Processes of whoever."""

    def __init__(self) -> None:
        self.made: list[Process] = []

    def __call__(self, env: dict[str, str], cwd: Path | None = None) -> Process:
        command = [sys.executable, "-I", "-S", "-c", "import time; print(1, flush=True); time.sleep(300)"]
        made = subprocess.Popen(command, env=env, cwd=cwd, start_new_session=True, stdout=subprocess.PIPE)
        self.made.append(made)
        assert made.stdout is not None
        with made.stdout as up:
            assert up.readline() == b"1\n"  # its environment is in place only now
        return made


@pytest.fixture
def sleepers() -> Iterator[Sleepers]:
    """Start sleeping processes; they are gone behind the test."""
    made = Sleepers()
    yield made
    for process in made.made:
        process.kill()
        process.wait()


async def test_sweep_never_touches_strangers(place: LocalPlace, sleepers: Sleepers, tmp_path: Path) -> None:
    runtime = place.open()
    ref = await start(runtime, "exit 0")
    await exited(runtime, ref)
    (tmp_path / "other").mkdir()
    other = DataFolder(tmp_path / "other").data_id()
    folder = place.folder(ref)
    strangers = [
        sleepers({"CCPLANT_LAUNCH_ID": ref.launch_id}),
        sleepers({"CCPLANT_LAUNCH_ID": ref.launch_id, "CCPLANT_DATA_ID": other}),
        sleepers({"HOME": str(folder)}, cwd=folder / "workspace"),
        sleepers({"HOME": str(place.data)}),
        sleepers({"HOME": f"/elsewhere/sessions/s/{ref.launch_id}/state/home"}),
    ]
    assert await runtime.sweep(owned(), no_volumes) == 1  # the launch's folder
    await runtime.destroy(ref, force=True)
    assert await runtime.sweep(owned(), no_volumes) == 0
    assert [stranger.poll() for stranger in strangers] == [None] * len(strangers)


async def test_sweep_ends_processes_whose_launch_has_vanished(place: LocalPlace, sleepers: Sleepers) -> None:
    runtime = place.open()
    data_id = DataFolder(place.data).data_id()
    marked = sleepers({"CCPLANT_LAUNCH_ID": "lgone", "CCPLANT_DATA_ID": data_id})
    at_home = sleepers({"HOME": str(place.data.resolve() / "sessions/session-x-1/lgone2/state/home")})
    assert await runtime.sweep(owned("lother"), no_volumes) == 2
    assert marked.wait(5) == at_home.wait(5) == -signal.SIGKILL


async def test_a_removed_folder_does_not_hide_its_processes(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "own-session;wait")
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 2
    shutil.rmtree(place.folder(ref))
    assert await runtime.get(ref) is None
    await runtime.destroy(ref, force=True)
    assert place.processes(ref) == []


async def test_a_launch_that_came_up_after_a_frozen_sweep_had_looked_is_spared(place: LocalPlace) -> None:
    runtime = place.open()

    async def frozen_meanwhile() -> frozenset[str]:
        await said(runtime, await start(runtime), "waiting")
        return frozenset()

    assert await runtime.sweep(frozen_meanwhile, no_volumes) == 0
    (seen,) = await runtime.list()
    assert seen.phase == "running"


async def test_sweep_finishes_what_a_crash_left_half_removed(place: LocalPlace) -> None:
    runtime = place.open()
    left = place.data / "trash" / "lold-1"
    (left / "cache").mkdir(parents=True)
    (left / "cache" / "module").write_text("x")
    (left / "cache").chmod(0o500)
    no_reference = place.data / "sessions" / "session-tester-x" / "lhalf"
    no_reference.mkdir(parents=True)
    assert await runtime.sweep(owned(), no_volumes) == 1
    assert not left.exists()
    assert not no_reference.exists()


async def test_an_escaped_process_of_a_current_launch_is_collected_with_its_end(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "own-session;wait")
    await said(runtime, ref, "waiting")
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGKILL)
    await eventually(lambda: len(place.processes(ref)) == 1)
    await runtime.sweep(owned(ref.launch_id), no_volumes)
    assert (await exited(runtime, ref)).exit is not None
    assert place.processes(ref) == []


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\0b"])
async def test_a_name_never_leads_out_of_the_data_folder(place: LocalPlace, name: str) -> None:
    runtime = place.open()
    with pytest.raises(ValueError, match="not the name of a folder"):
        await runtime.get(new_ref(name))


async def test_a_runner_that_hides_its_environment_is_known_by_its_pid(
    place: LocalPlace, sleepers: Sleepers
) -> None:
    runtime = place.open()
    ref = await start(runtime)
    await said(runtime, ref, "waiting")
    os.kill(place.pid_of(ref, "supervisor"), signal.SIGKILL)
    await eventually(lambda: place.processes(ref) == [])
    hidden = sleepers({})
    document = {"pid": hidden.pid, "start_time": processes.start_time(hidden.pid)}
    (place.folder(ref) / "runner.json").write_text(json.dumps(document))
    await runtime.destroy(ref, force=True)
    assert hidden.wait(5) == -signal.SIGKILL


async def test_an_end_is_told_at_once_and_not_with_the_next_scan(place: LocalPlace) -> None:
    place.options = replace(place.options, poll_seconds=300.0)
    runtime = place.open()
    ref = await start(runtime)
    await said(runtime, ref, "waiting")
    changes = runtime.changes()
    await next_of(changes, lambda seen: seen.phase == "running")
    place.kill_runner(ref)
    await next_of(changes, lambda seen: seen.phase == "exited")


async def test_a_launch_that_vanishes_is_told_as_unknown(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "exit 0")
    changes = runtime.changes()
    await next_of(changes, lambda seen: seen.phase == "exited")
    shutil.rmtree(place.folder(ref))
    assert (await next_of(changes, lambda seen: seen.phase == "unknown")).ref == ref
