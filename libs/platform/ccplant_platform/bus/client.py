"""The client of the bus as everybody here has it: its options, its credential, and repairs of what the library gets wrong.

Services use it through `bus.connection`; a runner, which must start fast, takes it from here and does without the rest.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlsplit, urlunsplit

import nkeys
from nats.aio.client import Client, Srv
from nats.errors import AuthorizationError, FlushTimeoutError
from typing_extensions import override

from ccplant_contracts.launch import BusAccess

PING_SECONDS = 10
"""A peer that vanished without a word is noticed after two of these, not after minutes."""
RECONNECT_WAIT_SECONDS = 1
PENDING_BYTES = 8 * 1024 * 1024
"""What may wait in memory while the bus is away; more is refused to the publisher, who keeps it."""
_ASKED_SECONDS = 6 * PING_SECONDS
"""Longer than a connection without answers lives."""
_REFUSED = ("authorization", "authentication", "user jwt")


class ClientOptions(TypedDict):
    """What every client of ours has in common, whichever library makes it."""

    servers: list[str]
    name: str
    inbox_prefix: str
    allow_reconnect: bool
    max_reconnect_attempts: int
    reconnect_time_wait: int
    connect_timeout: int
    ping_interval: int
    max_outstanding_pings: int
    pending_size: int


@dataclass(frozen=True)
class Identity:
    """A credential as the callbacks that the client library asks at each connect."""

    access: Callable[[], BusAccess]
    """Asked each time: a file that was rotated counts from the next connect on."""

    def jwt(self) -> bytes:
        """Return the user's JWT."""
        return (self.access().jwt or "").encode()

    def sign(self, nonce: str) -> bytes:
        """Prove that the seed is ours."""
        seed = (self.access().seed or "").encode()
        return base64.b64encode(nkeys.from_seed(seed).sign(nonce.encode()))


def client_options(access: BusAccess, name: str) -> ClientOptions:
    """Return the options that a client of the bus has in this product."""
    return {
        "servers": [server.strip() for server in access.url.split(",")],
        "name": name,
        "inbox_prefix": access.inbox_prefix,
        "allow_reconnect": True,
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": RECONNECT_WAIT_SECONDS,
        "connect_timeout": 3,
        "ping_interval": PING_SECONDS,
        "max_outstanding_pings": 2,
        "pending_size": PENDING_BYTES,
    }


def is_refusal(error: Exception) -> bool:
    """Tell whether the server did not take a credential, or takes it no longer."""
    return isinstance(error, AuthorizationError) or any(word in str(error).lower() for word in _REFUSED)


async def flush(client: Client, timeout: float = 5.0) -> None:
    """Return when the server has what was sent so far, a new subscription say.

    The library's `flush` forgets its question at a timeout, and the late answer then ends its reading for good: the
    connection looks alive and is deaf. So the question stays, and only our waiting ends.

    Raises:
        nats.errors.FlushTimeoutError: the server did not answer in time (a `TimeoutError`).
        nats.errors.Error: the connection is closed.
    """
    asked = asyncio.ensure_future(Client.flush(client, timeout=_ASKED_SECONDS))
    asked.add_done_callback(_forget)
    try:
        async with asyncio.timeout(timeout):
            await asyncio.shield(asked)
    except TimeoutError as error:
        raise FlushTimeoutError from error


class SteadyClient(Client):
    """The library's client with repairs, so that nobody has to know of them."""

    @override
    async def flush(self, timeout: float = 5.0) -> None:
        await flush(self, timeout)

    @override
    async def close(self) -> None:
        """Close, and the socket in any case.

        The library takes itself for closed before it has closed: where that was cut off, as a connect that is given up
        does, its socket would stay open.
        """
        try:
            await super().close()
        finally:
            self._let_go()

    @override
    async def _connect_to_server(self, s: Srv) -> None:
        # the library drops the socket of a try that was refused without closing it
        self._let_go()
        await super()._connect_to_server(s)

    def _let_go(self) -> None:
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]


def _forget(asked: asyncio.Future[None]) -> None:
    if not asked.cancelled():
        # whoever still waited has it; nobody else needs it
        asked.exception()


def shown(url: str) -> str:
    """Return an address without the credential that it may hold."""
    return ",".join(_without_userinfo(part.strip()) for part in url.split(","))


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
