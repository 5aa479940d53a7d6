"""What is sent to a webhook is signed as GitHub signs, and a secret is never on a command line nor lost."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import stat
import subprocess
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.webhooks.delivery import Delivery, signature
from ccplant_cli.webhooks.secrets import VARIABLE, read_secret, secret_file
from ccplant_cli.webhooks.setting_up import choice, example, told, unreachable


def test_the_signature_is_the_one_of_githubs_own_documentation() -> None:
    assert signature("It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


@pytest.mark.parametrize("as_form", [False, True])
def test_what_is_signed_is_what_is_sent(as_form: bool) -> None:
    payload = b'{"a": "x & y = \xe3\x81\x82"}'
    sent = Delivery("push", payload, as_form=as_form, number="n-1")
    headers = sent.headers("s3cret")
    body = sent.body()
    expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert (headers["X-GitHub-Event"], headers["X-GitHub-Delivery"]) == ("push", "n-1")
    read = parse_qs(body.decode())["payload"][0].encode() if as_form else body
    assert read == payload
    assert headers["Content-Type"].startswith("application/x-www" if as_form else "application/json")


def test_each_delivery_has_a_number_of_its_own() -> None:
    one, other = (Delivery("push", b"{}").headers("s")["X-GitHub-Delivery"] for _ in range(2))
    assert one != other


def test_a_secret_is_written_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with secret_file(path) as kept:
        assert kept is not None
        kept.write("whsec_x")
    assert path.read_text() == "whsec_x\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret(path, {}) == "whsec_x"


def test_a_file_that_is_there_is_not_overwritten_and_one_without_a_secret_does_not_stay(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s"

    def refused() -> None:
        with secret_file(path):
            raise CliError("the server refused")

    with pytest.raises(CliError):
        refused()
    assert not path.exists()
    path.write_text("other")
    with pytest.raises(CliError) as caught:
        refused()
    assert caught.value.code is Exit.USAGE
    assert path.read_text() == "other"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CliError):
        refused()


def test_a_secret_that_cannot_be_written_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ccplant_cli.webhooks.secrets.os.write", full)
    with secret_file(tmp_path / "s") as kept:
        assert kept is not None
        with pytest.raises(CliError) as caught:
            kept.write("whsec_x")
    assert "rotate-secret" in caught.value.message
    assert "whsec_x" not in caught.value.message
    assert not (tmp_path / "s").exists()


def test_a_secret_comes_from_the_file_before_the_environment_and_its_absence_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    (tmp_path / "s").write_text("of-file\n")
    environment = {VARIABLE: "of-environment"}
    assert read_secret(tmp_path / "s", environment) == "of-file"
    assert read_secret(None, environment) == "of-environment"
    with pytest.raises(CliError) as caught:
        read_secret(None, {})
    assert VARIABLE in caught.value.message


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        (("push",), "Just the push event."),
        (("pull_request", "issues"), "Let me select individual events: Pull requests, Issues"),
        (("pull_request", "something_new"), "Let me select individual events: Pull requests, something_new"),
    ],
)
def test_events_are_called_as_githubs_form_calls_them(events: tuple[str, ...], shown: str) -> None:
    assert choice(events) == shown


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8081/webhooks/h", True), ("http://localhost:8081/webhooks/h", True),
        ("http://[::1]:8081/webhooks/h", True), ("https://hooks.example.com/webhooks/h", False),
    ],
)  # fmt: skip
def test_an_address_that_github_cannot_reach_is_known(url: str, here: bool) -> None:
    webhook = Document({"delivery_url": url, "name": "n", "webhook_id": "hook-1", "events": ["push"]})
    assert unreachable(url) is here
    shown = told(webhook, "whsec_x", None)
    assert ("this machine alone" in shown) is here
    assert ("Enable SSL verification" in shown) is url.startswith("https:")
    assert "whsec_x" in shown
    assert "whsec_x" not in told(webhook, "whsec_x", Path("s"))


@pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("curl") is None, reason="no openssl, no curl"
)
def test_the_example_for_the_shell_signs_as_we_do(tmp_path: Path) -> None:
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nfor a; do printf "%s\\n" "$a"; done\n')
    curl.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", example("http://127.0.0.1:1/webhooks/hook-1")], capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:/usr/local/bin:/usr/bin:/bin", VARIABLE: "s3cret"}, timeout=20,
    )  # fmt: skip
    arguments = done.stdout.splitlines()
    body = arguments[arguments.index("--data-binary") + 1]
    assert f"X-Hub-Signature-256: {signature('s3cret', body.encode())}" in arguments
    assert "s3cret" not in done.stdout
