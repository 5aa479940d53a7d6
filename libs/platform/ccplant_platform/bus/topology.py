"""All streams and durable consumers, declared in one place, at any time and as often as one likes.

A stream may vanish with everything that it had acknowledged (a lost disk, a wiped folder); whoever misses one calls
`ensure_topology` again, and the work comes back from MongoDB and from the runners' logs. Nobody else declares a
stream: a library that declares «what it needs» overwrites limits that are set here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError

from ccplant_contracts import subjects
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)

_HOUR = 3_600.0
_DAY = 24 * _HOUR
_MB = 1024 * 1024
EVENTS_RETENTION_SECONDS = 7 * _DAY
"""How far back a subscriber of lifecycle events can go."""
_DUPLICATES_SECONDS = 10.0
"""Short: an id that was deleted still makes its repeat a duplicate, which then never arrives."""
_CHECK_SECONDS = 30.0
"""For all questions of one check: an idle server answers in milliseconds."""
_IN_USE = 10_058
"""JetStream's code for a stream that exists with another configuration."""

EVENTS_RETENTION_SECONDS = 7 * _DAY
"""How long lifecycle events stay on the bus; a stream that is new is refilled with as much."""

COMMAND_WORKERS = 16
"""Commands that one consumer may hold unacknowledged; what is fetched and waits is another replica's loss."""

STREAMS: tuple[StreamConfig, ...] = (
    StreamConfig(
        name=subjects.STREAM_COMMANDS,
        subjects=[subjects.COMMANDS],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.OLD,
        max_age=_HOUR,
        max_bytes=64 * _MB,
        storage=StorageType.FILE,
        duplicate_window=_DUPLICATES_SECONDS,
    ),
    StreamConfig(
        name=subjects.STREAM_EVENTS,
        subjects=[subjects.EVENTS],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        max_age=EVENTS_RETENTION_SECONDS,
        max_bytes=512 * _MB,
        storage=StorageType.FILE,
        duplicate_window=_DUPLICATES_SECONDS,
        allow_direct=True,
    ),
    StreamConfig(
        name=subjects.STREAM_OUTPUT,
        subjects=[subjects.OUTPUT],
        retention=RetentionPolicy.WORK_QUEUE,
        # a full stream refuses: the runner keeps what is not stored and sends it again
        discard=DiscardPolicy.NEW,
        max_age=_HOUR,
        max_bytes=256 * _MB,
        storage=StorageType.FILE,
        duplicate_window=_DUPLICATES_SECONDS,
    ),
    StreamConfig(
        name=subjects.STREAM_DEAD_LETTERS,
        subjects=[subjects.DEAD_LETTERS],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        max_age=7 * _DAY,
        max_bytes=64 * _MB,
        storage=StorageType.FILE,
        duplicate_window=_DUPLICATES_SECONDS,
        allow_direct=True,
    ),
)


@dataclass(frozen=True)
class Durable:
    """A durable pull consumer and its stream; every replica shares it."""

    stream: str
    name: str
    filter_subject: str
    ack_wait_seconds: float
    max_ack_pending: int

    def config(self) -> ConsumerConfig:
        """Return JetStream's form. Deliveries are unlimited here: the retry rule counts them and ends them."""
        return ConsumerConfig(
            durable_name=self.name,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait_seconds,
            max_deliver=-1,
            max_ack_pending=self.max_ack_pending,
            filter_subject=self.filter_subject,
        )


COMMANDS = Durable(
    subjects.STREAM_COMMANDS, subjects.COMMANDS_CONSUMER, subjects.COMMANDS, 30.0, COMMAND_WORKERS
)
OUTPUT = Durable(subjects.STREAM_OUTPUT, subjects.OUTPUT_CONSUMER, subjects.OUTPUT, 30.0, 2_048)
DURABLES: tuple[Durable, ...] = (COMMANDS, OUTPUT)


class TopologyError(Exception):
    """A stream exists in a form that cannot be changed to what is needed."""


async def ensure_topology(js: JetStreamContext, *, replicas: int = 1) -> None:
    """Make what is missing and correct what differs; concurrent callers do no harm.

    Raises:
        TopologyError: a stream's form cannot be changed (its retention was another one).
        nats.errors.Error: the bus cannot be asked now.
    """
    for stream in STREAMS:
        await _ensure_stream(js, replace(stream, num_replicas=replicas))
    for durable in DURABLES:
        await js.add_consumer(durable.stream, durable.config())


async def _ensure_stream(js: JetStreamContext, config: StreamConfig) -> None:
    try:
        await js.add_stream(config)
    except BadRequestError as error:
        if error.err_code != _IN_USE:
            raise TopologyError(f"stream {config.name} cannot be made: {error.description}") from error
        await _correct_stream(js, config)


async def _correct_stream(js: JetStreamContext, config: StreamConfig) -> None:
    try:
        await js.update_stream(config)
    except APIError as error:
        raise TopologyError(f"stream {config.name} cannot be changed: {error.description}") from error
    _log.info("stream_corrected", stream=config.name)


async def missing(js: JetStreamContext) -> list[str]:
    """Return the names of streams and ``stream/consumer`` that are not there."""
    absent = [config.name or "" for config in STREAMS if await stream_created(js, config.name or "") is None]
    for durable in DURABLES:
        try:
            await js.consumer_info(durable.stream, durable.name)
        except NotFoundError:
            absent.append(f"{durable.stream}/{durable.name}")
    return absent


async def stream_created(js: JetStreamContext, stream: str) -> datetime | None:
    """Return when a stream was made, None when it is not there: another time means another, empty stream."""
    try:
        info = await js.stream_info(stream)
    except NotFoundError:
        return None
    return info.created


async def keep_topology(
    js: JetStreamContext,
    clock: Clock,
    *,
    replicas: int = 1,
    seconds: float = 5.0,
    restored: Callable[[list[str]], None] | None = None,
) -> None:
    """Look for what vanished and make it again, until cancelled; `restored` hears what it was."""
    while True:
        await clock.sleep(seconds)
        try:
            # each question has a time limit of its own; a connection that is just lost may keep one without an answer
            async with asyncio.timeout(_CHECK_SECONDS):
                absent = await missing(js)
                if absent:
                    _log.warning("topology_missing", missing=absent)
                    await ensure_topology(js, replicas=replicas)
            if absent and restored is not None:
                restored(absent)
        except (NatsError, TimeoutError, TopologyError) as error:
            _log.warning("topology_unchecked", error=str(error) or type(error).__name__)
