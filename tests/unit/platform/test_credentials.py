"""Keys outlive restarts; JWTs say what they must; the server's configuration is complete."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import nkeys
import pytest

from ccplant_platform.bus import provision as provisioning
from ccplant_platform.bus.credentials import LaunchIssuer, Operator
from ccplant_platform.bus.replies import may_answer
from ccplant_platform.bus.rights import RENEWAL, WORK, Rights
from ccplant_platform.bus.server import server_config
from ccplant_platform.settings import BusSettings, SettingsError

URL = "nats://127.0.0.1:4222"


def claims(jwt: str | None) -> dict[str, Any]:
    assert jwt is not None
    part = jwt.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def test_keys_are_the_same_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "operator.json"
    first = Operator.load_or_create(file)
    assert Operator.load_or_create(file) == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_broken_key_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "operator.json"
    file.write_text("{}")
    with pytest.raises(SettingsError, match=r"operator\.json"):
        Operator.load_or_create(file)
    assert file.read_text() == "{}"


def test_a_launchs_jwt_carries_its_name_and_no_rights() -> None:
    operator = Operator.create()
    access = operator.issue_launch("l1", url=URL, lifetime=timedelta(hours=1))
    body = claims(access.jwt)
    signing = bytes(nkeys.from_seed(operator.signing_seed.encode()).public_key).decode()
    assert (body["name"], body["iss"], body["exp"] - body["iat"]) == ("l1", signing, 3_600)
    assert body["nats"] == {"type": "user", "version": 2, "issuer_account": operator.account}
    assert access.inbox_prefix == "_INBOX_l1"


def test_the_rights_of_launches_are_in_the_accounts_jwt() -> None:
    operator = Operator.create()
    work, renewal = claims(operator.account_jwts()[operator.account])["nats"]["signing_keys"]
    assert work["kind"] == renewal["kind"] == "user_scope"
    assert work["template"] == WORK.as_claims()
    assert work["template"]["resp"]["max"] == 1
    assert renewal["template"] == RENEWAL.as_claims()
    assert "resp" not in renewal["template"], "it answers nobody"
    assert work["key"] != renewal["key"]


def test_a_signature_is_the_issuers(tmp_path: Path) -> None:
    operator = Operator.create()
    jwt = operator.issue_launch("l1", url=URL).jwt or ""
    signed, _, signature = jwt.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    assert nkeys.from_seed(operator.signing_seed.encode()).verify(signed.encode(), raw)


def test_the_orchestrators_file_holds_the_scoped_key_alone(tmp_path: Path) -> None:
    operator = provisioning.provision(tmp_path, host="127.0.0.1", port=4222, store_dir=tmp_path / "js")
    text = (tmp_path / "signing.json").read_text()
    for secret in (operator.operator_seed, operator.account_seed, operator.system_seed):
        assert secret not in text
        assert secret not in (tmp_path / "nats.conf").read_text()
    issuer = LaunchIssuer.from_settings(
        BusSettings(nats_signing_file=tmp_path / "signing.json"), url="nats://other"
    )
    assert issuer.work("l1").url == "nats://other"
    with pytest.raises(SettingsError, match="CCPLANT_NATS_SIGNING_FILE"):
        LaunchIssuer.from_settings(BusSettings())


def test_provisioning_again_keeps_the_keys_and_all_is_private(tmp_path: Path) -> None:
    arguments = ["--directory", str(tmp_path), "--port", "4222", "--store-dir", str(tmp_path / "js")]
    provisioning.main(arguments)
    keys = (tmp_path / "operator.json").read_text()
    provisioning.main(arguments)
    assert (tmp_path / "operator.json").read_text() == keys
    files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    expected = (
        "operator.json", "nats.conf", "accounts.conf", "api.json", "orchestrator.json", "signing.json",
        "webhook-ingest.json", "scheduler.json",
    )  # fmt: skip
    assert files == dict.fromkeys(expected, 0o600)
    assert set(json.loads((tmp_path / "api.json").read_text())) == {"jwt", "seed"}


def test_a_credential_with_rights_of_yesterday_is_made_anew(tmp_path: Path) -> None:
    operator = provisioning.provision(tmp_path, host="127.0.0.1", port=4222, store_dir=tmp_path / "js")
    file = tmp_path / "api.json"
    first = file.read_text()
    narrow = operator.issue_user("api", Rights(publish=("x",), subscribe=()), url=URL)
    for outdated in ("{}", "", narrow.model_dump_json(include={"jwt", "seed"})):
        file.write_text(outdated)
        provisioning.provision(tmp_path, host="127.0.0.1", port=4222, store_dir=tmp_path / "js")
        assert claims(json.loads(file.read_text())["jwt"])["nats"] == claims(json.loads(first)["jwt"])["nats"]
    other = tmp_path / "other"
    provisioning.provision(other, host="127.0.0.1", port=4222, store_dir=tmp_path / "js")
    file.write_text((other / "api.json").read_text())
    provisioning.provision(tmp_path, host="127.0.0.1", port=4222, store_dir=tmp_path / "js")
    assert claims(json.loads(file.read_text())["jwt"])["iss"] == operator.account


@pytest.mark.parametrize(
    "arguments",
    [["--tls-cert", "x"], ["--tls-key", "x"], ["--max-file-store", "1000"], ["--max-file-store", "x"]],
)
def test_a_server_that_could_not_start_is_not_provisioned(tmp_path: Path, arguments: list[str]) -> None:
    folder = tmp_path / "bus"
    with pytest.raises(SystemExit):
        provisioning.main(
            ["--directory", str(folder), "--port", "4222", "--store-dir", str(tmp_path / "js"), *arguments]
        )
    assert not folder.exists()


def test_a_path_cannot_break_out_of_the_configuration(tmp_path: Path) -> None:
    strange = tmp_path / 'a" \n no_auth_user: x # {'
    text = server_config(Operator.create(), host="127.0.0.1", port=1, store_dir=strange)
    assert "\n no_auth_user" not in text
    assert json.dumps(str(strange)) in text


@pytest.mark.parametrize(
    ("subject", "reply", "allowed"),
    [
        ("s.l1.out.register", "_INBOX_l1.abc.1", True),
        ("s.l1.out.register", "_INBOX_l2.abc.1", False),
        ("s.l1.out.register", "_INBOX_l1", False),
        ("s.l1.out.register", "_INBOX_l11.x", False),
        ("s.l1.out.register", "s.l2.in.stored", False),
        ("s.l1.out.register", "s.l1.in.stored", False),
        ("s.l1.out.register", "", False),
        ("ccplant.commands.session.stop", "_INBOX_l1.x", False),
    ],
)
def test_an_answer_goes_to_the_launchs_own_inbox_only(subject: str, reply: str, allowed: bool) -> None:
    assert may_answer(subject, reply) is allowed
