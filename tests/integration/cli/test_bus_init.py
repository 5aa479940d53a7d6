"""`ccplant bus init` on a real NATS: what it makes lets in whom it should, run after run, and nobody else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus import provision
from ccplant_platform.bus.connection import BusUnreachableError, connect, flush, jetstream
from ccplant_platform.bus.credentials import LaunchIssuer, Operator
from ccplant_platform.bus.topology import ensure_topology
from ccplant_platform.settings import BusSettings
from tests.support.programs import NotAvailableError, Program, free_port, program
from tests.support.waiting import wait_until

Serve = Callable[[Path, int], Program]
LAUNCH = "l0123456789abcdefghjk"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start nats-server with a configuration; it is killed behind the test."""
    started: list[Program] = []

    def run(config: Path, port: int) -> Program:
        try:
            server = program("nats-server", "nats:2-alpine", ["-c", str(config)], tmp_path)
        except NotAvailableError as reason:
            pytest.skip(str(reason))
        server.start()
        started.append(server)
        wait_until(lambda: _answers(port), 20, "nats-server")
        return server

    yield run
    for server in started:
        server.kill()


def init(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "ccplant_cli", "bus", "init", *arguments], capture_output=True, text=True,
        env=kept | {"HOME": "/nonexistent", "LANG": "C.UTF-8"} | environment, timeout=60, check=False,
    )  # fmt: skip


def made(folder: Path, port: int, *more: str) -> dict[str, Any]:
    done = init("--directory", str(folder), "--port", str(port), "--json", *more)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def settings(document: dict[str, Any], service: str) -> BusSettings:
    """What a service reads from the environment that the command told."""
    names = {
        name.removeprefix("CCPLANT_").lower(): value
        for name, value in document["environment"][service].items()
    }
    return BusSettings.model_validate(names)


def text(path: str) -> str:
    return Path(path).read_text()


def without_renewal(operator: Path) -> dict[str, str]:
    """Bring a file of keys to what an earlier version wrote."""
    keys: dict[str, str] = json.loads(operator.read_text())
    del keys["renewal_seed"]
    operator.write_text(json.dumps(keys))
    return keys


def certified(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that nobody else vouches for."""
    certificate, key = folder / "server.pem", folder / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out",
         str(certificate), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return certificate, key


async def let_in(access: BusSettings | BusAccess) -> bool:
    try:
        client = await connect(access, name="visitor", timeout=20)
    except BusUnreachableError:
        return False
    await flush(client)
    await client.close()
    return True


async def test_services_and_launches_are_let_in_and_strangers_are_not(tmp_path: Path, serve: Serve) -> None:
    port = free_port()
    document = made(tmp_path / "bus", port)
    serve(Path(document["server_config"]), port)
    orchestrator = settings(document, "orchestrator")
    client = await connect(orchestrator, name="orchestrator")
    await ensure_topology(jetstream(client))
    await client.close()
    issuer = LaunchIssuer.from_settings(orchestrator)
    for service in ("api", "webhook-ingest", "scheduler"):
        assert await let_in(settings(document, service))
    assert await let_in(issuer.work(LAUNCH))
    assert await let_in(issuer.renewal(LAUNCH))
    assert not await let_in(BusAccess(url=document["url"], inbox_prefix="_INBOX_x"))
    assert not await let_in(Operator.create().issue_launch(LAUNCH, url=document["url"]))
    for path in (tmp_path / "bus").glob("*.json"):
        assert path.stat().st_mode & 0o777 == 0o600


async def test_run_again_it_keeps_keys_and_credentials_and_what_was_given_out_works(
    tmp_path: Path, serve: Serve
) -> None:
    port = free_port()
    document = made(tmp_path / "bus", port)
    given = LaunchIssuer.from_settings(settings(document, "orchestrator")).work(LAUNCH)
    kept = (
        "operator.json",
        "api.json",
        "orchestrator.json",
        "webhook-ingest.json",
        "scheduler.json",
        "signing.json",
    )
    before = {name: (tmp_path / "bus" / name).read_bytes() for name in kept}
    again = made(tmp_path / "bus", port, "--max-storage", "2Gi")
    assert {name: (tmp_path / "bus" / name).read_bytes() for name in kept} == before
    assert f"max_file_store: {2 << 30}" in text(again["server_config"])
    serve(Path(again["server_config"]), port)
    assert await let_in(given)


async def test_keys_of_an_earlier_version_are_completed_and_go_on_working(
    tmp_path: Path, serve: Serve
) -> None:
    port = free_port()
    document = made(tmp_path / "bus", port)
    keys = without_renewal(Path(document["operator"]))
    given = LaunchIssuer.from_settings(settings(document, "orchestrator")).work(LAUNCH)
    again = made(tmp_path / "bus", port)
    assert keys.items() <= json.loads(text(again["operator"])).items()
    serve(Path(again["server_config"]), port)
    assert await let_in(given)
    assert await let_in(LaunchIssuer.from_settings(settings(again, "orchestrator")).renewal(LAUNCH))


async def test_a_folder_of_an_earlier_version_gains_the_credentials_it_lacks_while_its_server_runs_on(
    tmp_path: Path, serve: Serve
) -> None:
    port, folder = free_port(), tmp_path / "bus"
    document = made(folder, port)
    for new in ("webhook-ingest", "scheduler"):
        (folder / f"{new}.json").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    serve(Path(document["server_config"]), port)
    provision.main(["--directory", str(folder), "--services-only"])
    assert {name: (folder / name).read_bytes() for name in before} == before
    for service in ("api", "orchestrator", "webhook-ingest", "scheduler"):
        assert await let_in(settings(document, service))


async def test_a_configuration_of_ones_own_takes_the_accounts_in(tmp_path: Path, serve: Serve) -> None:
    port = free_port()
    document = made(tmp_path / "bus", port)
    shutil.copy(document["accounts_config"], tmp_path / "accounts.conf")
    own = tmp_path / "own.conf"
    own.write_text(
        f"listen: 127.0.0.1:{port}\ninclude ./accounts.conf\n"
        f'jetstream {{ store_dir: "{tmp_path / "store"}", max_file_store: 2GB }}\n'
    )
    serve(own, port)
    client = await connect(settings(document, "orchestrator"), name="orchestrator")
    await ensure_topology(jetstream(client))
    await client.close()


async def test_wiping_what_the_server_stored_locks_nobody_out(tmp_path: Path, serve: Serve) -> None:
    port = free_port()
    document = made(tmp_path / "bus", port, "--store-dir", str(tmp_path / "streams"))
    config = Path(document["server_config"])
    server = serve(config, port)
    given = LaunchIssuer.from_settings(settings(document, "orchestrator")).renewal(LAUNCH)
    client = await connect(settings(document, "orchestrator"), name="orchestrator")
    await ensure_topology(jetstream(client))
    await client.close()
    server.kill()
    assert any((tmp_path / "streams").iterdir()), "it was stored where it was told to be"
    shutil.rmtree(tmp_path / "streams")
    serve(config, port)
    assert await let_in(given)
    assert await let_in(settings(document, "api"))


async def test_with_tls_the_certificate_is_checked(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = certified(tmp_path)
    port = free_port()
    tls = ("--tls-cert", str(certificate), "--tls-key", str(key))
    document = made(tmp_path / "bus", port, "--url", f"tls://localhost:{port}", *tls)
    serve(Path(document["server_config"]), port)
    assert not await let_in(settings(document, "api")), "nobody vouches for that certificate"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await let_in(settings(document, "api"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--host", "0.0.0.0"), "--url"),
        (("--url", "http://x:1"), "--url"),
        (("--url", "nats://me:secret@x:1"), "--url"),
        (("--url", "nats://x:99999"), "--url"),
        (("--tls-cert", "x.pem"), "--tls-key"),
        (("--max-storage", "10Mi"), "--max-storage"),
        (("--max-storage", "much"), "--max-storage"),
        (("--port", "0"), "--port"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    done = init("--directory", str(tmp_path / "bus"), *arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert "secret" not in done.stderr
    assert not (tmp_path / "bus").exists()


def test_keys_that_cannot_be_read_are_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "operator.json").write_text("not the keys")
    done = init("--directory", str(tmp_path))
    assert done.returncode == 1
    assert "operator.json" in done.stderr
    assert (tmp_path / "operator.json").read_text() == "not the keys"


def test_people_get_lines_for_their_shell_and_what_to_do_next(tmp_path: Path) -> None:
    done = init("--directory", str(tmp_path / "my bus"), LANG="ja_JP.UTF-8")
    assert done.stdout.splitlines() == [
        "export CCPLANT_NATS_URL=nats://127.0.0.1:4222",
        f"export CCPLANT_NATS_CREDENTIALS_DIR='{tmp_path / 'my bus'}'",
    ]
    assert "nats-server --config" in done.stderr
    assert "鍵" in done.stderr


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(5) == b"INFO "
    except OSError:
        return False
