"""What the kernel kills within a session for want of memory is said once, and known at the end (D2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplant_contracts.stream import Notice
from ccplant_runner import resources
from ccplant_runner.memory import MemoryKills


class _Kernel:
    def __init__(self) -> None:
        self.count: int | None = 0

    def read(self) -> int | None:
        return self.count


@pytest.fixture
def kernel() -> _Kernel:
    return _Kernel()


def test_each_kill_is_said_once(kernel: _Kernel) -> None:
    said: list[Notice] = []
    kills = MemoryKills(said.append, kernel.read)
    kills.look()
    assert said == []

    kernel.count = 1
    kills.look()
    kills.look()
    kernel.count = 3
    kills.look()

    assert [(one.level, one.code) for one in said] == [("warning", "tool_oom_killed")] * 2
    assert "a process" in said[0].message
    assert "2 processes" in said[1].message
    assert kills.count == 3


def test_a_death_of_the_agent_is_laid_to_memory_only_where_the_kernel_killed_since_the_one_before(
    kernel: _Kernel,
) -> None:
    kills = MemoryKills(lambda _: None, kernel.read)
    kernel.count = 1
    assert kills.rose_before_death()
    assert not kills.rose_before_death()


def test_where_nobody_counts_nothing_is_said(kernel: _Kernel) -> None:
    kernel.count = None
    said: list[Notice] = []
    kills = MemoryKills(said.append, kernel.read)
    kills.look()
    assert (said, kills.count, kills.rose_before_death()) == ([], 0, False)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("memory.events", "low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\noom_group_kill 0\n"),
        ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
    ],
)
def test_the_kernels_counter_is_read_in_both_versions_of_control_groups(
    tmp_path: Path, file: str, content: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    assert resources.oom_kills(tmp_path) == 2
    assert resources.oom_kills(tmp_path / "nowhere") is None
    assert resources.oom_kills(None) is None
