"""The life of `ccplant up` with a real NATS and a real MongoDB: starts, crashes, restarts, ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from ccplant_cli.up import binaries, mongo
from ccplant_cli.up.data_dir import DataDir
from tests.integration.up.conftest import Up, marked, until
from tests.support.programs import free_port

Start = Callable[..., Up]


def database(run: Up) -> MongoClient[dict[str, Any]]:
    url = (run.data_dir / "secrets" / "mongodb.url").read_text()
    return MongoClient(url, serverSelectionTimeoutMS=10_000)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command to its end."""
    return subprocess.run(
        [sys.executable, "-c", "from ccplant_cli.main import run; run()", "up", *arguments],
        capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "LANG": "C", "LC_ALL": ""},
    )  # fmt: skip


def test_ready_is_one_line_and_a_private_file(up: Start) -> None:
    run = up()
    assert set(run.connection) == {"url", "token", "pid", "data_dir", "webhook_url"}
    assert run.connection["pid"] == run.process.pid
    assert run.connection["url"] == f"http://127.0.0.1:{run.port}"
    kept = run.data_dir / "connection.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert run.end() == 0
    assert run.process.stdout is not None
    assert run.process.stdout.read() == ""
    assert not kept.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_however_it_ends(up: Start, number: int) -> None:
    run = up()
    until(
        lambda: len(run.left()) == 10
    )  # itself, anchor, two servers, two services, a session's two processes
    run.end(number)
    until(lambda: not run.left())


def test_a_tool_that_left_its_session_and_ignores_sigterm_ends_too(up: Start) -> None:
    run = up(STUBBORN="1")
    until(lambda: len(run.left()) == 11)
    assert run.end() == 0
    assert run.left() == []
    assert "did not end by themselves" in run.errors()


def test_a_second_signal_ends_everything_at_once(up: Start) -> None:
    run = up(STUBBORN="1")
    os.kill(run.child("mongod"), signal.SIGSTOP)
    run.process.send_signal(signal.SIGINT)
    until(lambda: "Stopping" in run.errors())
    run.process.send_signal(signal.SIGINT)
    run.process.wait(timeout=20)
    assert run.left() == []


def test_a_signal_during_the_start_ends_it(up: Start) -> None:
    run = up(ready=False)
    until(lambda: run.child("mongod"))
    assert run.end() == 0
    assert run.left() == []


def test_a_ctrl_c_of_the_terminal_reaches_no_child(running: Up) -> None:
    groups = {
        os.getpgid(process.pid) for process in marked(running.mark) if process.pid != running.process.pid
    }
    assert os.getpgid(running.process.pid) not in groups


def test_data_and_token_outlive_a_restart_and_a_sigkill(up: Start) -> None:
    first = up()
    with database(first) as client:
        client["ccplant"]["things"].insert_one({"_id": "kept"})
    first.end(signal.SIGKILL)
    second = up()
    assert second.connection["token"] == first.connection["token"]
    with database(second) as client:
        assert client["ccplant"]["things"].find_one({}) == {"_id": "kept"}
    assert second.end() == 0


def test_the_same_port_is_had_again_right_after_a_sigkill(up: Start) -> None:
    first = up()
    first.end(signal.SIGKILL)
    second = up(port=first.port)
    assert second.connection["url"] == first.connection["url"]


def test_a_taken_inner_port_is_exchanged_and_the_data_stays(up: Start) -> None:
    first = up()
    with database(first) as client:
        client["ccplant"]["things"].insert_one({"_id": "kept"})
        port = client.address[1] if client.address else 0
    first.end()
    with HTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as squatter:
        threading.Thread(target=squatter.serve_forever, daemon=True).start()
        second = up()
        with database(second) as client:
            assert client["ccplant"]["things"].find_one({}) == {"_id": "kept"}
            assert client.address is not None
            assert client.address[1] != port
        squatter.shutdown()


def test_a_killed_mongod_comes_back_with_its_data(running: Up) -> None:
    with database(running) as client:
        client["ccplant"]["things"].insert_one({"_id": "kept"})
        killed = running.child("mongod")
        os.kill(killed, signal.SIGKILL)
        until(lambda: running.child("mongod") not in (0, killed))
        assert client["ccplant"]["things"].find_one({}) == {"_id": "kept"}
    assert "mongod ended (SIGKILL)" in running.errors()
    assert running.process.poll() is None


@pytest.mark.parametrize("name", ["nats", "api", "orchestrator", "webhook-ingest", "scheduler"])
def test_a_killed_child_is_started_again(running: Up, name: str) -> None:
    until(lambda: running.child(name))
    killed = running.child(name)
    os.kill(killed, signal.SIGKILL)
    until(lambda: running.child(name) not in (0, killed))
    assert running.process.poll() is None


def test_sessions_survive_the_orchestrator_and_not_the_instance(up: Start) -> None:
    run = up()
    orchestrator = run.child("orchestrator")
    until(lambda: len(psutil.Process(orchestrator).children(recursive=True)) >= 2)
    session = psutil.Process(orchestrator).children()[0]
    os.kill(orchestrator, signal.SIGKILL)
    until(lambda: run.child("orchestrator") not in (0, orchestrator))
    assert session.is_running()
    assert session.ppid() == run.process.pid
    run.end()
    assert not session.is_running()


def test_what_a_crash_left_behind_is_ended_by_the_next_start(up: Start) -> None:
    first = up()
    stopped = psutil.Process(first.child("mongod"))
    stopped.suspend()  # it will not hear that its parent is gone
    first.end(signal.SIGKILL)
    stopped.suspend()  # the kernel continues what is stopped in a process group that nobody looks after any more
    until(lambda: len(first.left()) == 1)
    second = up()
    assert f"(pid {stopped.pid})" in second.errors()
    assert first.left() == []


def test_a_second_instance_on_the_same_data_is_refused(running: Up) -> None:
    answer = command("--data-dir", str(running.data_dir), "--port", str(free_port()))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert f"is in use by another ccplant up (pid {running.process.pid})" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert running.process.poll() is None


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        answer = command("--data-dir", str(tmp_path / "data"), "--port", str(port))
    assert answer.returncode == 1
    assert answer.stderr == f"ccplant up: Port {port} on 127.0.0.1 is in use: choose another by --port.\n"
    assert not list((tmp_path / "data" / "logs").iterdir())


def test_sessions_in_pods_need_a_nats_that_they_reach(tmp_path: Path) -> None:
    answer = command("--runtime", "kubernetes", "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 1
    assert "--nats-host" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_webhooks_arrive_where_they_did_before_though_nobody_names_a_port(up: Start) -> None:
    with socket.socket() as taken:
        with suppress(OSError):  # somebody else may have it already
            taken.bind(("127.0.0.1", 8081))
        first = up(WEBHOOK_PORT="")
        where = str(first.connection["webhook_url"])
        assert where != "http://127.0.0.1:8081"
        first.end()
    second = up(WEBHOOK_PORT="")
    assert second.connection["webhook_url"] == where


def test_a_webhook_port_in_use_is_said_with_its_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        answer = command(
            "--webhook-port", str(taken), "--port", str(free_port()), "--data-dir", str(tmp_path / "d")
        )
    assert answer.returncode == 1
    assert "--webhook-port" in answer.stderr
    assert str(taken) in answer.stderr


def test_a_data_directory_of_an_earlier_version_gains_the_credentials_that_new_services_need(
    up: Start,
) -> None:
    first = up()
    first.end()
    bus = first.data_dir / "secrets" / "bus"
    for new in ("webhook-ingest", "scheduler"):
        (bus / f"{new}.json").unlink()
    kept = ("operator.json", "api.json", "orchestrator.json", "signing.json")
    before = {name: (bus / name).read_bytes() for name in kept}
    second = up()
    assert {name: (bus / name).read_bytes() for name in kept} == before
    for new in ("webhook-ingest", "scheduler"):
        assert json.loads((bus / f"{new}.json").read_text())["jwt"]
    assert second.connection["token"] == first.connection["token"]


def test_a_service_that_never_starts_ends_it_with_its_own_words(up: Start) -> None:
    run = up(ready=False, BROKEN="api")
    assert run.process.wait(timeout=40) == 1
    assert "api did not start: this service is broken on purpose" in run.errors()
    assert run.left() == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "echo 'mongod: error while loading shared libraries: libcrypto.so.3: cannot open' >&2; exit 127",
            "mongod needs the library libcrypto.so.3",
        ),
        (
            """echo '{"s":"E","msg":"Failed to open","attr":{"error":"No space left on device"}}'; exit 100""",
            "mongod did not start: Failed to open: No space left on device",
        ),
    ],
    ids=["missing library", "own last words"],
)
def test_a_mongod_that_cannot_run_says_why(up: Start, tmp_path: Path, script: str, expected: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mongod").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "mongod").chmod(0o755)
    run = up(ready=False, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert run.process.wait(timeout=40) == 1
    assert expected in run.errors()
    assert run.left() == []


def test_no_secret_is_readable_by_others_or_shows_in_a_process_list(running: Up) -> None:
    for path in [running.data_dir, *running.data_dir.rglob("*")]:
        if running.data_dir / "mongodb" in path.parents or running.data_dir / "nats" in path.parents:
            continue  # behind directories that nobody else may enter
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    files = [path for path in (running.data_dir / "secrets").rglob("*") if path.is_file()]
    values = {"sk-ant-of-the-user", str(running.connection["token"])}
    values |= {path.read_text().strip() for path in files if path.name in ("mongodb.key", "mongodb.password")}
    for process in marked(running.mark):
        shown = " ".join(process.cmdline())
        if process.pid != running.process.pid:
            shown += repr(process.environ())
        assert not [value for value in values if value in shown]


def test_nobody_becomes_an_administrator_of_a_mongod_that_has_no_user_yet(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.create()
    port = free_port()
    mongo.access(data, port)
    spec = mongo.server(data, binaries.mongod(), port, os.environ)
    with subprocess.Popen(spec.command, stdout=subprocess.DEVNULL) as server:
        try:
            with (
                MongoClient[dict[str, Any]]("127.0.0.1", port, directConnection=True) as stranger,
                pytest.raises(OperationFailure, match="requires authentication"),
            ):
                stranger.admin.command({"createUser": "x", "pwd": "x", "roles": ["root"]})
        finally:
            server.kill()


def test_servers_of_ones_own_are_used_and_none_are_started(up: Start) -> None:
    first = up()
    ports = json.loads((first.data_dir / "ports.json").read_text())
    url = (first.data_dir / "secrets" / "mongodb.url").read_text()
    second = up(
        data="other",
        OUTSIDE_NATS=f"nats://127.0.0.1:{ports['nats']}",
        OUTSIDE_MONGODB=url,
        CCPLANT_NATS_CREDENTIALS_DIR=str(first.data_dir / "secrets" / "bus"),
    )
    assert not second.child("nats")
    assert not second.child("mongod")
    assert second.end() == 0
    assert first.process.poll() is None


def test_keys_for_a_nats_of_ones_own_are_completed_where_an_earlier_version_made_them(up: Start) -> None:
    first = up()
    ports = json.loads((first.data_dir / "ports.json").read_text())
    bus = first.data_dir / "secrets" / "bus"
    (bus / "scheduler.json").unlink()
    config = (bus / "nats.conf").read_bytes()
    second = up(
        data="other",
        OUTSIDE_NATS=f"nats://127.0.0.1:{ports['nats']}",
        OUTSIDE_MONGODB=(first.data_dir / "secrets" / "mongodb.url").read_text(),
        CCPLANT_NATS_CREDENTIALS_DIR=str(bus),
    )
    assert (bus / "scheduler.json").is_file()
    assert (bus / "nats.conf").read_bytes() == config, "the server runs with it"
    assert second.end() == 0


def test_a_mongodb_of_ones_own_that_refuses_is_named_without_its_password(up: Start) -> None:
    first = up()
    url = (first.data_dir / "secrets" / "mongodb.url").read_text()
    second = up(ready=False, data="other", OUTSIDE_MONGODB=url.replace("ccplant:", "ccplant:wrong"))
    assert second.process.wait(timeout=40) == 1
    assert "Authentication failed" in second.errors()
    assert "wrong" not in second.errors()
