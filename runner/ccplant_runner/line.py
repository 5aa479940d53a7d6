"""One client of the bus with one credential: from its first connect until it never comes back by itself.

The client library comes back from an outage, but not from the end of its credential: while it is connected it then closes
for good, and while it is away it asks for ever with what is refused for ever. Both are told here as `over`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.client import Identity, SteadyClient, client_options, is_refusal, shown
from ccplant_platform.ending import ended
from ccplant_runner.log import RunnerLog

CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 2.0


class UnreachableError(Exception):
    """Nobody answers at the address."""


class CredentialRefusedError(Exception):
    """The server does not take the credential."""


class Line:
    """One client."""

    def __init__(self, access: BusAccess, name: str, log: RunnerLog) -> None:
        self.access = access
        self._name = name
        self._log = log
        self._client = SteadyClient()
        self._using = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._subscription: Subscription | None = None
        self.up = False
        self.over = asyncio.Event()
        self.refused = False
        """Whether it is over because of its credential."""
        self.expired = False
        """Whether it is over because of the credential's age."""
        self.on_change: Callable[[bool], None] = lambda _: None
        """Called with `up` when that changed."""

    async def dial(self, timeout: float = CONNECT_SECONDS) -> None:
        """Connect.

        Raises:
            CredentialRefusedError: the server does not take the credential.
            UnreachableError: nobody answered in time.
        """
        attempt = asyncio.ensure_future(self._connect())
        over = asyncio.ensure_future(self.over.wait())
        try:
            await asyncio.wait((attempt, over), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if self.over.is_set() and self.refused:
                raise CredentialRefusedError(self._why(f"refused by {shown(self.access.url)}"))
            if self.over.is_set() or not attempt.done():
                raise UnreachableError(self._why(f"no answer from {shown(self.access.url)}"))
            await attempt
            self._changed(True)
        except (OSError, nats.errors.Error) as error:
            raise UnreachableError(f"{type(error).__name__}: {error}") from error
        finally:
            over.cancel()
            if not self.up:
                await ended([attempt])
                await self.close()

    @contextlib.contextmanager
    def use(self) -> Iterator[SteadyClient]:
        """Give the client for one request: it is not closed before that has ended."""
        self._using += 1
        self._idle.clear()
        try:
            yield self._client
        finally:
            self._using -= 1
            if not self._using:
                self._idle.set()

    async def subscribe(self, subject: str, arrived: Callable[[Msg], Awaitable[None]]) -> None:
        """Hear a subject, from the return of this on; a second time changes nothing."""
        if self._subscription is not None:
            return
        self._subscription = await self._client.subscribe(subject, cb=arrived)
        await self._client.flush()

    async def retire(self, patience: float) -> None:
        """Hear nothing new, let what is under way end, and close."""
        try:
            async with asyncio.timeout(patience):
                if self.up and self._subscription is not None:
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
                await self._first_of(self._idle, self.over)
        except (TimeoutError, nats.errors.Error) as error:
            self._log.info("bus_client_cut_off", error=type(error).__name__)
        finally:
            await self.close()

    async def close(self) -> None:
        """End it now."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.close()
        except (TimeoutError, nats.errors.Error, OSError) as error:
            self._log.info("bus_client_not_closed", error=type(error).__name__)

    async def _connect(self) -> None:
        identity = Identity(lambda: self.access)
        await self._client.connect(
            **client_options(self.access, self._name),
            user=self.access.user,
            password=self.access.password,
            user_jwt_cb=identity.jwt if self.access.jwt else None,
            signature_cb=identity.sign if self.access.jwt else None,
            error_cb=self._failed,
            disconnected_cb=self._lost,
            reconnected_cb=self._back,
            closed_cb=self._closed,
        )

    async def _failed(self, error: Exception) -> None:
        self._log.warning("bus_error", error=f"{type(error).__name__}: {error}")
        self._heed(error)
        if self.refused:
            # the library would go on with it for ever
            self._changed(False)
            self.over.set()

    async def _lost(self) -> None:
        self._changed(False)

    async def _back(self) -> None:
        self._changed(True)

    async def _closed(self) -> None:
        self._heed(self._client.last_error)
        self._changed(False)
        self.over.set()

    async def _first_of(self, *events: asyncio.Event) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    def _heed(self, error: Exception | None) -> None:
        if error is not None and is_refusal(error):
            self.refused = True
            self.expired = self.expired or "expired" in str(error).lower()

    def _changed(self, up: bool) -> None:
        if up is not self.up:
            self.up = up
            self.on_change(up)

    def _why(self, otherwise: str) -> str:
        error = self._client.last_error
        return otherwise if error is None else f"{type(error).__name__}: {error}"
