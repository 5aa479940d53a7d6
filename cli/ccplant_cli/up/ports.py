"""Ports: the one that people use is checked before anything starts, the inner ones are any that are free.

An inner port is not one of those that the kernel gives to outgoing connections: while a server restarts, a client of
this machine could get the port that the others know it by.
"""

from __future__ import annotations

import errno
import random
import socket

from ccplant_cli.up.errors import UpError

LOOPBACK = "127.0.0.1"
_SERVER_PORTS = (10_000, 32_000)
_TRIES = 50


def _bind(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        bound: int = probe.getsockname()[1]
        return bound


def require_free(host: str, port: int, option: str = "--port") -> None:
    """Raise the sentence that says why this port cannot be had."""
    try:
        _bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UpError("port_in_use", host=host, port=port, option=option) from error
        raise UpError(
            "port_refused", host=host, port=port, option=option, error=error.strerror or error
        ) from error


def free_port(preferred: int | None, host: str = LOOPBACK) -> int:
    """Return the preferred port when it can be had, any other otherwise."""
    chance = random.SystemRandom()
    others = (chance.randrange(*_SERVER_PORTS) for _ in range(_TRIES))
    for port in (*(() if preferred is None else (preferred,)), *others):
        try:
            return _bind(host, port)
        except OSError:
            continue
    return _bind(host, 0)
