"""Reads a request's body within a size, a time and a share of the memory.

The limit holds for chunked bodies too, whose length nobody announces. What may be received at once is in `rooms`.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import Receive

from ccplant_webhook_ingest.rooms import Place

_PASSED_OVER_BYTES = 64_000_000
_PASSED_OVER_SECONDS = 3.0
"""How much of a body that is refused is let pass, so that its sender hears the refusal and not a broken connection."""


class TooLargeError(Exception):
    """The body is over the limit."""


class TooSlowError(Exception):
    """The body did not arrive in time."""


class GoneError(Exception):
    """The sender left while it was sending."""


async def read_body(request: Request, place: Place, *, most: int, seconds: float) -> bytes:
    """Return the whole body.

    Raises:
        TooLargeError: it is larger than `most`; nothing beyond was kept.
        TooSlowError: it took longer than allowed, or made way to another.
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
        async with asyncio.timeout(seconds) as place.limit:
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
    finally:
        place.limit = None
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
