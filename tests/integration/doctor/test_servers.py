"""`ccplant doctor` against real servers: well ones are well, and what is wrong is named with what to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from ccplant_platform.settings import MongoSettings
from tests.support.programs import Binary, NotAvailableError, find_binary, free_port, program
from tests.support.servers import MongoServer, NatsServer
from tests.support.waiting import wait_until

Doctor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def environment(nats_server: NatsServer, mongo_settings: MongoSettings, tmp_path: Path) -> dict[str, str]:
    bus = nats_server.settings("orchestrator")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "CCPLANT_NATS_URL": bus.nats_url,
        "CCPLANT_NATS_CREDENTIALS_FILE": str(bus.nats_credentials_file),
        "CCPLANT_NATS_SIGNING_FILE": str(bus.nats_signing_file),
        "CCPLANT_MONGODB_URL": mongo_settings.url(),
        "CCPLANT_MONGODB_DATABASE": mongo_settings.mongodb_database,
        "CCPLANT_LOCAL_DATA_DIR": str(tmp_path / "data"),
    }


def ccplant_doctor(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ccplant_cli", "doctor", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=55)


@pytest.fixture
def doctor(environment: dict[str, str]) -> Doctor:
    """Run it with `--json`; the answer is by check."""

    def examine(**more: str | None) -> tuple[int, dict[str, Any]]:
        wanted = {name: value for name, value in {**environment, **more}.items() if value is not None}
        done = ccplant_doctor(wanted, "--json")
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        assert found["ok"] == (done.returncode == 0)
        worst: dict[str, Any] = {}
        for one in found["findings"]:
            if one["check"] not in worst or one["state"] != "ok":
                worst[one["check"]] = one
        return done.returncode, worst

    return examine


def test_a_well_installation_is_well(doctor: Doctor) -> None:
    code, found = doctor()
    assert {name: one["code"] for name, one in found.items()} == {
        "nats": "nats_ok",
        "mongodb": "mongodb_ok",
        "local": "local_ok",
    }
    assert code == 0


def test_documents_that_a_service_could_not_read_are_named(
    doctor: Doctor, mongo_settings: MongoSettings
) -> None:
    with MongoClient[dict[str, object]](mongo_settings.url()) as client:
        unreadable = client[mongo_settings.mongodb_database]["unreadable"]
        told = {"_id": "schedules:sched-1", "problem": "cron: missing", "seen_at": datetime.now(UTC)}
        unreadable.insert_one(told)
    code, found = doctor()
    assert (found["mongodb"]["state"], found["mongodb"]["code"]) == ("warning", "documents_unreadable")
    assert "schedules:sched-1 (cron: missing)" in found["mongodb"]["message"]["en"]
    assert "sched-1" in found["mongodb"]["message"]["ja"]
    assert code == 0


def test_a_nats_that_does_not_answer_is_wrong(doctor: Doctor) -> None:
    code, found = doctor(CCPLANT_NATS_URL=f"nats://127.0.0.1:{free_port()}")
    assert code == 1
    assert found["nats"]["code"] == "nats_unreachable"
    assert found["mongodb"]["state"] == "ok"
    assert "nats.conf" in found["nats"]["hint"]["en"]


def test_a_nats_that_refuses_the_credential_is_wrong(doctor: Doctor, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.json"
    stranger.write_text(json.dumps({"user": "nobody", "password": "wrong"}))
    code, found = doctor(CCPLANT_NATS_CREDENTIALS_FILE=str(stranger))
    assert (code, found["nats"]["code"]) == (1, "nats_unreachable")
    assert "uthoriz" in found["nats"]["message"]["en"] or "refus" in found["nats"]["message"]["en"]


def test_a_nats_without_jetstream_is_wrong(doctor: Doctor, tmp_path: Path) -> None:
    port = free_port()
    found_binary = find_binary("nats-server")
    if found_binary is None:
        pytest.skip("nats-server is not installed here")
    server = Binary([str(found_binary), "-a", "127.0.0.1", "-p", str(port)], tmp_path / "nats.log")
    server.start()
    try:
        wait_until(lambda: "Server is ready" in (tmp_path / "nats.log").read_text(), 20, "NATS")
        code, found = doctor(
            CCPLANT_NATS_URL=f"nats://127.0.0.1:{port}",
            CCPLANT_NATS_CREDENTIALS_FILE=None,
            CCPLANT_NATS_SIGNING_FILE=None,
        )
    finally:
        server.kill()
    assert (code, found["nats"]["code"]) == (1, "nats_no_jetstream")


def test_a_missing_signing_key_is_wrong(doctor: Doctor, tmp_path: Path) -> None:
    code, found = doctor(CCPLANT_NATS_SIGNING_FILE=str(tmp_path / "none.json"))
    assert (code, found["nats"]["code"]) == (1, "nats_signing")


def test_sessions_in_pods_are_not_sent_to_their_own_loopback(doctor: Doctor, tmp_path: Path) -> None:
    code, found = doctor(CCPLANT_RUNTIME="kubernetes", KUBECONFIG=str(tmp_path / "none"))
    assert (code, found["nats"]["code"]) == (1, "nats_loopback")
    assert found["cluster"]["code"] == "cluster_unreachable"


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    data = tmp_path / "standalone"
    data.mkdir()
    arguments = [
        "--port",
        str(port),
        "--bind_ip",
        "127.0.0.1",
        "--dbpath",
        str(data),
        "--nounixsocket",
        "--quiet",
    ]
    try:
        server = program("mongod", "mongo:8", arguments, tmp_path)
    except NotAvailableError as reason:
        pytest.skip(str(reason))
    server.start()
    yield f"mongodb://127.0.0.1:{port}/"
    server.kill()


def test_a_standalone_mongodb_is_refused(doctor: Doctor, standalone: str) -> None:
    code, found = doctor(CCPLANT_MONGODB_URL=standalone)
    assert (code, found["mongodb"]["code"]) == (1, "mongodb_standalone")
    assert "rs.initiate()" in found["mongodb"]["hint"]["ja"]


def test_a_mongodb_that_is_away_is_wrong_and_its_password_is_not_shown(
    environment: dict[str, str], doctor: Doctor
) -> None:
    url = f"mongodb://ann:hunter2@127.0.0.1:{free_port()}/?replicaSet=rs0"
    code, found = doctor(CCPLANT_MONGODB_URL=url)
    assert (code, found["mongodb"]["code"]) == (1, "mongodb_unreachable")
    assert "hunter2" not in json.dumps(found)


def test_a_mongodb_without_that_user_is_wrong(doctor: Doctor, mongod: MongoServer) -> None:
    url = mongod.url.replace("mongodb://", "mongodb://ann:hunter2@")
    code, found = doctor(CCPLANT_MONGODB_URL=url)
    assert (code, found["mongodb"]["code"]) == (1, "mongodb_refused")
    assert "hunter2" not in json.dumps(found)


def test_a_wrong_setting_is_named_and_not_quoted(doctor: Doctor) -> None:
    code, found = doctor(CCPLANT_MAX_CONCURRENT_LAUNCHES="a-secret-by-mistake")
    assert (code, found["settings"]["code"]) == (1, "settings_invalid")
    assert "max_concurrent_launches" in found["settings"]["message"]["en"]
    assert "a-secret-by-mistake" not in json.dumps(found)


@pytest.mark.parametrize(("lang", "word"), [("ja_JP.UTF-8", "問題"), ("C.UTF-8", "wrong")])
def test_people_read_it_in_their_language(environment: dict[str, str], lang: str, word: str) -> None:
    gone = {"LANG": lang, "CCPLANT_NATS_URL": f"nats://127.0.0.1:{free_port()}"}
    done = ccplant_doctor(environment | gone)
    assert done.returncode == 1
    assert done.stdout.startswith(word)
    assert "CCPLANT_NATS_URL" in done.stdout
