"""Real servers for tests: a bus with the accounts and rights of an installation, and a MongoDB replica set of one node.

A fake broker or database agrees with the code that was written against it. What is tested here is the behaviour of the
real ones, their refusals and their absences included, so a test may kill, freeze, wipe and restart them.
"""

from __future__ import annotations

import json
import secrets
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.connection import SteadyClient
from ccplant_platform.bus.credentials import LaunchIssuer, Operator
from ccplant_platform.bus.rights import SERVICES, Rights
from ccplant_platform.bus.server import server_config
from ccplant_platform.private_files import write_private
from ccplant_platform.settings import BusSettings, MongoSettings
from tests.support.programs import Program, free_port, program
from tests.support.waiting import wait_until

_START_SECONDS = 30.0

TestRole = Literal["api", "orchestrator", "webhook-ingest", "scheduler", "all"]
"""`all` may do everything in the account; it exists in tests alone."""
_EVERYTHING = Rights(publish=(">",), subscribe=(">",))


class Connect(Protocol):
    """What the fixture `connect_bus` gives."""

    async def __call__(
        self, settings: BusSettings | BusAccess, name: str = "test", **options: Any
    ) -> SteadyClient: ...


@dataclass
class NatsServer:
    """One bus server; its keys outlive its storage."""

    folder: Path
    port: int = field(default_factory=free_port)
    operator: Operator = field(default_factory=Operator.create)
    _program: Program = field(init=False)

    def __post_init__(self) -> None:
        self._program = program(
            "nats-server", "nats:2-alpine", ["-c", str(self.folder / "nats.conf")], self.folder
        )

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def store_dir(self) -> Path:
        return self.folder / "store"

    def start(self) -> None:
        """Start and wait until it answers."""
        text = server_config(self.operator, host="127.0.0.1", port=self.port, store_dir=self.store_dir)
        write_private(self.folder / "nats.conf", text)
        self._program.start()
        wait_until(self._answers, _START_SECONDS, f"nats-server on port {self.port}")

    def kill(self) -> None:
        """End it as a power cut does."""
        self._program.thaw()
        self._program.kill()

    def restart(self) -> None:
        """Kill it and start it with what it had on disk."""
        self.kill()
        self.start()

    def wipe(self) -> None:
        """Kill it, delete everything that it stored, and start it."""
        self.kill()
        shutil.rmtree(self.store_dir, ignore_errors=True)
        self.start()

    def freeze(self) -> None:
        """Stop it in its tracks (SIGSTOP): connections stay, nobody answers."""
        self._program.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._program.thaw()

    def reset(self) -> None:
        """Bring it back to running and empty, whatever the last test did."""
        self.thaw()
        if not self._program.running() or any(self.store_dir.glob("jetstream/*/streams/*")):
            self.wipe()

    def access(self, role: TestRole = "all") -> BusAccess:
        """Return a credential of a service, or one that may do everything."""
        return self.operator.issue_user(role, _EVERYTHING if role == "all" else SERVICES[role], url=self.url)

    def launch_access(self, launch_id: str) -> BusAccess:
        """Return the work credential of a launch, without an end."""
        return self.issuer().work(launch_id)

    def issuer(self, lifetime: timedelta | None = None) -> LaunchIssuer:
        """Return what issues the credentials of launches."""
        return self.operator.launch_issuer(self.url, lifetime=lifetime)

    def settings(self, role: TestRole = "all") -> BusSettings:
        """Return what a service reads from its environment, its files written."""
        access = self.access(role)
        credentials = self.folder / f"{role}-{secrets.token_hex(4)}.json"
        write_private(credentials, json.dumps({"jwt": access.jwt, "seed": access.seed}))
        signing = self.folder / "signing.json"
        write_private(signing, self.operator.signing_key().model_dump_json())
        return BusSettings(nats_url=self.url, nats_credentials_file=credentials, nats_signing_file=signing)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False


@dataclass
class MongoServer:
    """One mongod as a replica set of one: transactions and change streams work."""

    folder: Path
    port: int = field(default_factory=free_port)
    _program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._program = program("mongod", "mongo:8", self._arguments(), self.folder)

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet=rs0&directConnection=true"

    @property
    def data_dir(self) -> Path:
        return self.folder / "db"

    def start(self) -> None:
        """Start, make it a replica set the first time, and wait until it takes writes."""
        self._program.start()
        wait_until(self._writable, _START_SECONDS, f"mongod on port {self.port}")

    def kill(self) -> None:
        """End it as a power cut does."""
        self._program.thaw()
        self._program.kill()

    def restart(self) -> None:
        """Kill it and start it with what it had on disk."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Stop it in its tracks (SIGSTOP)."""
        self._program.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._program.thaw()

    def reset(self) -> None:
        """Bring it back to running, whatever the last test did."""
        self.thaw()
        if not self._program.running():
            self.start()

    def fresh_settings(self) -> MongoSettings:
        """Return settings with a database that nobody used."""
        return MongoSettings(mongodb_url=self.url, mongodb_database=f"test_{secrets.token_hex(6)}")

    def emptied_settings(self) -> MongoSettings:
        """Return settings with a database without documents, whose indexes may be there already.

        To make them anew takes longer than most tests.
        """
        settings = MongoSettings(mongodb_url=self.url, mongodb_database="test")
        with self._client() as client:
            database = client[settings.mongodb_database]
            for name in database.list_collection_names():
                database[name].delete_many({})
        return settings

    def drop(self, database: str) -> None:
        """Remove a database."""
        with self._client() as client:
            client.drop_database(database)

    def _arguments(self) -> Sequence[str]:
        return (
            "--replSet", "rs0", "--port", str(self.port), "--bind_ip", "127.0.0.1", "--dbpath", str(self.data_dir),
            "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--nounixsocket", "--quiet",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            # what a killed process had begun holds its documents for so long; the default is a minute
            "--setParameter", "transactionLifetimeLimitSeconds=10",
        )  # fmt: skip

    def _client(self) -> MongoClient[dict[str, object]]:
        return MongoClient(
            f"mongodb://127.0.0.1:{self.port}/?directConnection=true", serverSelectionTimeoutMS=1_000
        )

    def _writable(self) -> bool:
        try:
            with self._client() as client:
                hello = client.admin.command("hello")
                if not hello.get("setName"):
                    members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
                    client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
                return bool(hello.get("isWritablePrimary"))
        except PyMongoError:
            return False
