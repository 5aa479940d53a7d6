"""What a trigger's service says and hears on the bus: news of dispatches out, wake-ups in, and nothing that matters.

The service starts and does its work with the bus away. It keeps trying to connect; until then, and whenever a command is
lost, the orchestrator finds the dispatch by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.commands import Command
from ccplant_platform.bus.connection import BusUnreachableError, connect
from ccplant_platform.clock import Clock
from ccplant_platform.settings import BusSettings, SettingsError

_log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 3.0
_SEND_SECONDS = 2.0
_MOST_IN_FLIGHT = 500


class DispatchNews:
    """One service's connection for news."""

    def __init__(
        self, settings: BusSettings, clock: Clock, *, name: str, wake: str, lost: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._name = name
        self._wake = wake
        self._lost = lost
        self._client: Client | None = None
        self._in_flight: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether the bus is there."""
        return self._client is not None and bool(self._client.is_connected)

    def dispatch(self, queue: str, *, traceparent: str | None = None) -> None:
        """Tell the orchestrator that something waits in a queue; safe to lose."""
        if not self.connected or len(self._in_flight) >= _MOST_IN_FLIGHT:
            self._lost()
            return
        command = Command(
            name="session.dispatch", target_id=queue, issued_at=self._clock.now(), traceparent=traceparent
        )
        task = asyncio.create_task(self._publish(command))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _publish(self, command: Command) -> None:
        client = self._client
        if client is None:
            return
        try:
            await client.jetstream().publish(
                subjects.command(command.name),
                command.model_dump_json().encode(),
                timeout=_SEND_SECONDS,
                headers={"content-type": "application/json"},
            )
        except (NatsError, TimeoutError) as error:
            self._lost()
            _log.warning(
                "command_not_sent", queue=command.target_id, error=str(error) or type(error).__name__
            )

    async def run(self, on_wake: Callable[[], None]) -> None:
        """Be connected, until cancelled; `on_wake` is called for each hint, and whenever hints may have been missed."""

        async def woken(_: Msg) -> None:
            on_wake()

        while True:
            closed = asyncio.Event()

            async def on_closed(closed: asyncio.Event = closed) -> None:
                closed.set()

            try:
                client = await connect(self._settings, name=self._name, on_closed=on_closed)
            except (BusUnreachableError, SettingsError) as error:
                _log.warning("bus_not_reached", error=str(error))
                await self._clock.sleep(_AGAIN_SECONDS)
                continue
            try:
                await client.subscribe(self._wake, cb=woken)
                self._client = client
                _log.info("bus_connected")
                on_wake()
                await closed.wait()
            except NatsError as error:
                _log.warning("bus_not_reached", error=str(error) or type(error).__name__)
            finally:
                self._client = None
                await client.close()
            await self._clock.sleep(_AGAIN_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Wait for what is being sent, for a bounded time."""
        if self._in_flight:
            await asyncio.wait(set(self._in_flight), timeout=seconds)
