"""`ccplant bus subscriber` hands out a file that NATS' own client reads, and says all that its holder needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nats
import pytest

from ccplant_contracts import subjects
from ccplant_platform.bus.connection import connect, jetstream
from ccplant_platform.bus.topology import ensure_topology
from tests.support.servers import NatsServer


def subscriber(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "ccplant_cli", "bus", "subscriber", *arguments], capture_output=True, text=True,
        env=kept | {"HOME": "/nonexistent", "LANG": "C.UTF-8"} | environment, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def keys(nats_server: NatsServer, tmp_path: Path) -> Path:
    nats_server.operator.save(tmp_path / "bus" / "operator.json")
    return tmp_path / "bus"


async def test_the_file_and_what_is_printed_are_all_that_a_client_needs(
    nats_server: NatsServer, keys: Path, tmp_path: Path
) -> None:
    control = await connect(nats_server.access("orchestrator"), name="orchestrator")
    await ensure_topology(jetstream(control))
    await jetstream(control).publish(subjects.event("alice", "session-1", "session.purged"), b"{}")
    await control.close()
    file = tmp_path / "mailer.creds"
    done = subscriber(
        "--owner", "alice", "--name", "mailer", "--output", str(file), "--directory", str(keys), "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert file.stat().st_mode & 0o777 == 0o600
    client = await nats.connect(
        nats_server.url, user_credentials=told["credentials"], inbox_prefix=told["inbox_prefix"]
    )
    reading = await client.jetstream().pull_subscribe(
        told["subject"], durable=told["consumer"], stream=told["stream"]
    )
    assert [message.data for message in await reading.fetch(timeout=5)] == [b"{}"]
    await client.close()


def test_people_get_lines_for_their_shell(keys: Path, tmp_path: Path) -> None:
    file = tmp_path / "my reader.creds"
    done = subscriber("--owner", "alice", "--output", str(file), CCPLANT_NATS_CREDENTIALS_DIR=str(keys))
    lines = done.stdout.splitlines()
    assert lines[0] == f"export NATS_CREDENTIALS='{file}'"
    assert lines[3:] == [
        "export EVENTS_CONSUMER=subscriber_alice",
        "export EVENTS_SUBJECT='ccplant.events.alice.>'",
    ]
    assert "secret" in done.stderr


def test_without_keys_it_says_where_they_are_looked_for_and_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.creds"
    done = subscriber("--owner", "alice", "--output", str(file), "--directory", str(tmp_path))
    assert done.returncode == 1
    assert "operator.json" in done.stderr
    assert not file.exists()


def test_a_name_that_names_no_consumer_is_refused(keys: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.creds"
    done = subscriber("--owner", "alice", "--name", "a.b", "--output", str(file), "--directory", str(keys))
    assert done.returncode == 1
    assert "--name" in done.stderr
    assert not file.exists()
