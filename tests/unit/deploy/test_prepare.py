"""What an installation is prepared with: made once, private, and for each program no more than it needs."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", ROOT / "deploy" / "docker" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(prepare: ModuleType, folder: Path) -> None:
    arguments = ["keys", "--directory", str(folder), "--nats-store", "/data", "--mongodb", "mongo:27017"]
    assert prepare.main(arguments) == 0


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_each_program_gets_its_own_and_nothing_else(prepare: ModuleType, tmp_path: Path) -> None:
    make(prepare, tmp_path)
    found = files(tmp_path)

    assert {name for name in found if not name.startswith("keys/")} == {
        "nats/nats.conf",
        "mongodb/mongodb.key",
        "api/nats.json",
        "api/mongodb.url",
        "api/sealing.key",
        "api/bootstrap.token",
        "orchestrator/nats.json",
        "orchestrator/signing.json",
        "orchestrator/mongodb.url",
        "orchestrator/sealing.key",
        "orchestrator/agents.json",
        "webhook-ingest/nats.json",
        "webhook-ingest/mongodb.url",
        "webhook-ingest/sealing.key",
        "scheduler/nats.json",
        "scheduler/mongodb.url",
    }
    operator = json.loads(found["keys/operator.json"])
    outside = "".join(text for name, text in found.items() if not name.startswith("keys/"))
    assert operator["operator_seed"] not in outside
    assert operator["account_seed"] not in outside
    assert operator["signing_seed"] not in found["api/nats.json"]
    assert operator["signing_seed"] not in found["webhook-ingest/nats.json"] + found["scheduler/nats.json"]
    assert found["mongodb/mongodb.key"] not in "".join(
        text for name, text in found.items() if name.startswith(("api/", "orchestrator/", "nats/"))
    )


def test_all_of_it_is_private(prepare: ModuleType, tmp_path: Path) -> None:
    make(prepare, tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o700}


def test_a_second_run_changes_no_key_and_no_password(prepare: ModuleType, tmp_path: Path) -> None:
    make(prepare, tmp_path)
    before = files(tmp_path)
    make(prepare, tmp_path)
    after = files(tmp_path)

    # accounts are signed again at each run, by the same keys
    signed = {"nats/nats.conf", "keys/nats.conf", "keys/accounts.conf"}
    assert {name for name, text in before.items() if after[name] != text} <= signed


def test_an_installation_of_an_earlier_version_gains_what_new_services_need(
    prepare: ModuleType, tmp_path: Path
) -> None:
    make(prepare, tmp_path)
    before = files(tmp_path)
    for service in ("webhook-ingest", "scheduler"):
        shutil.rmtree(tmp_path / service)
        (tmp_path / "keys" / f"{service}.json").unlink()
    make(prepare, tmp_path)
    after = files(tmp_path)

    assert set(after) == set(before)
    assert after["api/sealing.key"] == after["webhook-ingest/sealing.key"] == before["api/sealing.key"]
    same = ("keys/operator.json", "api/nats.json", "orchestrator/nats.json", "scheduler/mongodb.url")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_agents_get_their_credentials_in_one_private_file(
    prepare: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-a-test")
    make(prepare, tmp_path)

    agents = json.loads((tmp_path / "orchestrator" / "agents.json").read_text())
    assert agents["claude-code"]["ANTHROPIC_API_KEY"] == "sk-of-a-test"
    holders = [
        path.name for path in tmp_path.rglob("*") if path.is_file() and "sk-of-a-test" in path.read_text()
    ]
    assert holders == ["agents.json"]


def test_the_services_find_mongodb_by_its_name_in_the_network(prepare: ModuleType, tmp_path: Path) -> None:
    make(prepare, tmp_path)
    url = (tmp_path / "api" / "mongodb.url").read_text()
    assert "@mongo:27017/ccplant?" in url
    assert "replicaSet=rs0" in url
    assert "directConnection" not in url
