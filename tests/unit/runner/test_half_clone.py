"""What a killed clone left is thrown away, and nothing that anybody worked on ever is."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccplant_runner.half_clone import remove_half_clone, whole_or_nothing


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("workspace", "home"):
        (tmp_path / name).mkdir()
    return tmp_path / "workspace"


@pytest.fixture
def home(workspace: Path) -> Path:
    return workspace.parent / "home"


def half(workspace: Path) -> None:
    """Write what git has after a second."""
    (workspace / ".git" / "objects").mkdir(parents=True)
    (workspace / ".git" / "HEAD").write_text("ref: refs/heads/main")


_KILLED_IN_A_CLONE = """
import os, signal, sys
from pathlib import Path
from ccplant_runner.half_clone import whole_or_nothing
with whole_or_nothing(Path(sys.argv[1]), Path(sys.argv[2])):
    (Path(sys.argv[1]) / ".git").mkdir()
    (Path(sys.argv[1]) / ".git" / "HEAD").write_text("ref: refs/heads/main")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def failing(workspace: Path, home: Path, leave: Callable[[Path], None]) -> None:
    with whole_or_nothing(workspace, home):
        leave(workspace)
        raise RuntimeError("git said no")


def test_what_a_killed_clone_left_is_removed_at_the_next_start(workspace: Path, home: Path) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _KILLED_IN_A_CLONE, str(workspace), str(home)], check=False, timeout=30
    )
    assert died.returncode == -signal.SIGKILL
    (workspace / "link").symlink_to("/etc")
    assert (workspace / ".git" / "HEAD").exists()
    assert remove_half_clone(workspace, home)
    assert list(workspace.iterdir()) == []
    assert not remove_half_clone(workspace, home)
    assert Path("/etc").is_dir()


def test_a_clone_that_worked_stays(workspace: Path, home: Path) -> None:
    with whole_or_nothing(workspace, home):
        half(workspace)
    assert not remove_half_clone(workspace, home)
    assert (workspace / ".git" / "HEAD").exists()


def test_a_clone_that_failed_leaves_an_empty_workspace_and_no_mark(workspace: Path, home: Path) -> None:
    with pytest.raises(RuntimeError, match="git said no"):
        failing(workspace, home, half)
    assert list(workspace.iterdir()) == []
    # files that come later, from a session without a repository, are nobody's clone
    (workspace / "work.txt").write_text("work")
    assert not remove_half_clone(workspace, home)
    assert (workspace / "work.txt").exists()


def test_files_that_were_there_before_are_never_touched(workspace: Path, home: Path) -> None:
    (workspace / "work.txt").write_text("work")
    with pytest.raises(RuntimeError, match="git said no"):
        failing(workspace, home, lambda _workspace: None)
    assert not remove_half_clone(workspace, home)
    assert (workspace / "work.txt").read_text() == "work"
