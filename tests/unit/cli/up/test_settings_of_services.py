"""What the services are told, and what they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplant_cli.up import messages as up_messages
from ccplant_cli.up import mongo, outside, services
from ccplant_cli.up.data_dir import DataDir
from ccplant_cli.up.errors import UpError
from ccplant_cli.up.options import Options
from ccplant_cli.up.services import Surroundings


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    directory = DataDir(tmp_path / "data")
    directory.create()
    return directory


def told(
    data: DataDir, service: str, *, runtime: str = "local", host: str = "127.0.0.1", **given: str
) -> dict[str, str]:
    ground = Surroundings(
        bus=outside.NatsLogin("nats://127.0.0.1:1", Path("/bus")),
        mongodb_url_file=Path("/mongodb.url"),
        bootstrap_token_file=Path("/token"),
        agent_env_file=Path("/agent-env.json"),
        sealing_key_file=Path("/sealing.key"),
        agents=("demo", "claude-code"),
        anchor_pid=42,
        webhook_port=8099,
    )
    base, options = services.inherited(given), Options(data_dir=data.root, runtime=runtime, host=host)
    return services.service_environment(data, options, ground, base, service)


@pytest.mark.parametrize("service", services.ALL)
def test_no_service_gets_a_credential_of_an_agent(data: DataDir, service: str) -> None:
    environment = told(data, service, ANTHROPIC_API_KEY="sk-ant-x", CLAUDE_CODE_OAUTH_TOKEN="t", PATH="/bin")
    assert environment["PATH"] == "/bin"
    assert not {"sk-ant-x", "t"} & set(environment.values())


def test_only_the_orchestrator_can_sign_and_each_has_its_own_bus_credential(data: DataDir) -> None:
    api, orchestrator = (
        told(data, "api", CCPLANT_NATS_SIGNING_FILE="/from/outside"),
        told(data, "orchestrator"),
    )
    assert "CCPLANT_NATS_SIGNING_FILE" not in api
    assert orchestrator["CCPLANT_NATS_SIGNING_FILE"] == "/bus/signing.json"
    assert api["CCPLANT_NATS_CREDENTIALS_FILE"] == "/bus/api.json"
    assert orchestrator["CCPLANT_NATS_CREDENTIALS_FILE"] == "/bus/orchestrator.json"
    assert "CCPLANT_BOOTSTRAP_TOKEN_FILE" not in orchestrator
    assert orchestrator["CCPLANT_LOCAL_ANCHOR_PID"] == "42"


def test_the_api_tells_the_port_that_webhooks_arrive_at(data: DataDir) -> None:
    name = "CCPLANT_INGEST_PORT"
    assert told(data, "api")[name] == told(data, "webhook-ingest")[name] == "8099"
    assert name not in told(data, "orchestrator")
    assert told(data, "webhook-ingest")["CCPLANT_INGEST_HOST"] == "127.0.0.1"


def test_what_takes_in_triggers_has_its_own_credential_and_no_more_secrets_than_it_needs(
    data: DataDir,
) -> None:
    for service in ("webhook-ingest", "scheduler"):
        environment = told(data, service)
        assert environment["CCPLANT_NATS_CREDENTIALS_FILE"] == f"/bus/{service}.json"
        others = {"CCPLANT_NATS_SIGNING_FILE", "CCPLANT_BOOTSTRAP_TOKEN_FILE", "CCPLANT_AGENT_ENV_FILE"}
        assert not others & set(environment)
    assert "CCPLANT_SEALING_KEY_FILE" in told(data, "webhook-ingest")
    assert "CCPLANT_SEALING_KEY_FILE" not in told(data, "scheduler")


def test_both_services_seal_with_the_same_key_unless_another_one_is_given(data: DataDir) -> None:
    name = "CCPLANT_SEALING_KEY_FILE"
    assert told(data, "api")[name] == told(data, "orchestrator")[name] == "/sealing.key"
    assert told(data, "api", CCPLANT_SEALING_KEY_FILE="/mine")[name] == "/mine"


def test_settings_of_the_user_reach_the_services(data: DataDir) -> None:
    assert (
        told(data, "orchestrator", CCPLANT_MAX_CONCURRENT_LAUNCHES="0")["CCPLANT_MAX_CONCURRENT_LAUNCHES"]
        == "0"
    )


def test_the_owner_stays_who_started_first(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Ann.Lee@example")
    assert services.owner(data) == "ann-lee-example"
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    assert services.owner(data) == "ann-lee-example"


def test_the_passwords_of_mongodb_stay_the_same_and_out_of_the_command(data: DataDir) -> None:
    first, second = mongo.access(data, 1), mongo.access(data, 2)
    assert (first.key, first.password) == (second.key, second.password)
    assert mongo.url_file(data).read_text() == second.url
    command = " ".join(mongo.server(data, "mongod", 2, {}).command)
    assert first.key not in command
    assert first.password not in command


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("box.example", "http://box.example:8080"),
    ],
)
def test_the_address_is_one_that_can_be_opened(host: str, url: str) -> None:
    assert Options(data_dir=Path("/data"), host=host).url == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nats://ann:pa@ss@bus.example:4222", "nats://bus.example:4222"),
        ("mongodb://u:p@a.example,b.example/x?authSource=s", "mongodb://a.example,b.example/x"),
        ("mongodb://a.example", "mongodb://a.example"),
    ],
)
def test_no_address_is_shown_with_its_password(url: str, shown: str) -> None:
    assert outside.without_login(url) == shown


@pytest.mark.parametrize(
    "url", ["bus.example", "http://bus.example", "nats://", "nats://b:x", "nats://ann:secret@bus.example"]
)
def test_a_wrong_nats_address_is_one_sentence(url: str) -> None:
    with pytest.raises(UpError) as refusal:
        outside.nats(url, {})
    assert refusal.value.key == "nats_url_invalid"
    assert "secret" not in str(refusal.value)


def test_a_nats_of_ones_own_needs_its_keys_and_has_to_answer(tmp_path: Path) -> None:
    url = "nats://127.0.0.1:1"
    here = {outside.CREDENTIALS_DIRECTORY: str(tmp_path)}
    for environment in ({}, here):
        with pytest.raises(UpError) as refusal:
            outside.nats(url, environment)
        assert refusal.value.key == "nats_login_missing"
    for name in ("api", "orchestrator", "signing"):
        (tmp_path / f"{name}.json").write_text("{}")
    with pytest.raises(UpError) as refusal:
        outside.nats(url, here)
    assert refusal.value.key == "nats_login_incomplete"
    assert "webhook-ingest.json, scheduler.json" in str(refusal.value)
    (tmp_path / "operator.json").write_text("{}")
    with pytest.raises(UpError) as refusal:
        outside.nats(url, here)
    assert refusal.value.key == "nats_unreachable"


@pytest.mark.parametrize("key", list(up_messages.MESSAGES))
def test_both_languages_say_the_same_facts(key: str) -> None:
    import string

    ja, en = (
        {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for text in up_messages.MESSAGES[key]
    )
    assert ja == en


def test_sessions_in_pods_get_nothing_that_is_only_on_this_machine(data: DataDir) -> None:
    environment = told(data, services.ORCHESTRATOR, runtime="kubernetes")
    assert environment["CCPLANT_RUNTIME"] == "kubernetes"
    assert not {name for name in environment if "LOCAL" in name}


def test_agents_of_sessions_in_pods_are_where_the_runners_image_has_them(data: DataDir) -> None:
    found = told(data, services.ORCHESTRATOR, runtime="kubernetes")["CCPLANT_AGENTS_DIR"]
    image = (Path(__file__).resolve().parents[4] / "deploy" / "docker" / "runner.Dockerfile").read_text()
    assert f"COPY --from=agents {found} {found}\n" in image


def test_requests_are_limited_only_where_others_can_make_them(data: DataDir) -> None:
    name = "CCPLANT_RATE_LIMIT_SESSION_CREATION"
    assert told(data, "api")[name] == "0"
    assert told(data, "api", **{name: "7"})[name] == "7", "what was chosen stays"
    assert name not in told(data, "api", host="0.0.0.0"), "the specification's"
