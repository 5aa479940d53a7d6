"""Fault points kill where they are told to, once, and are silent otherwise."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccplant_platform.faults import FAULT_POINTS, fault_point, parse_faults

ROOT = Path(__file__).resolve().parents[3]
VISITS = """
from ccplant_platform.faults import fault_point
for number in range(1, 4):
    print(number, flush=True)
    fault_point("orch.end.judged")
"""


def run(fault: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", VISITS], capture_output=True, text=True, check=False, timeout=30,
        env={**os.environ, "CCPLANT_FAULT": fault},
    )  # fmt: skip


def test_the_process_dies_by_sigkill_at_the_named_visit() -> None:
    ended = run("orch.end.judged:2")
    assert (ended.returncode, ended.stdout.split()) == (-signal.SIGKILL, ["1", "2"])


def test_other_places_are_passed() -> None:
    ended = run("orch.end.committed:1")
    assert (ended.returncode, ended.stdout.split()) == (0, ["1", "2", "3"])


def test_a_restarted_process_goes_on(tmp_path: Path) -> None:
    fault = f"orch.end.judged:1:once={tmp_path / 'died'}"
    assert run(fault).returncode == -signal.SIGKILL
    assert run(fault).returncode == 0


def test_a_frozen_process_goes_on_from_there_and_freezes_once(tmp_path: Path) -> None:
    fault = f"orch.end.judged:2:freeze={tmp_path / 'froze'}"
    with subprocess.Popen(
        [sys.executable, "-c", VISITS], stdout=subprocess.PIPE, env={**os.environ, "CCPLANT_FAULT": fault}
    ) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=30)
        assert (process.returncode, output.split()) == (0, [b"1", b"2", b"3"])
    assert run(fault).returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        "nowhere:1",
        "orch.end.judged",
        "orch.end.judged:0",
        "orch.end.judged:x",
        "orch.end.judged:1:twice=a",
        "orch.end.judged:1:freeze",
    ],
)
def test_a_fault_that_would_never_strike_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="CCPLANT_FAULT"):
        parse_faults(text)
    assert run(text).returncode == 1


def test_without_the_variable_nothing_happens() -> None:
    assert parse_faults("") == {}
    fault_point("orch.end.judged")


def test_every_visited_name_is_known() -> None:
    visited: set[str] = set()
    for package in ("services", "runner", "libs"):
        for file in (ROOT / package).rglob("*.py"):
            visited |= set(re.findall(r'fault_point\(\s*"([^"]+)"', file.read_text()))
    assert visited <= set(FAULT_POINTS)
    assert len(FAULT_POINTS) == len(set(FAULT_POINTS))
