"""Reads a request's body within a size, a time and a share of the memory.

The limit holds for chunked bodies too, whose length nobody announces. Small bodies and large ones have rooms of their
own: a few senders of 25 MB, or many who send a byte a second, must not keep everybody else's deliveries out.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.types import Receive

LARGE_BYTES = 1_000_000
_BUSY_REQUESTS = 4
_PASSED_OVER_BYTES = 64_000_000
_PASSED_OVER_SECONDS = 3.0
"""How much of a body that is refused is let pass, so that its sender hears the refusal and not a broken connection."""


class TooLargeError(Exception):
    """The body is over the limit."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


class NoRoomError(Exception):
    """Too much is being received already."""


class GoneError(Exception):
    """The sender left while it was sending."""


@dataclass
class Rooms:
    """What may be in memory at once, of all requests together."""

    most_requests: int
    most_bytes: int
    most_large: int
    requests: int = 0
    bytes_held: int = 0
    large: int = 0

    @property
    def busy(self) -> bool:
        """Whether so much arrives that other work should wait for a moment."""
        return self.requests >= _BUSY_REQUESTS


class Place:
    """One request's share of the rooms; given back at its end, whatever that is."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._bytes = 0
        self._large = False

    def __enter__(self) -> Self:
        if self._rooms.requests >= self._rooms.most_requests:
            raise NoRoomError
        self._rooms.requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._rooms.requests -= 1
        self._rooms.bytes_held -= self._bytes
        self._rooms.large -= self._large

    def hold(self, size: int) -> None:
        """Make room for so many bytes more.

        Raises:
            NoRoomError: there is none.
        """
        rooms = self._rooms
        if rooms.bytes_held + size > rooms.most_bytes:
            raise NoRoomError
        if not self._large and self._bytes + size > LARGE_BYTES:
            if rooms.large >= rooms.most_large:
                raise NoRoomError
            rooms.large += 1
            self._large = True
        rooms.bytes_held += size
        self._bytes += size


async def read_body(request: Request, place: Place, *, most: int, seconds: float) -> bytes:
    """Return the whole body.

    Raises:
        TooLargeError: it is larger than `most`; nothing beyond was kept.
        TooSlowError: it took longer than allowed.
        NoRoomError: the rooms are full.
        GoneError: the sender left.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:18]) > most:
        raise TooLargeError
    parts: list[bytes] = []
    size = 0
    more = True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                part = message.get("body", b"")
                size += len(part)
                if size > most:
                    raise TooLargeError
                place.hold(len(part))
                parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise TooSlowError from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def pass_over(receive: Receive) -> None:
    """Read on without keeping anything: a connection that is closed while its client sends loses the answer, too."""
    size = 0
    try:
        async with asyncio.timeout(_PASSED_OVER_SECONDS):
            while size < _PASSED_OVER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
