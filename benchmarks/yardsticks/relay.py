"""The minimal relay: a nats-py subscription whose messages go to a Starlette WebSocket as they are.

No sign-in, no record, no order, no bound: less cannot be done between a bus and a browser.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from nats.aio.msg import Msg
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.measuring.child import Parent
from benchmarks.yardsticks.bus import bare_connection
from ccplant_contracts.launch import BusAccess


async def relay(websocket: WebSocket) -> None:
    """Pass on what is said on one subject."""
    await websocket.accept()

    async def pass_on(message: Msg) -> None:
        await websocket.send_text(message.data.decode())

    subscription = await websocket.app.state.bus.subscribe(websocket.query_params["subject"], cb=pass_on)
    await websocket.app.state.bus.flush()
    await websocket.send_text("ready")
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        await subscription.unsubscribe()


def main() -> None:
    """Serve until the benchmark ends."""
    listening = socket.create_server(("127.0.0.1", 0))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        parent = await Parent.open()
        settings = await parent.hear() or {}
        app.state.bus = await bare_connection(BusAccess.model_validate(settings["access"]))
        parent.answer(port=listening.getsockname()[1])

        async def until_the_end() -> None:
            await parent.hear()
            server.should_exit = True

        ending = asyncio.create_task(until_the_end())
        yield
        ending.cancel()
        await app.state.bus.close()

    app = Starlette(routes=[WebSocketRoute("/relay", relay)], lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws_per_message_deflate=False))
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
