"""``python -m ccplant_api``: the gateway as a process."""

from __future__ import annotations

import asyncio

import uvicorn
from fastapi import FastAPI

from ccplant_api.main import create_app
from ccplant_api.settings import ApiSettings
from ccplant_platform.http_server import Server
from ccplant_platform.process import run_service

_MAX_SOCKET_MESSAGE = 1_000_000
"""Above the 64 kB that a frame may have: up to here its sender is told what is wrong, beyond it is cut off."""


def config_of(app: FastAPI, settings: ApiSettings) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=_MAX_SOCKET_MESSAGE,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=max(1, round(settings.graceful_stop_seconds)),
        h11_max_incomplete_event_size=64_000,
        lifespan="on",
    )


async def serve(stopping: asyncio.Event) -> None:
    """Serve until told to stop."""
    settings = ApiSettings()
    app = create_app(settings)
    await serve_until(stopping, app, Server(config_of(app, settings)))


async def serve_until(stopping: asyncio.Event, app: FastAPI, server: uvicorn.Server) -> None:
    """Serve, then part from the viewers, then from everything else."""
    serving = asyncio.create_task(server.serve())
    told = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        if server.started:
            await app.state.gateway.leave()
        server.should_exit = True
        await serving
    finally:
        told.cancel()


if __name__ == "__main__":
    run_service("api", serve)
