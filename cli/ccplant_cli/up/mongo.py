"""The embedded mongod: a replica set of one node with passwords, on the loopback interface.

The key file is the password of MongoDB's internal user too, by which the set and its one user are made. The «localhost
exception», by which any local process may become administrator of a new server, is off from the first moment.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccplant_cli.up.data_dir import DataDir, keep_secret, write_private
from ccplant_cli.up.ports import LOOPBACK
from ccplant_cli.up.supervisor import ChildSpec

NAME = "mongod"
START_SECONDS = 60.0
DATABASE = "ccplant"
USER = "ccplant"
REPLICA_SET = "rs0"


@dataclass(frozen=True)
class MongoAccess:
    """How the instance reaches its own mongod."""

    port: int
    key: str
    password: str
    host: str | None = None
    """None: on this machine, for its programs alone; else the name by which all that use it reach it."""

    @property
    def address(self) -> str:
        """Of the only member of the set."""
        return f"{self.host or LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """The services' address, password included."""
        login = f"{USER}:{self.password}"
        options = f"authSource={DATABASE}&replicaSet={REPLICA_SET}"
        if self.host is None:
            options += "&directConnection=true"
        return f"mongodb://{login}@{self.address}/{DATABASE}?{options}"


def url_file(data: DataDir) -> Path:
    """Return the private file with the services' address."""
    return data.secrets / "mongodb.url"


def access(data: DataDir, port: int) -> MongoAccess:
    """Return the secrets, made on first use, and write the address for the services."""
    key = keep_secret(data.secrets / "mongodb.key")
    found = MongoAccess(port=port, key=key, password=keep_secret(data.secrets / "mongodb.password"))
    write_private(url_file(data), found.url)
    return found


def server(data: DataDir, binary: str, port: int, environment: Mapping[str, str]) -> ChildSpec:
    """Return the server."""
    parameters = (
        "enableLocalhostAuthBypass=false",
        "diagnosticDataCollectionEnabled=false",  # writes to the disk every second of an idle day
        "transactionLifetimeLimitSeconds=10",  # one whose process was killed holds its documents until then
        "shutdownTimeoutMillisForSignaledShutdown=100",  # there is no other node to hand over to
    )
    command = [
        binary, "--dbpath", str(data.mongodb), "--bind_ip", LOOPBACK, "--port", str(port), "--nounixsocket",
        "--replSet", REPLICA_SET, "--keyFile", str(data.secrets / "mongodb.key"),
        "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256",
    ]  # fmt: skip
    for parameter in parameters:
        command += ["--setParameter", parameter]
    return ChildSpec(
        name=NAME,
        command=command,
        environment=environment,
        directory=data.root,
        death_signal=signal.SIGTERM,
        stop_seconds=15.0,
        help_option="--mongodb-url",
    )
