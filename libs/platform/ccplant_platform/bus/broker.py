"""FastStream, set up once: the only module that imports it, so the runner starts without its second of imports.

One rule for every consumer: acknowledge when the handler returned; after a failure wait by the number of deliveries and
try again; after the last try, or at once when the message makes no sense, keep it as a dead letter. FastStream's own
policies either throw a failed message away or try again without a pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from fast_depends.exceptions import ValidationError as ArgumentError
from faststream import AckPolicy, BaseMiddleware
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsMessage
from faststream.nats.security import NatsJWT, NatsUserPassword
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from pydantic import BaseModel, ValidationError

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.connection import (
    BusUnreachableError,
    Identity,
    access_source,
    client_options,
    shown,
)
from ccplant_platform.bus.dead_letters import bury
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.bus.topology import Durable
from ccplant_platform.metrics import MESSAGE_SECONDS, MESSAGES
from ccplant_platform.settings import BusSettings

_log = structlog.get_logger(__name__)

M = TypeVar("M", bound=BaseModel)

GRACEFUL_SECONDS = 10.0
"""How long a stop waits for running handlers; below every grace that a platform gives a process."""
_PULL_SECONDS = 5.0

_SENSELESS = (ArgumentError, ValidationError, UnicodeDecodeError)
"""A message that fails so will fail so for ever."""


@dataclass(frozen=True)
class Broker:
    """A service's consumers: declare them with `consume`, then `start`."""

    faststream: NatsBroker
    """For what only FastStream gives: the AsyncAPI document."""
    url: str
    inbox: bytes

    def consume(
        self,
        durable: Durable,
        model: type[M],
        handle: Callable[[M], Awaitable[None]],
        *,
        workers: int | None = None,
    ) -> None:
        """Give each message of a durable consumer, as a model, to `handle`, several at a time."""

        async def consumer(message: Any) -> None:
            await handle(message)

        # FastStream reads the type from here: for parsing, and for AsyncAPI
        consumer.__annotations__ = {"message": model, "return": None}
        subscribe = self.faststream.subscriber(
            durable.filter_subject,
            stream=JStream(durable.stream, declare=False),
            durable=durable.name,
            config=durable.config(),
            pull_sub=PullSub(batch_size=1, timeout=_PULL_SECONDS),
            max_workers=min(workers or durable.max_ack_pending, durable.max_ack_pending),
            inbox_prefix=self.inbox,
            ack_policy=AckPolicy.MANUAL,
            title=f"{durable.stream}/{durable.name}",
        )
        subscribe(consumer)

    async def start(self, *, timeout: float = 10.0) -> None:
        """Connect and consume; the streams must be there (`ensure_topology`).

        Raises:
            BusUnreachableError: nobody answered in time.
        """
        try:
            async with asyncio.timeout(timeout):
                await self.faststream.start()
        except TimeoutError as error:
            raise BusUnreachableError(f"the bus at {self.url} did not answer within {timeout:g} s") from error

    async def stop(self) -> None:
        """Take nothing more, let running handlers end (bounded), and leave."""
        await self.faststream.stop()


def make_broker(
    settings: BusSettings | BusAccess,
    js: JetStreamContext,
    *,
    name: str,
    inbox_prefix: str | None = None,
    backoff: Backoff | None = None,
) -> Broker:
    """Make a service's broker; `js`, of the service's own connection, takes the dead letters."""
    source = access_source(settings, name, inbox_prefix)
    access = source()
    retry = backoff or Backoff()

    def middleware(message: Any, /, *, context: Any) -> _Retry:
        return _Retry(message, context=context, js=js, backoff=retry)

    broker = NatsBroker(
        **client_options(access, f"{name}-consumers"),
        security=_security(access, Identity(source)),
        graceful_timeout=GRACEFUL_SECONDS,
        ack_policy=AckPolicy.MANUAL,
        middlewares=(middleware,),
        error_cb=_log_error,
        logger=None,
    )
    return Broker(broker, shown(access.url), f"{access.inbox_prefix}.".encode())


def _security(access: BusAccess, identity: Identity) -> NatsJWT | NatsUserPassword | None:
    if access.jwt:
        return NatsJWT(identity.jwt, identity.sign)
    if access.user and access.password:
        return NatsUserPassword(access.user, access.password)
    return None


async def _log_error(error: Exception) -> None:
    _log.warning("bus_error", connection="consumers", error=str(error) or type(error).__name__)


class _Retry(BaseMiddleware[Any, Any]):
    """The one rule, around every handler."""

    def __init__(self, message: Any, /, *, context: Any, js: JetStreamContext, backoff: Backoff) -> None:
        super().__init__(message, context=context)
        self._js = js
        self._backoff = backoff

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        meta = msg.raw_message.metadata
        with MESSAGE_SECONDS.labels(meta.stream).time():
            return await self._guarded(call_next, msg, meta.num_delivered)

    async def _guarded(self, call_next: Callable[[Any], Awaitable[Any]], msg: NatsMessage, tried: int) -> Any:
        if tried > self._backoff.limit:
            # it was delivered before and nobody lived to say why it failed
            return await self._give_up(msg, "delivered too often without an answer")
        try:
            result = await call_next(msg)
        except _SENSELESS as error:
            return await self._give_up(msg, f"not a valid message: {error}")
        except Exception as error:  # noqa: BLE001 - the rule is for whatever a handler may raise
            return await self._again(msg, tried, error)
        await msg.ack()
        self._count(msg, "done")
        return result

    async def _again(self, msg: NatsMessage, tried: int, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        delay = self._backoff.delay(tried)
        if delay is None:
            await self._give_up(msg, reason)
            return
        _log.warning(
            "message_failed", subject=msg.raw_message.subject, tried=tried, delay=delay, exc_info=error
        )
        await msg.nack(delay=delay)
        self._count(msg, "retried")

    async def _give_up(self, msg: NatsMessage, reason: str) -> None:
        raw = msg.raw_message
        _log.error("message_given_up", subject=raw.subject, tried=raw.metadata.num_delivered, reason=reason)
        try:
            await bury(self._js, raw, reason)
        except (NatsError, TimeoutError) as error:
            # not kept, so not given up: it comes again and is buried then
            _log.warning(
                "dead_letter_not_kept", subject=raw.subject, error=str(error) or type(error).__name__
            )
            await msg.nack(delay=self._backoff.cap)
            return
        await msg.reject()
        self._count(msg, "dead")

    def _count(self, msg: NatsMessage, result: str) -> None:
        MESSAGES.labels(msg.raw_message.metadata.stream, result).inc()
