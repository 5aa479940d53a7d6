"""The embedded nats-server: who may use it, how it is started, and whether it answers.

Keys, credentials and the server's configuration are written by `ccplant_platform.bus.provision`, which runs as a
process: the command line knows no keys. It runs before each start, so that rights follow an upgrade; the keys stay the same.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from ccplant_cli.up.data_dir import DataDir
from ccplant_cli.up.supervisor import ChildSpec

NAME = "nats"
START_SECONDS = 15.0
PROVISION_SECONDS = 20.0


def bus_directory(data: DataDir) -> Path:
    """Where the private files of the bus are."""
    return data.secrets / "bus"


def provision(data: DataDir, host: str, port: int, environment: Mapping[str, str]) -> ChildSpec:
    """Return the program that writes keys, credentials and configuration."""
    command = [
        sys.executable, "-m", "ccplant_platform.bus.provision",
        "--directory", str(bus_directory(data)), "--store-dir", str(data.nats),
        "--host", host, "--port", str(port),
    ]  # fmt: skip
    return ChildSpec(name="bus-keys", command=command, environment=environment, directory=data.root)


def service_credentials(directory: Path, data: DataDir, environment: Mapping[str, str]) -> ChildSpec:
    """Return the program that makes what services lack, from the keys of a NATS of the user's own."""
    command = [
        sys.executable, "-m", "ccplant_platform.bus.provision", "--services-only", "--directory", str(directory),
    ]  # fmt: skip
    return ChildSpec(name="bus-keys", command=command, environment=environment, directory=data.root)


def server(data: DataDir, binary: str, environment: Mapping[str, str]) -> ChildSpec:
    """Return the server."""
    return ChildSpec(
        name=NAME,
        command=[binary, "--config", str(bus_directory(data) / "nats.conf")],
        environment=environment,
        directory=data.root,
        death_signal=signal.SIGTERM,
        help_option="--nats-url",
    )


def greet(host: str, port: int, timeout: float = 2.0) -> None:
    """Raise OSError unless a NATS server says its INFO here."""
    with socket.create_connection((host, port), timeout=timeout) as connection:
        if not connection.recv(5).startswith(b"INFO"):
            raise ConnectionError(f"what listens on port {port} is no NATS server")
