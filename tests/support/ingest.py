"""An ingester for tests: in the test's own process, or in one of its own that may be killed; and a sender like GitHub."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn

from ccplant_contracts.webhook import CreateWebhook
from ccplant_platform.faults import VARIABLE
from ccplant_platform.http_server import Server
from ccplant_platform.sealing import Sealer, SealingSettings
from ccplant_platform.settings import BusSettings, MongoSettings
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.webhooks.model import WebhookDoc, secret_purpose
from ccplant_webhook_ingest.main import running_ingester
from ccplant_webhook_ingest.service import config_of
from ccplant_webhook_ingest.settings import IngestSettings
from ccplant_webhook_ingest.signature import sign
from tests.support.deliveries import webhook_document
from tests.support.programs import free_port
from tests.support.waiting import eventually

SECRET = "whsec_" + "s" * 40
KEY = "11" * 32
_numbers = itertools.count(1)


def pull_request(number: int = 7, **changes: Any) -> dict[str, Any]:
    """The payload of a pull request that was opened, as far as it matters here."""
    return {
        "action": "opened",
        "number": number,
        "pull_request": {
            "number": number,
            "title": f"change {number}",
            "html_url": f"https://github.example/acme/site/pull/{number}",
            "base": {"ref": "main"},
            "head": {"ref": "topic", "sha": "0" * 40},
            "labels": [],
            "user": {"login": "ada"},
        },
        "repository": {"full_name": "acme/site", "clone_url": "https://github.example/acme/site.git"},
        "sender": {"login": "ada", "type": "User"},
        **changes,
    }


@dataclass
class Sender:
    """Sends what GitHub sends."""

    client: httpx.AsyncClient
    base_url: str

    async def send(
        self,
        webhook: WebhookDoc | str,
        payload: object = None,
        *,
        event: str = "pull_request",
        delivery: str | None = None,
        secret: str = SECRET,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> httpx.Response:
        """Send one delivery; a header that is None is left out."""
        content = orjson.dumps(payload if payload is not None else pull_request()) if body is None else body
        given: dict[str, str | None] = {
            "content-type": "application/json",
            "user-agent": "GitHub-Hookshot/044aadd",
            "x-github-event": event,
            "x-github-delivery": delivery or f"delivery-{next(_numbers)}",
            "x-hub-signature-256": sign(secret, content),
            **(headers or {}),
        }
        webhook_id = webhook if isinstance(webhook, str) else webhook.id
        return await self.client.post(
            f"{self.base_url}/webhooks/{webhook_id}",
            content=content,
            headers=[
                (name.encode(), value.encode("latin-1")) for name, value in given.items() if value is not None
            ],
        )


@contextlib.asynccontextmanager
async def sender_to(base_url: str, **options: Any) -> AsyncIterator[Sender]:
    """A sender that waits for as long as GitHub does."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(timeout=10, limits=limits, trust_env=False, **options) as client:
        yield Sender(client, base_url)


async def make_webhook(
    store: Store, *, secret: str = SECRET, old_secret: str | None = None, **changes: Any
) -> WebhookDoc:
    """Keep a webhook; what is not a field of the record is one of the definition."""
    sealer = Sealer([bytes.fromhex(KEY)])
    own = {name: changes.pop(name) for name in list(changes) if name in WebhookDoc.model_fields}
    webhook = webhook_document(**own)
    definition = CreateWebhook(name=webhook.name, **{"events": ("pull_request",), **changes})
    sealed = {
        "definition": definition.model_dump(mode="json"),
        "sealed_secret": sealer.seal(secret, secret_purpose(webhook.id)),
        "old_sealed_secret": None
        if old_secret is None
        else sealer.seal(old_secret, secret_purpose(webhook.id)),
    }
    return await store.webhooks.insert(webhook.model_copy(update=sealed))


async def processed(store: Store, delivery_id: str, timeout: float = 10.0) -> DeliveryDoc:
    """Return a delivery as soon as it has its outcome."""

    async def through() -> DeliveryDoc | None:
        delivery = await store.deliveries.get(delivery_id)
        assert delivery is not None
        return delivery if delivery.state == "processed" else None

    delivery = await eventually(through, timeout)
    assert delivery is not None
    return delivery


def sealing_file(folder: Path) -> Path:
    """Write the key that opens the secrets of `make_webhook`."""
    file = folder / "sealing.keys"
    file.write_text(KEY + "\n")
    return file


@contextlib.asynccontextmanager
async def ingester(
    mongo: MongoSettings, bus: BusSettings, folder: Path, **settings: Any
) -> AsyncIterator[str]:
    """Run an ingester in this process; gives its address."""
    chosen = IngestSettings(**{"ingest_port": free_port(), "ingest_sweep_seconds": 0.2, **settings})
    sealing = SealingSettings(sealing_key_file=sealing_file(folder))
    async with running_ingester(chosen, bus, mongo, sealing) as running:
        server: uvicorn.Server = Server(config_of(running.app, chosen))
        serving = asyncio.create_task(server.serve())
        try:
            await eventually(lambda: server.started)
            yield f"http://127.0.0.1:{chosen.ingest_port}"
        finally:
            server.should_exit = True
            await serving


@dataclass
class IngestProcess:
    """An ingester as a process of its own."""

    folder: Path
    mongo: MongoSettings
    bus: BusSettings
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "ingest.log").read_text()

    async def start(self, *, fault: str = "", **variables: object) -> None:
        """Start it and wait until it takes deliveries."""
        environment = {
            **os.environ,
            "CCPLANT_INGEST_PORT": str(self.port),
            "CCPLANT_INGEST_SWEEP_SECONDS": "0.2",
            "CCPLANT_INGEST_LEASE_SECONDS": "1",
            "CCPLANT_MONGODB_URL": str(self.mongo.mongodb_url),
            "CCPLANT_MONGODB_DATABASE": self.mongo.mongodb_database,
            "CCPLANT_NATS_URL": self.bus.nats_url,
            "CCPLANT_NATS_CREDENTIALS_FILE": str(self.bus.nats_credentials_file),
            "CCPLANT_SEALING_KEY_FILE": str(sealing_file(self.folder)),
            VARIABLE: fault,
            **{f"CCPLANT_{name.upper()}": str(value) for name, value in variables.items()},
        }
        self._spawn({name: value for name, value in environment.items() if value or name == VARIABLE})
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:

            async def live() -> bool:
                assert self.process is not None
                if self.process.poll() is not None:
                    raise RuntimeError(f"it ended with {self.process.returncode}:\n{self.log[-3_000:]}")
                try:
                    return (await client.get(f"{self.url}/health/live")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(live, 30)

    def _spawn(self, environment: Mapping[str, str]) -> None:
        with (self.folder / "ingest.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ccplant_webhook_ingest"], env=environment, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self, timeout: float = 30) -> int:
        """Return its exit code as soon as it has one."""
        process = self.process
        assert process is not None
        await eventually(lambda: process.poll() is not None, timeout)
        return int(process.returncode)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
