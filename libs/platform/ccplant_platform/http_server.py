"""Serving HTTP in a service: uvicorn under our own signal handling.

Who stops a service bounds the time that this takes, and what ends first; uvicorn would take the signals for itself.
A client that sends nothing and reads nothing is given up by the kernel: closing alone would wait for it for ever.
Only services import this: it needs the extra `service`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from typing_extensions import override

NOTHING_TAKEN_MILLISECONDS = 30_000
"""After this the kernel gives up a client that takes no answer."""


class Server(uvicorn.Server):
    """Uvicorn without its signal handlers, with clients that never read cut off by the kernel."""

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; accepted connections inherit the bound."""
        await super().startup(sockets)
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is None:  # not on this system
            return
        for server in self.servers:
            for listening in server.sockets:
                listening.setsockopt(socket.IPPROTO_TCP, option, NOTHING_TAKEN_MILLISECONDS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which bounds the time that stopping takes."""
        yield
