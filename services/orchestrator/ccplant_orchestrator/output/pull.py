"""A pull consumer that is always asked: messages arrive as they come, and a vanished stream is noticed.

nats-py's `fetch` waits for a batch to fill or costs a round trip per message. Here one standing request is kept with
the server (JetStream's documented ``CONSUMER.MSG.NEXT``) and renewed before it runs dry. The server's idle heartbeats
tell a quiet stream from one that is gone: when they stay away, the topology is declared again, and the runners'
logs refill it. A request also goes with its connection, so each reconnect is followed by a new one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

_log = structlog.get_logger(__name__)

_EXPIRES_SECONDS = 30
_HEARTBEAT_SECONDS = 5
_SILENCE_SECONDS = 12
"""Two heartbeats and some: then the request or its consumer is gone."""
_LOOK_SECONDS = 1
_HEARTBEAT = "100"
_REQUEST_ENDED = ("404", "408")
"""No message was there, or the request expired: ask again."""


class StandingPull:
    """Keeps a pull request open and hands each message to `handle`, which must return at once."""

    def __init__(
        self,
        client: Client,
        stream: str,
        consumer: str,
        handle: Callable[[Msg], None],
        *,
        restore: Callable[[], Awaitable[None]],
        room: Callable[[], Awaitable[None]],
        batch: int = 128,
    ) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._handle = handle
        self._restore = restore
        self._room = room
        self._batch = batch
        self._left = 0
        self._ask = asyncio.Event()
        self._heard = False
        self._missing = False

    async def run(self) -> None:
        """Pull until cancelled."""
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox, cb=self._arrived)
        try:
            while True:
                await self._room()
                await self._request(inbox)
                await self._until_dry()
        finally:
            try:
                await subscription.unsubscribe()
            except NatsError:
                _log.debug("unsubscribe_failed", subject=self._subject)

    async def _request(self, inbox: str) -> None:
        self._ask.clear()
        self._left = self._batch
        body = {
            "batch": self._batch,
            "expires": _EXPIRES_SECONDS * 10**9,
            "idle_heartbeat": _HEARTBEAT_SECONDS * 10**9,
        }
        try:
            await self._client.publish(self._subject, json.dumps(body).encode(), reply=inbox)
        except NatsError as error:
            _log.warning("pull_request_failed", subject=self._subject, error=str(error))
            await asyncio.sleep(1)

    async def _until_dry(self) -> None:
        silent, connection = 0, self._client.stats["reconnects"]
        while not self._ask.is_set():
            self._heard = False
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._ask.wait()
            except TimeoutError:
                if self._client.stats["reconnects"] != connection:
                    return
                silent = 0 if self._heard else silent + _LOOK_SECONDS
                self._missing = self._missing or silent >= _SILENCE_SECONDS
            if self._missing:
                await self._revive()
                return

    async def _revive(self) -> None:
        self._missing = False
        if not self._client.is_connected:
            await asyncio.sleep(1)
            return
        try:
            await self._restore()
        except (NatsError, TimeoutError) as error:
            _log.warning("stream_restore_failed", subject=self._subject, error=str(error))
        except Exception:  # noqa: BLE001 - logged; a stream that cannot be made now must not end the pulling
            _log.exception("stream_restore_failed", subject=self._subject)
        await asyncio.sleep(1)

    async def _arrived(self, message: Msg) -> None:
        self._heard = True
        status = (message.headers or {}).get("Status")
        if status is None:
            self._left -= 1
            if self._left <= self._batch // 4:
                self._ask.set()
            self._handle(message)
        elif status in _REQUEST_ENDED:
            self._ask.set()
        elif status != _HEARTBEAT:
            # 409: the consumer is gone or its leader changed; 503: nobody answers for this stream
            self._missing = True
            self._ask.set()
