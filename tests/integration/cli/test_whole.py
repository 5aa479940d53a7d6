"""The command line against the whole system, as a newcomer uses both."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Ccplant = Callable[..., "subprocess.CompletedProcess[str]"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def ccplant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ccplant]:
    data_dir = tmp_path_factory.mktemp("up")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = kept | {"HOME": str(data_dir), "LANG": "C.UTF-8", "TZ": "UTC"}
    command = [sys.executable, "-m", "ccplant_cli"]
    log = (data_dir / "up.err").open("w+")
    up = subprocess.Popen(
        [*command, "up", "--json", "--port", str(_free_port()), "--data-dir", str(data_dir / "data")],
        env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
    )  # fmt: skip
    assert up.stdout is not None
    ready = up.stdout.readline()
    if not ready:
        up.wait(30)
        pytest.fail(f"up did not start: {Path(log.name).read_text()[-2_000:]}")
    assert Path(json.loads(ready)["data_dir"]) == data_dir / "data"

    def run(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments, "--data-dir", str(data_dir / "data")], input=stdin, capture_output=True, text=True,
            env=environment | more, timeout=45, check=False,
        )  # fmt: skip

    yield run
    up.send_signal(signal.SIGTERM)
    up.communicate(timeout=45)
    log.close()


@pytest.mark.timeout(180)
def test_a_session_is_created_talked_to_stopped_and_deleted_and_its_history_stays(ccplant: Ccplant) -> None:
    created = ccplant("session", "create", "--name", "whole", "-m", "stream 60 100", "--follow")
    assert created.returncode == 0, created.stderr
    assert len(created.stdout.split()) == 60
    failed = ccplant("session", "chat", "whole", stdin="echo two\nfail\necho never\n")
    assert (failed.returncode, failed.stdout.splitlines()[0]) == (1, "two"), failed.stderr
    shown = json.loads(ccplant("session", "show", "whole", "--json").stdout)
    assert shown["status"] == "running"
    assert ccplant("session", "stop", "whole").returncode == 0
    history = ccplant("session", "messages", shown["session_id"]).stdout
    assert created.stdout.strip() in history
    assert "echo never" not in history
    assert ccplant("session", "delete", "whole", "--yes").returncode == 0
    assert "whole" not in ccplant("session", "list").stdout
    assert created.stdout.strip() in ccplant("session", "messages", shown["session_id"]).stdout


@pytest.mark.timeout(180)
def test_another_user_sees_nothing_of_it(ccplant: Ccplant) -> None:
    session_id = ccplant("session", "create").stdout.strip()
    token = ccplant("token", "create", "--user", "alice").stdout.strip()
    assert json.loads(ccplant("session", "list", "--json", CCPLANT_TOKEN=token).stdout)["sessions"] == []
    assert ccplant("session", "show", session_id, CCPLANT_TOKEN=token).returncode == 3
    assert ccplant("session", "list", CCPLANT_TOKEN="ccp_wrong").returncode == 4
    assert ccplant("token", "create", "--user", "bob", CCPLANT_TOKEN=token).returncode == 4


@pytest.mark.timeout(180)
def test_a_task_is_followed_until_it_has_completed_by_itself(ccplant: Ccplant) -> None:
    done = ccplant("session", "create", "--mode", "task", "-m", "echo finished", "--follow")
    assert (done.returncode, done.stdout) == (0, "finished\n"), done.stderr
