"""The gateway as a process: it starts, holds to its document under a machine's bad input, stays small, stops in order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from ccplant_platform.settings import MongoSettings
from tests.integration.api.conftest import BOOTSTRAP, Control
from tests.support.programs import free_port
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

_MEGABYTE = 1 << 20


@dataclass
class Process:
    url: str
    child: subprocess.Popen[bytes]
    log: Path


@pytest.fixture
async def process(
    tmp_path: Path, nats_server: NatsServer, mongo_settings: MongoSettings, control: Control
) -> AsyncIterator[Process]:
    token = tmp_path / "token"
    token.write_text(BOOTSTRAP)
    key = tmp_path / "sealing.key"
    key.write_text("ab" * 32)
    port = free_port()
    bus = nats_server.settings("api")
    environment = {
        **os.environ,
        "CCPLANT_PORT": str(port),
        "CCPLANT_NATS_URL": bus.nats_url,
        "CCPLANT_NATS_CREDENTIALS_FILE": str(bus.nats_credentials_file),
        "CCPLANT_MONGODB_URL": mongo_settings.url(),
        "CCPLANT_MONGODB_DATABASE": mongo_settings.mongodb_database,
        "CCPLANT_BOOTSTRAP_TOKEN_FILE": str(token),
        "CCPLANT_SEALING_KEY_FILE": str(key),
    }
    log = tmp_path / "api.log"
    process = Process(f"http://127.0.0.1:{port}", _started(environment, log), log)
    try:
        await eventually(lambda: _ready(process), 30)
        yield process
    finally:
        process.child.kill()
        process.child.wait(10)


def _started(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stderr:
        return subprocess.Popen([sys.executable, "-m", "ccplant_api"], env=environment, stderr=stderr)


async def _ready(process: Process) -> bool:
    assert process.child.poll() is None, process.log.read_text()[-2_000:]
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"{process.url}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False


async def test_it_is_small_when_idle_and_sends_viewers_away_when_it_stops(process: Process) -> None:
    headers = {"Authorization": f"Bearer {BOOTSTRAP}"}
    async with httpx.AsyncClient(base_url=process.url, headers=headers, trust_env=False) as client:
        created = (await client.post("/api/v1/sessions", json={})).json()
        memory = psutil.Process(process.child.pid).memory_info().rss
        assert memory < 100 * _MEGABYTE, f"{memory / _MEGABYTE:.0f} MB"
        async with (
            client.stream("GET", f"/sse/sessions/{created['session_id']}", timeout=20) as live,
            client.stream("GET", "/api/v1/events", timeout=20) as events,
        ):
            process.child.send_signal(signal.SIGTERM)
            text = (await asyncio.wait_for(live.aread(), 10)).decode()
            await asyncio.wait_for(events.aread(), 10)
    assert '"GOING_AWAY"' in text
    assert await asyncio.to_thread(process.child.wait, 10) == 0
    assert "Traceback" not in process.log.read_text()


@pytest.mark.smoke
@pytest.mark.timeout(300)
async def test_no_input_that_the_document_allows_or_forbids_makes_it_fail(
    process: Process, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {BOOTSTRAP}"}
    async with httpx.AsyncClient(base_url=process.url, headers=headers, trust_env=False) as client:
        await client.post("/api/v1/sessions", json={"message": "hello"})
    report = tmp_path / "schemathesis.log"
    with report.open("wb") as output:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{process.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {BOOTSTRAP}", "--max-examples", "12", "--phases", "examples,fuzzing"),
            *("--checks", "not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance"),
            *("--exclude-operation-id", "streamSession", "--exclude-operation-id", "streamEvents"),
            # these ask a runner, and say 503 where there is none
            *("--exclude-operation-id", "getLogs", "--exclude-operation-id", "getChanges"),
            *("--exclude-operation-id", "getFileChange", "--request-timeout", "10", "--no-color", "--seed", "1"),
            stdout=output, stderr=output, cwd=tmp_path,
        )  # fmt: skip
        try:
            code = await asyncio.wait_for(run.wait(), 270)
        finally:
            if run.returncode is None:
                run.kill()
    assert code == 0, report.read_text()[-6_000:]
    assert "request_crashed" not in process.log.read_text()
