"""The ingester as a process: it listens when it can record, and stops listening before anything else ends."""

from __future__ import annotations

import asyncio

import structlog
import uvicorn

from ccplant_platform.http_server import Server
from ccplant_platform.process import run_service
from ccplant_platform.sealing import SealingSettings
from ccplant_platform.settings import BusSettings, MongoSettings
from ccplant_webhook_ingest.door import Door
from ccplant_webhook_ingest.main import NAME, running_ingester
from ccplant_webhook_ingest.settings import IngestSettings

_log = structlog.get_logger(__name__)


class PartEndedError(Exception):
    """A part that must not end has ended; the process is started again by whoever runs it."""


def config_of(app: Door, settings: IngestSettings) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        app,
        host=settings.ingest_host,
        port=settings.ingest_port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=65,
        timeout_graceful_shutdown=max(1, round(settings.ingest_stop_seconds)),
        lifespan="off",
    )


async def serve(stopping: asyncio.Event) -> None:
    """Serve until told to stop."""
    settings = IngestSettings()
    async with running_ingester(settings, BusSettings(), MongoSettings(), SealingSettings()) as ingester:
        server = Server(config_of(ingester.app, settings))
        serving = asyncio.create_task(server.serve())
        told = asyncio.create_task(stopping.wait())
        broken = asyncio.create_task(ingester.broken.wait())
        try:
            await asyncio.wait({serving, told, broken}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
        finally:
            told.cancel()
            broken.cancel()
        if ingester.broken.is_set() and not stopping.is_set():
            raise PartEndedError("a part of the ingester has ended")


def main() -> None:
    """Run as a process of its own."""
    run_service(NAME, serve)
