"""The gateway's side of the bus: commands out, hints both ways, questions to the orchestrator.

Nothing that matters is on the bus alone. So a command is sent in the background and a loss is logged, never told to the
client: the intent is written, and the resync finds it within seconds. With the bus away nothing here waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from pydantic import ValidationError

from ccplant_api.live.source import Subscription
from ccplant_contracts import subjects
from ccplant_contracts.base import Message
from ccplant_contracts.commands import Command, CommandName
from ccplant_contracts.errors import UnavailableError
from ccplant_contracts.watch import Hint
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)
_MAX_IN_FLIGHT = 2_000
_PENDING_BYTES = 16_000_000
M = TypeVar("M", bound=Message)


class GatewayBus:
    """What the gateway says and asks."""

    def __init__(self, client: Client, clock: Clock, *, command_timeout: float) -> None:
        self._client = client
        self._jetstream = client.jetstream()
        self._clock = clock
        self._timeout = command_timeout
        self._in_flight: set[asyncio.Task[None]] = set()
        self._back: set[Callable[[], None]] = set()
        self.stopping = False
        """Whether the gateway is going away; open streams end."""

    def on_back(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call this whenever the bus is back after it was away; return what ends that."""
        self._back.add(call)
        return lambda: self._back.discard(call)

    def is_back(self) -> None:
        """Tell everybody who may have missed something."""
        for call in tuple(self._back):
            call()

    @property
    def connected(self) -> bool:
        """Whether the bus is there."""
        return bool(self._client.is_connected)

    def command(self, name: CommandName, session_id: str | None, *, target: str | None = None) -> None:
        """Send the news of an intent; safe to lose. Of `session.dispatch`, `target` is the queue."""
        context = structlog.contextvars.get_contextvars()
        news = Command(
            name=name,
            session_id=session_id,
            target_id=target,
            issued_at=self._clock.now(),
            request_id=context.get("request_id"),
            traceparent=context.get("traceparent"),
        )
        self._spawn(self._publish_command(news))

    def wake(self, subject: str) -> None:
        """Tell another service that there is something to look at; safe to lose, it looks by itself as well."""
        self._spawn(self._publish_wake(subject))

    def hint(self, session_id: str, hint: Hint) -> None:
        """Tell the viewers of every gateway that a document changed; safe to lose."""
        self._spawn(self._publish_hint(session_id, hint))

    async def subscribe(self, subject: str, receive: Callable[[str, bytes], Awaitable[None]]) -> Subscription:
        """Call `receive(subject, payload)` for each message, in order."""

        async def on_message(message: Msg) -> None:
            await receive(message.subject, message.data)

        return await self._client.subscribe(subject, cb=on_message, pending_bytes_limit=_PENDING_BYTES)

    async def subscribe_messages(self, subject: str, receive: Callable[[Msg], None]) -> Subscription:
        """Call `receive(message)` for each message, headers included, in order."""

        async def on_message(message: Msg) -> None:
            receive(message)

        return await self._client.subscribe(subject, cb=on_message, pending_bytes_limit=_PENDING_BYTES)

    async def flush(self) -> None:
        """Return when the server knows of our subscriptions; with the bus away, at once (it is told on reconnect)."""
        if not self.connected:
            return
        try:
            await self._client.flush(timeout=2)
        except (NatsError, TimeoutError) as error:
            _log.warning("bus_flush_failed", error=str(error) or type(error).__name__)

    async def ask(self, subject: str, question: Message | None, kind: type[M], *, timeout: float) -> M:
        """Ask the orchestrator something.

        Raises:
            UnavailableError: nobody answers, or not sensibly.
        """
        if not self.connected:
            raise UnavailableError("The message bus cannot be reached; try again in a moment.", retry_after=2)
        payload = b"" if question is None else question.model_dump_json().encode()
        try:
            reply = await self._client.request(subject, payload, timeout=timeout)
            return kind.model_validate_json(reply.data)
        except (NatsError, TimeoutError, ValidationError) as error:
            _log.warning("bus_question_failed", subject=subject, error=str(error) or type(error).__name__)
            words = "is not there" if isinstance(error, NoRespondersError) else "does not answer"
            raise UnavailableError(
                f"The orchestrator {words}; try again in a moment.", retry_after=2
            ) from None

    async def ask_runner(self, subject: str, question: Message, *, timeout: float) -> bytes | None:
        """Ask a launch's runner something; None: no answer came in time.

        Raises:
            UnavailableError: the bus is away.
        """
        if not self.connected:
            raise UnavailableError("The message bus cannot be reached; try again in a moment.", retry_after=2)
        payload = question.model_dump_json(exclude_none=True).encode()
        try:
            reply = await self._client.request(subject, payload, timeout=timeout)
        except (NatsError, TimeoutError) as error:
            _log.info("runner_did_not_answer", subject=subject, error=type(error).__name__)
            return None
        return bytes(reply.data)

    async def drain(self, timeout: float) -> None:
        """Wait for what is being sent, for a bounded time."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=timeout)

    def _spawn(self, work: Awaitable[None]) -> None:
        if len(self._in_flight) >= _MAX_IN_FLIGHT or not self.connected:
            _close(work)
            _log.debug("bus_message_skipped", connected=self.connected)
            return
        task = asyncio.ensure_future(work)
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _publish_command(self, news: Command) -> None:
        try:
            await self._jetstream.publish(
                subjects.command(news.name),
                news.model_dump_json().encode(),
                timeout=self._timeout,
                headers={"content-type": "application/json"},
            )
        except (NatsError, TimeoutError) as error:
            _log.warning(
                "command_not_sent",
                command=news.name,
                about=news.about,
                error=str(error) or type(error).__name__,
            )

    async def _publish_wake(self, subject: str) -> None:
        try:
            await self._client.publish(subject, b"")
        except NatsError as error:
            _log.debug("wake_lost", subject=subject, error=str(error))

    async def _publish_hint(self, session_id: str, hint: Hint) -> None:
        try:
            await self._client.publish(
                subjects.watch_hint(session_id), hint.model_dump_json(exclude_none=True).encode()
            )
        except NatsError as error:
            _log.debug("hint_lost", session_id=session_id, error=str(error))


def _close(work: Awaitable[None]) -> None:
    if asyncio.iscoroutine(work):
        work.close()
