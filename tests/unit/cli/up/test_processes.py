"""Naming processes, and ending what was left behind and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ccplant_cli.up import exec_child, processes
from ccplant_cli.up.leftovers import forget, record, sweep

SLEEP = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)",
]


def started(command: list[str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def test_a_name_with_parentheses_does_not_confuse() -> None:
    fields = ["S", "7", *["0"] * 17, "4711", "0"]
    assert processes.parse_stat(f"12 (a) b (c)) {' '.join(fields)}") == processes.Stat("S", 7, 4711)


def test_descendants_are_found_at_any_depth() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo; wait"], stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        below = processes.descendants(os.getpid())
        grandchildren = processes.descendants(shell.pid)
        assert grandchildren
        assert {shell.pid, *grandchildren} <= below
        for pid in (*grandchildren, shell.pid):
            os.kill(pid, signal.SIGKILL)


def test_the_sweep_ends_what_was_recorded(tmp_path: Path) -> None:
    ended: list[tuple[str, int]] = []
    for command in (SLEEP, STUBBORN):
        process = started(command)
        record(tmp_path, "one", process.pid)
        sweep(tmp_path, lambda name, pid: ended.append((name, pid)), patience=0.2)
        assert process.wait(timeout=20) < 0
        assert ended.pop() == ("one", process.pid)
        assert list(tmp_path.iterdir()) == []


def test_the_sweep_spares_another_process_with_the_same_pid(tmp_path: Path) -> None:
    process = started(SLEEP)
    try:
        record(tmp_path, "one", process.pid)
        content = json.loads((tmp_path / "one.json").read_text())
        for changed in ({"start_time": content["start_time"] - 1}, {"boot_id": "an earlier boot"}):
            (tmp_path / "one.json").write_text(json.dumps({**content, **changed}))
            sweep(tmp_path, lambda *_: None, patience=0.1)
            assert process.poll() is None
            assert list(tmp_path.iterdir()) == []
        (tmp_path / "one.json").write_text("{")
        sweep(tmp_path, lambda *_: None, patience=0.1)
        assert list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        process.wait()


def test_a_record_of_a_newer_run_is_not_forgotten(tmp_path: Path) -> None:
    record(tmp_path, "one", os.getpid())
    forget(tmp_path, "one", os.getpid() + 1)
    assert (tmp_path / "one.json").exists()
    forget(tmp_path, "one", os.getpid())
    assert not (tmp_path / "one.json").exists()


def shim(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", exec_child.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    answer = shim("9", str(os.getppid()), "echo", "started")
    assert answer.returncode != 0
    assert "started" not in answer.stdout


def test_a_program_that_is_missing_is_named() -> None:
    answer = shim("9", str(os.getpid()), "/no/such/program")
    assert "/no/such/program: No such file" in answer.stderr
    assert answer.returncode == 1


def test_the_kernel_ends_the_child_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, os; p = subprocess.Popen([sys.executable, '-I', '-S', sys.argv[1], '9',"
        " str(os.getpid()), 'sleep', '60'], stdout=subprocess.DEVNULL); print(p.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, exec_child.__file__], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    pid = int(parent.stdout.readline())
    descriptor = os.pidfd_open(pid)
    command = Path(f"/proc/{pid}/cmdline")
    while b"sleep" not in command.read_bytes().split(b"\0")[0]:  # until it became the program
        pass
    parent.kill()
    parent.wait()
    import select

    assert select.select([descriptor], [], [], 10)[0]
    os.close(descriptor)
    parent.stdout.close()
    parent.stdin.close()
