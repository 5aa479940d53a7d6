"""The runner's link to the bus: one connection that always comes back.

The client library reconnects by itself, but ends for good when its credential expires or the server refuses it; then a
new client takes its place. Nothing here is buffered: what must not be lost is in the journal, and the rest may be lost.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from ccplant_contracts.launch import BusAccess
from ccplant_runner.log import RunnerLog

_CONNECT_SECONDS = 5.0
_RETRY_SECONDS = 0.5

Handler = Callable[[str, bytes], Awaitable[bytes | None]]
"""Takes the last token of the subject and the body; returns the answer, where one is due."""


class BusLink:
    """Connects, stays connected, hands on what arrives."""

    def __init__(self, access: BusAccess, name: str, log: RunnerLog) -> None:
        self._access = access
        self._name = name
        self._log = log
        self._client: Client | None = None
        self._closed = asyncio.Event()
        self._up = asyncio.Event()
        self._subscription: tuple[str, Handler] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.reconnected = asyncio.Event()
        """Set each time the bus is back; whoever waits for it clears it."""

    @property
    def connected(self) -> bool:
        """Whether messages go through now."""
        return self._client is not None and self._client.is_connected

    async def connect(self) -> None:
        """Return once connected for the first time; tries for as long as it is let."""
        await self._connect()
        self._keeper = asyncio.create_task(self._keep(), name="bus-keeper")

    async def listen(self, subject: str, handler: Handler) -> None:
        """Hand what arrives on a subject to the handler, also after the client was replaced."""
        self._subscription = (subject, handler)
        await self._subscribe()

    async def publish(self, subject: str, payload: bytes) -> None:
        """Send without hearing whether it arrived; dropped while the bus is away."""
        client = self._client
        if client is not None and client.is_connected:
            with contextlib.suppress(nats.errors.Error):
                await client.publish(subject, payload)

    async def request(
        self, subject: str, payload: bytes, timeout: float, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Ask and wait for the answer.

        Raises:
            TimeoutError: nobody answered in time, or the bus is away.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._up.wait()
                client = self._client
                if client is None:
                    raise TimeoutError
                answer = await client.request(
                    subject, payload, timeout=timeout, headers=dict(headers) if headers else None
                )
                return answer.data
        except nats.errors.Error as error:
            raise TimeoutError(f"{subject.rsplit('.', 1)[-1]}: {type(error).__name__}") from error

    async def store(self, subject: str, payload: bytes, timeout: float) -> None:
        """Publish to a stream and wait until the stream has it.

        Raises:
            TimeoutError: it has not, or nobody knows.
        """
        answer = await self.request(subject, payload, timeout)
        if b'"error"' in answer:
            raise TimeoutError(f"the output stream refused: {answer[:200].decode('utf-8', 'replace')}")

    async def wait_connected(self) -> None:
        """Return when the bus is there."""
        await self._up.wait()

    async def close(self) -> None:
        """End the connection and do not come back."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._client is not None:
            with contextlib.suppress(nats.errors.Error, TimeoutError, OSError):
                async with asyncio.timeout(2):
                    await self._client.close()

    async def _keep(self) -> None:
        while True:
            await self._closed.wait()
            self._log.warning("bus_client_replaced")
            await self._connect()
            await self._subscribe()
            self.reconnected.set()

    async def _connect(self) -> None:
        self._closed.clear()
        failures = 0
        while True:
            client = Client()
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await self._dial(client)
            except (OSError, TimeoutError, nats.errors.Error) as error:
                if failures % 20 == 0:
                    host = urlsplit(self._access.url).netloc.rpartition("@")[2]
                    self._log.warning(
                        "bus_unreachable", server=host, error=f"{type(error).__name__}: {error}"
                    )
                failures += 1
                with contextlib.suppress(Exception):
                    await client.close()
                self._closed.clear()
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._client = client
            self._up.set()
            return

    async def _dial(self, client: Client) -> None:
        access = self._access

        async def lost() -> None:
            self._up.clear()

        async def back() -> None:
            self._up.set()
            self.reconnected.set()

        async def closed() -> None:
            if client is self._client:
                self._up.clear()
                self._closed.set()

        async def failed(error: Exception) -> None:
            self._log.warning("bus_error", error=f"{type(error).__name__}: {error}")

        await client.connect(
            servers=[access.url],
            name=self._name,
            user=access.user,
            password=access.password,
            user_jwt_cb=_jwt_callback(access.jwt),
            signature_cb=_sign_callback(access.seed),
            inbox_prefix=access.inbox_prefix,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RETRY_SECONDS,  # type: ignore[arg-type]  # typed int, used as a float
            connect_timeout=2,
            ping_interval=10,
            max_outstanding_pings=2,
            disconnected_cb=lost,
            reconnected_cb=back,
            closed_cb=closed,
            error_cb=failed,
        )

    async def _subscribe(self) -> None:
        if self._subscription is None or self._client is None:
            return
        subject, handler = self._subscription

        async def arrived(message: Msg) -> None:
            answer = await handler(message.subject.rsplit(".", 1)[-1], message.data)
            if answer is not None and message.reply:
                with contextlib.suppress(nats.errors.Error):
                    await message.respond(answer)

        await self._client.subscribe(subject, cb=arrived)


def _jwt_callback(jwt: str | None) -> Callable[[], bytes] | None:
    return None if jwt is None else jwt.encode


def _sign_callback(seed: str | None) -> Callable[[str], bytes] | None:
    if seed is None:
        return None

    def sign(nonce: str) -> bytes:
        import nkeys

        key = nkeys.from_seed(seed.encode())
        return base64.b64encode(cast("bytes", key.sign(nonce.encode())))

    return sign
