"""What is to be made for a NATS of one's own, checked; and the program that makes it.

Keys are made by `ccplant_platform.bus.provision`, which runs as a process as it does for `ccplant up`: the command line
knows no keys, and both ways lead to the same scheme.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ccplant_cli.bus.messages import BusError
from ccplant_contracts.quantities import byte_count

SERVICES = ("api", "orchestrator", "webhook-ingest", "scheduler")
LEAST_STORAGE = 1 << 30
_SECONDS = 30.0
_EVERYWHERE = frozenset({"0.0.0.0", "::", "[::]", ""})


@dataclass(frozen=True)
class Wanted:
    """One run of `ccplant bus init`."""

    directory: Path
    host: str
    port: int
    url: str
    store_dir: Path
    storage_bytes: int
    server_name: str
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def encrypted(self) -> bool:
        """Whether what goes over the network is."""
        return urlsplit(self.url).scheme == "tls"

    def file(self, name: str) -> Path:
        """Return the path of one of the files."""
        return self.directory / name

    def environment(self) -> Mapping[str, Mapping[str, str]]:
        """Return what each service needs in its environment."""
        told = {
            service: {
                "CCPLANT_NATS_URL": self.url,
                "CCPLANT_NATS_CREDENTIALS_FILE": str(self.file(f"{service}.json")),
            }
            for service in SERVICES
        }
        told["orchestrator"]["CCPLANT_NATS_SIGNING_FILE"] = str(self.file("signing.json"))
        return told

    def command(self) -> Sequence[str]:
        """Return the program that makes it."""
        tls = ["--tls-cert", str(self.tls_cert), "--tls-key", str(self.tls_key)] if self.tls_cert else []
        return [
            sys.executable, "-m", "ccplant_platform.bus.provision",
            "--directory", str(self.directory), "--store-dir", str(self.store_dir),
            "--host", self.host, "--port", str(self.port), "--server-name", self.server_name,
            "--max-file-store", str(self.storage_bytes), *tls,
        ]  # fmt: skip


def wanted(
    *,
    directory: Path,
    host: str,
    port: int,
    url: str | None,
    store_dir: Path | None,
    max_storage: str,
    server_name: str,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> Wanted:
    """Check what was asked for.

    Raises:
        BusError: it cannot be.
    """
    if (tls_cert is None) is not (tls_key is None):
        raise BusError("tls_half")
    folder = directory.expanduser().absolute()
    return Wanted(
        directory=folder,
        host=host,
        port=port,
        url=_checked(url) if url is not None else _listening(host, port, tls=tls_cert is not None),
        store_dir=store_dir.expanduser().absolute() if store_dir is not None else folder / "jetstream",
        storage_bytes=_storage(max_storage),
        server_name=server_name,
        tls_cert=tls_cert.expanduser().absolute() if tls_cert is not None else None,
        tls_key=tls_key.expanduser().absolute() if tls_key is not None else None,
    )


def make(wanted: Wanted) -> None:
    """Write the files.

    Raises:
        BusError: they could not be written.
    """
    try:
        done = subprocess.run(
            wanted.command(),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise BusError("too_slow", seconds=_SECONDS) from error
    if done.returncode != 0:
        if "No module named 'ccplant_platform" in done.stderr:
            raise BusError("no_platform")
        lines = done.stderr.strip().splitlines()
        raise BusError("failed", detail=lines[-1] if lines else f"exit {done.returncode}")


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("nats", "tls") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise BusError("url_invalid") from error
    if not good or parts.username is not None or parts.path not in ("", "/"):
        raise BusError("url_invalid")
    return url


def _listening(host: str, port: int, *, tls: bool) -> str:
    if host in _EVERYWHERE:
        raise BusError("url_everywhere", host=host or "''")
    name = f"[{host}]" if ":" in host else host
    return f"{'tls' if tls else 'nats'}://{name}:{port}"


def _storage(amount: str) -> int:
    try:
        found = byte_count(amount)
    except ValueError as error:
        raise BusError("storage_invalid") from error
    if found < LEAST_STORAGE:
        raise BusError("storage_invalid")
    return found
