"""The examination sees what the orchestrator sees: what the environment names, else the `ccplant up` of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplant_cli.doctor.surroundings import environment_of
from ccplant_platform.bus.provision import provision


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    provision(tmp_path / "secrets" / "bus", host="10.1.2.3", port=4333, store_dir=tmp_path / "nats")
    (tmp_path / "secrets" / "mongodb.url").write_text("mongodb://somewhere")
    return tmp_path


def test_an_installation_of_this_machine_is_found(data_dir: Path) -> None:
    found = environment_of({"PATH": "/bin"}, data_dir)
    assert found["CCPLANT_NATS_URL"] == "nats://10.1.2.3:4333"
    assert Path(found["CCPLANT_NATS_CREDENTIALS_FILE"]).is_file()
    assert Path(found["CCPLANT_NATS_SIGNING_FILE"]).is_file()
    assert Path(found["CCPLANT_MONGODB_URL_FILE"]).read_text() == "mongodb://somewhere"


def test_where_webhooks_arrive_is_known_while_it_runs(data_dir: Path) -> None:
    assert "CCPLANT_WEBHOOK_URL" not in environment_of({}, data_dir)
    (data_dir / "connection.json").write_text('{"webhook_url": "http://127.0.0.1:8081"}')
    assert environment_of({}, data_dir)["CCPLANT_WEBHOOK_URL"] == "http://127.0.0.1:8081"
    given = {"CCPLANT_WEBHOOK_URL": "https://hooks.example"}
    assert environment_of(given, data_dir)["CCPLANT_WEBHOOK_URL"] == "https://hooks.example"


def test_what_the_environment_names_is_never_mixed_with_a_guess(data_dir: Path) -> None:
    given = {"CCPLANT_NATS_URL": "nats://other:4222", "CCPLANT_MONGODB_URL": "mongodb://other"}
    found = environment_of(given, data_dir)
    assert found["CCPLANT_NATS_URL"] == "nats://other:4222"
    assert "CCPLANT_NATS_CREDENTIALS_FILE" not in found
    assert "CCPLANT_MONGODB_URL_FILE" not in found


def test_options_come_first_and_agents_credentials_stay_here(data_dir: Path) -> None:
    given = {"CCPLANT_RUNTIME": "local", "ANTHROPIC_API_KEY": "sk-of-a-test"}
    found = environment_of(given, data_dir, runtime="kubernetes", namespace="there", instance="other")
    assert found["CCPLANT_RUNTIME"] == "kubernetes"
    assert found["CCPLANT_KUBERNETES_NAMESPACE"] == "there"
    assert found["CCPLANT_KUBERNETES_INSTANCE"] == "other"
    assert "ANTHROPIC_API_KEY" not in found
