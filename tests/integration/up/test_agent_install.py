"""The pinned packages of Claude Code, from the package index, as a user installs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccplant_cli.agents import node as nodes
from ccplant_cli.agents.messages import AgentError

pytestmark = [pytest.mark.agent, pytest.mark.timeout(600)]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Return a data directory that is removed at once: it grows by 400 MB."""
    try:
        node = nodes.find(tmp_path / "none")
    except AgentError as error:
        pytest.skip(str(error))
    asked = subprocess.run([*node.npm, "ping"], capture_output=True, text=True, timeout=60, check=False)
    if asked.returncode != 0:
        pytest.skip(f"npm reaches no package index: {asked.stderr.strip()[-200:]}")
    yield tmp_path / "data"
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


def agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from ccplant_cli.main import run; run()", "agent", *arguments],
        capture_output=True, text=True, timeout=500, check=False, env={**os.environ, "LANG": "C", "LC_ALL": ""},
    )  # fmt: skip


def test_the_real_claude_code_is_installed_and_answers_its_handshake(data_dir: Path) -> None:
    installed = agent("install", "claude-code", "--data-dir", str(data_dir))
    assert installed.returncode == 0, installed.stderr
    assert " of about 400 MB" in installed.stderr
    listed = json.loads(agent("list", "--json", "--data-dir", str(data_dir)).stdout)
    states = {one["name"]: one["state"] for one in listed["agents"]}
    installed_ones = {name for name, state in states.items() if state == "installed"}
    assert (states["demo"], installed_ones) == ("built_in", {"claude-code"})
    again = agent("install", "claude-code", "--data-dir", str(data_dir))
    assert again.returncode == 0
    assert "is installed already" in again.stderr
    megabytes = sum(path.lstat().st_size for path in data_dir.rglob("*")) / 1e6
    assert 200 < megabytes < 600
