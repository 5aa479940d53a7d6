"""How services serve HTTP: they keep their signals, and clients that take nothing are given up."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import pytest
import uvicorn
from starlette.applications import Starlette

from ccplant_platform.http_server import NOTHING_TAKEN_MILLISECONDS, Server
from tests.support.waiting import eventually


@pytest.mark.skipif(sys.platform != "linux", reason="the bound is the Linux kernel's")
async def test_the_kernel_gives_up_clients_that_take_nothing_and_signals_stay_with_the_process() -> None:
    before = signal.getsignal(signal.SIGTERM)
    server = Server(uvicorn.Config(Starlette(), port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        assert signal.getsignal(signal.SIGTERM) is before
        listening = [each for every in server.servers for each in every.sockets]
        bounds = [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for each in listening]
        assert bounds == [NOTHING_TAKEN_MILLISECONDS] * len(bounds)
        assert bounds
    finally:
        server.should_exit = True
        await serving
