"""The WebSocket of one session as an endless list of frames: a broken connection is resumed, not reported as an end.

The next connection asks for what follows the last durable event that was taken (`since`), so nothing is missing and
nothing comes twice. Tries are spaced with full jitter and bounded; a connection that brings nothing new is no success.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from ccplant_cli.client import headers, refusal, tls, unreachable
from ccplant_cli.connection import Target
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.references import path_of

OPEN_TIMEOUT = 10.0
MAX_FRAME = 64 << 20
"""The first frame carries up to 50 prompts of 200,000 characters."""
_STEADY = 30.0
"""Seconds after which a connection counts as good even if nothing was said."""
_LATER = (429, 502, 503, 504)

Close = Literal["ended", "again"]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how fast a connection is tried again."""

    tries: int = 20
    first: float = 0.25
    longest: float = 8.0

    def delay(self, failures: int) -> float:
        """Return the seconds before the next try: anything up to a bound that doubles."""
        return random.uniform(0.05, min(self.longest, self.first * 2 ** min(failures, 10)))


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection broke and is being made again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over and everything has been said."""


FeedItem = Document | Lost | Ended


def judge_close(code: int, reason: str) -> Close:
    """Tell what the end of a connection means.

    Raises:
        CliError: coming back would be refused again.
    """
    if code == 1000:
        return "ended"
    if code == 4404:
        raise CliError(say("error.no_such_session"), Exit.NOT_FOUND, error_code="NOT_FOUND")
    if code == 1008:
        raise CliError(reason or say("error.not_allowed"), Exit.UNAUTHORISED, error_code="UNAUTHORIZED")
    return "again"


class Feed:
    """Frames of one session, across connections."""

    def __init__(
        self, target: Target, session_id: str, since: Callable[[], int | None], retry: Retry = Retry()
    ) -> None:
        self._target = target
        self._path = path_of(session_id).removeprefix("/api/v1")
        self._since = since
        self._retry = retry

    async def frames(self) -> AsyncIterator[FeedItem]:
        """Yield frames until the session's stream has ended.

        Raises:
            CliError: there is nothing to connect to, or it refuses.
        """
        failures = 0
        while True:
            before, began = self._since(), time.monotonic()
            try:
                async with self._connect() as connection:
                    async for raw in connection:
                        yield Document.parse(raw)
            except InvalidStatus as refused:
                answer = refused.response
                error = refusal(
                    answer.status_code, bytes(answer.body or b""), answer.headers.get("X-Request-Id", ""),
                    with_token=self._target.token is not None,
                )  # fmt: skip
                if answer.status_code not in _LATER or failures >= self._retry.tries:
                    raise error from refused
                reason = error.message
            except (OSError, TimeoutError, InvalidHandshake) as broken:
                if failures >= self._retry.tries or before is None:
                    # `before` is None until the first hello: whoever was never connected is told at once.
                    raise unreachable(self._target, broken) from broken
                reason = str(broken) or type(broken).__name__
            except InvalidURI as wrong:
                raise CliError(say("error.url"), Exit.USAGE) from wrong
            except ConnectionClosed as closed:
                received = closed.rcvd
                reason = received.reason if received and received.reason else str(closed)
                judge_close(received.code if received else 1006, reason)
            else:
                # The iteration ends without an exception on 1000 and 1001 only.
                reason = connection.close_reason or say("error.server_away")
                if judge_close(connection.close_code or 1006, reason) == "ended":
                    yield Ended()
                    return
            progressed = self._since() != before or time.monotonic() - began > _STEADY
            failures = 1 if progressed else failures + 1
            if failures > self._retry.tries:
                raise CliError(say("error.connection_lost", cause=reason), Exit.UNREACHABLE)
            yield Lost(reason)
            await asyncio.sleep(self._retry.delay(failures))

    def _connect(self) -> connect:
        since = self._since()
        address = self._target.websocket("/ws" + self._path) + ("" if since is None else f"?since={since}")
        return connect(
            address, additional_headers=headers(self._target), open_timeout=OPEN_TIMEOUT, close_timeout=2,
            max_size=MAX_FRAME, max_queue=256, ping_interval=20, ping_timeout=20,
            proxy=None if self._target.loopback else True,
            ssl=tls(self._target.url) if address.startswith("wss:") else None,
        )  # fmt: skip
