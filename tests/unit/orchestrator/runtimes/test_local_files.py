"""The small parts that local sessions stand on: log, lock, write-ahead log, process identity, kill counts."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccplant_orchestrator.runtimes.local import files, memory_kills, processes, wal
from ccplant_orchestrator.runtimes.local.bounded_log import BoundedLog, tail
from tests.contract.local_place import LocalPlace
from tests.contract.runtime_steps import exited, start


def _segment(folder: Path, first: int, count: int, *, end: str = "") -> None:
    lines = [
        f'{{"seq":{number},"at":"2024-05-01T10:00:00.000Z","data":{{"type":"notice","level":"info","code":"c",'
        f'"message":"m"}}}}\n'
        for number in range(first, first + count)
    ]
    (folder / f"{first:012d}.jsonl").write_text("".join(lines) + end)


def _read(folder: Path, after: int) -> list[int]:
    return [event.seq for event in wal.events(folder, after)]


def test_remaining_output_begins_behind_what_is_stored(tmp_path: Path) -> None:
    _segment(tmp_path, 1, 4)
    _segment(tmp_path, 5, 4)
    _segment(tmp_path, 9, 2)
    assert _read(tmp_path, 0) == list(range(1, 11))
    assert _read(tmp_path, 6) == [7, 8, 9, 10]
    assert _read(tmp_path, 8) == [9, 10]
    assert _read(tmp_path, 10) == _read(tmp_path, 11) == []


def test_remaining_output_ends_before_a_torn_line(tmp_path: Path) -> None:
    _segment(tmp_path, 1, 3, end='{"seq":4,"at":"20')
    assert _read(tmp_path, 0) == [1, 2, 3]
    _segment(tmp_path, 4, 0, end='{"seq":4,"at":"20\n{"seq":5}\n')
    assert _read(tmp_path, 0) == [1, 2, 3]


def test_remaining_output_has_no_gap_and_tells_nothing_twice(tmp_path: Path) -> None:
    _segment(tmp_path, 1, 3)
    _segment(tmp_path, 3, 2)
    _segment(tmp_path, 7, 2)
    assert _read(tmp_path, 1) == [2, 3, 4]
    assert _read(tmp_path, 4) == []


def test_remaining_output_never_follows_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    wal_folder = tmp_path / "wal"
    for folder in (elsewhere, wal_folder):
        folder.mkdir()
    _segment(elsewhere, 1, 1)
    (wal_folder / "000000000001.jsonl").symlink_to(elsewhere / "000000000001.jsonl")
    assert _read(wal_folder, 0) == []
    assert _read(tmp_path / "missing", 0) == []


async def test_the_rest_of_the_output_is_read_after_the_runners_death(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "events 1,300;events 301,2;torn;exit 1")
    await exited(runtime, ref)
    assert [event.seq async for event in runtime.remaining_output(ref, 10)] == list(range(11, 303))
    await runtime.destroy(ref, force=True)
    assert [event.seq async for event in runtime.remaining_output(ref, 300)] == [301, 302]


def test_a_log_stays_within_its_bound_and_keeps_its_end(tmp_path: Path) -> None:
    path, earlier = str(tmp_path / "log"), str(tmp_path / "log.1")
    log = BoundedLog(path, earlier, 1000)
    for number in range(500):
        log.write(f"line {number}\n".encode())
    log.write(b"z" * 5000 + b"\nlast\n")
    log.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 1000
    assert log.lost == 0
    assert tail(path, earlier, 2)[-1] == "last"
    assert tail(path, earlier, 0) == ()


def test_a_log_tail_reaches_into_the_earlier_file(tmp_path: Path) -> None:
    path, earlier = str(tmp_path / "log"), str(tmp_path / "log.1")
    log = BoundedLog(path, earlier, 40)
    log.write(b"aaaaaaaaaaaaaa\nbbbb\ncc\n")
    log.close()
    assert tail(path, earlier, 3) == ("aaaaaaaaaaaaaa", "bbbb", "cc")


def test_a_log_that_cannot_be_written_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    log = BoundedLog(str(tmp_path / "missing" / "log"), str(tmp_path / "log.1"), 100)
    log.write(b"x" * 1000)
    log.close()
    assert log.lost == 1000


def test_a_lock_is_held_once_and_goes_with_its_holder(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    first = files.try_lock(path)
    assert first is not None
    assert files.try_lock(path) is None
    os.close(first)
    again = files.try_lock(path)
    assert again is not None
    os.close(again)


def test_a_lock_on_a_file_that_was_replaced_guards_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    real = fcntl.flock

    def replaced(fd: int, operation: int) -> None:
        path.unlink()
        path.touch()
        real(fd, operation)

    monkeypatch.setattr(fcntl, "flock", replaced)
    assert files.try_lock(str(path)) is None


def test_a_recycled_pid_is_not_signalled() -> None:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)"])
    started = processes.start_time(child.pid)
    assert started is not None
    assert not processes.send(child.pid, started - 1, signal.SIGKILL)
    assert child.poll() is None
    assert processes.alive(child.pid, started)
    assert processes.send(child.pid, started, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.start_time(child.pid) is None  # dead, though not yet reaped
    child.wait()
    assert not processes.send(child.pid, started, signal.SIGKILL)


@pytest.mark.parametrize(
    ("membership", "counter", "content", "expected"),
    [
        (
            "0::/system.slice/a.service\n",
            "system.slice/a.service/memory.events",
            "low 0\noom 3\noom_kill 2\n",
            2,
        ),
        ("4:memory:/x/y\n0::/\n", "memory/x/y/memory.oom_control", "under_oom 0\noom_kill 5\n", 5),
        ("0::/\n", "memory.events", "oom_kill 1\n", 1),
        ("0::/unreadable\n", "other", "", 7),
    ],
)
def test_kills_are_counted_in_the_control_group_else_on_the_machine(
    tmp_path: Path, membership: str, counter: str, content: str, expected: int
) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(membership)
    (proc / "vmstat").write_text("nr_free_pages 1\noom_kill 7\n")
    (groups / counter).parent.mkdir(parents=True, exist_ok=True)
    (groups / counter).write_text(content)
    assert memory_kills.count(str(proc), str(groups)) == expected


@pytest.mark.parametrize(
    ("died_by", "sent_here", "after", "expected"),
    [
        (9, False, 4, True),
        (9, False, 3, False),
        (9, True, 4, False),
        (15, False, 4, False),
        (None, False, 4, False),
    ],
)
def test_want_of_memory_is_blamed_only_for_a_kill_of_the_kernels(
    died_by: int | None, sent_here: bool, after: int, expected: bool
) -> None:
    assert memory_kills.starved(died_by, sent_here=sent_here, before=3, after=after) is expected


def test_a_file_that_cannot_be_read_now_is_not_taken_for_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "launch.json"
    assert files.read_json(str(path)) is None
    files.write_json(str(path), {"a": 1})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        with pytest.raises(OSError, match="Too many open files"):
            files.read_json(str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, kept)
    path.chmod(0)
    monkeypatch.setattr("builtins.open", _forbidden)
    assert files.read_json(str(path)) is None  # an agent can do that, and must not hold up its own end by it


def _forbidden(*_: object) -> object:
    raise PermissionError(13, "Permission denied")
