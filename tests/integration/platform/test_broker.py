"""The one retry rule, against a real server: nothing is lost, nothing is tried without a pause or for ever."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from nats.js import JetStreamContext
from nats.js.errors import APIError

from ccplant_contracts import subjects
from ccplant_contracts.commands import Command
from ccplant_platform.bus import dead_letters
from ccplant_platform.bus.broker import Broker, make_broker
from ccplant_platform.bus.connection import BusUnreachableError, connect, jetstream
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.bus.topology import COMMANDS, STREAMS, ensure_topology
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

BACKOFF = Backoff(base=0.2, factor=2.0, cap=0.5, floor=0.1, limit=3)
Handler = Callable[[Command], Awaitable[None]]
Consume = Callable[[Handler], Awaitable[Broker]]


def command(session: str = "session-a") -> Command:
    return Command(name="session.launch", session_id=session, issued_at=datetime.now(UTC))


@pytest.fixture
async def js(nats_server: NatsServer) -> AsyncIterator[JetStreamContext]:
    client = await connect(nats_server.access("orchestrator"), name="orchestrator")
    context = jetstream(client)
    await ensure_topology(context)
    yield context
    await client.close()


@pytest.fixture
async def consume(nats_server: NatsServer, js: JetStreamContext) -> AsyncIterator[Consume]:
    started: list[Broker] = []

    async def start(handle: Handler) -> Broker:
        broker = make_broker(nats_server.settings("orchestrator"), js, name="orchestrator", backoff=BACKOFF)
        broker.consume(COMMANDS, Command, handle, workers=4)
        started.append(broker)
        await broker.start()
        return broker

    yield start
    for broker in started:
        await broker.stop()


async def publish(js: JetStreamContext, body: bytes, headers: dict[str, str] | None = None) -> None:
    await js.publish(subjects.command("session.launch"), body, headers=headers)


async def waiting(js: JetStreamContext) -> int:
    return (await js.stream_info(subjects.STREAM_COMMANDS)).state.messages


async def test_a_handled_command_is_gone_and_arrived_once(js: JetStreamContext, consume: Consume) -> None:
    seen: list[str] = []

    async def handle(news: Command) -> None:
        seen.append(news.about)

    await consume(handle)
    for number in range(20):
        await publish(js, command(f"session-{number}").model_dump_json().encode())
    await eventually(lambda: len(seen) == 20)

    async def drained() -> bool:
        return await waiting(js) == 0

    await eventually(drained)
    assert sorted(seen) == sorted(f"session-{number}" for number in range(20))
    assert await dead_letters.count(js) == 0


async def test_a_failed_command_comes_again_after_a_pause_and_can_succeed(
    js: JetStreamContext, consume: Consume
) -> None:
    tries: list[float] = []

    async def handle(news: Command) -> None:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) < 3:
            raise RuntimeError("not yet")

    await consume(handle)
    await publish(js, command().model_dump_json().encode())

    async def drained() -> bool:
        return len(tries) == 3 and await waiting(js) == 0

    await eventually(drained)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert all(pause >= BACKOFF.floor * 0.9 for pause in pauses)
    assert await dead_letters.count(js) == 0


async def test_after_the_last_try_it_is_a_dead_letter_that_can_be_sent_again(
    js: JetStreamContext, consume: Consume
) -> None:
    tries = 0
    mended = False

    async def handle(news: Command) -> None:
        nonlocal tries
        tries += 1
        if not mended:
            raise RuntimeError("the cause\nof it")

    await consume(handle)
    body = command().model_dump_json().encode()
    await publish(js, body, {"Ccplant-Note": "kept", "Nats-Expected-Stream": subjects.STREAM_COMMANDS})
    (letter,) = await eventually(lambda: dead_letters.newest(js))
    assert tries == BACKOFF.limit
    assert (letter.body, letter.reason, letter.deliveries) == (
        body,
        "RuntimeError: the cause of it",
        BACKOFF.limit,
    )
    assert letter.subject == subjects.command("session.launch")
    assert letter.source == f"{subjects.STREAM_COMMANDS}.{subjects.COMMANDS_CONSUMER}"
    assert letter.headers["Ccplant-Note"] == "kept"
    assert "Nats-Expected-Stream" not in letter.headers
    await eventually(lambda: _is_empty(js))

    mended = True
    assert await dead_letters.send_again(js, letter.seq)
    await eventually(lambda: tries == BACKOFF.limit + 1)
    await eventually(lambda: _is_empty(js))
    assert await dead_letters.count(js) == 0
    assert not await dead_letters.send_again(js, letter.seq)


async def _is_empty(js: JetStreamContext) -> bool:
    return await waiting(js) == 0


@pytest.mark.parametrize("body", [b"not json", b'{"name": "no.such"}', b"\xff\xfe", b"[]", b""])
async def test_what_makes_no_sense_is_a_dead_letter_at_once(
    js: JetStreamContext, consume: Consume, body: bytes
) -> None:
    called = False

    async def handle(news: Command) -> None:
        nonlocal called
        called = True

    await consume(handle)
    await publish(js, body)
    (letter,) = await eventually(lambda: dead_letters.newest(js))
    assert (letter.body, letter.deliveries) == (body, 1)
    assert letter.reason.startswith("not a valid message")
    assert not called
    await eventually(lambda: _is_empty(js))


async def test_a_command_that_kills_its_consumer_is_not_tried_for_ever(
    js: JetStreamContext, consume: Consume
) -> None:
    """Deliveries that nobody answered count as tries."""
    await publish(js, command().model_dump_json().encode())
    puller = await js.pull_subscribe_bind(
        COMMANDS.name, COMMANDS.stream, inbox_prefix=f"{subjects.inbox_prefix('orchestrator')}.".encode()
    )
    for _ in range(BACKOFF.limit):
        (message,) = await puller.fetch(1, timeout=5)
        await message.nak()
    called = False

    async def handle(news: Command) -> None:
        nonlocal called
        called = True

    await consume(handle)
    (letter,) = await eventually(lambda: dead_letters.newest(js))
    assert letter.deliveries == BACKOFF.limit + 1
    assert not called


async def test_what_cannot_be_buried_is_kept(js: JetStreamContext, consume: Consume) -> None:
    await js.delete_stream(subjects.STREAM_DEAD_LETTERS)
    tries = 0

    async def handle(news: Command) -> None:
        nonlocal tries
        tries += 1
        raise RuntimeError("no")

    await consume(handle)
    await publish(js, command().model_dump_json().encode())
    await eventually(lambda: tries == BACKOFF.limit)
    assert await waiting(js) == 1
    with pytest.raises(APIError):
        await js.stream_info(subjects.STREAM_DEAD_LETTERS)
    await ensure_topology(js)
    (letter,) = await eventually(lambda: dead_letters.newest(js), timeout=20)
    assert letter.deliveries > BACKOFF.limit


async def test_consuming_goes_on_after_the_bus_lost_everything(
    nats_server: NatsServer, js: JetStreamContext, consume: Consume
) -> None:
    seen: list[str] = []

    async def handle(news: Command) -> None:
        seen.append(news.about)

    await consume(handle)
    nats_server.wipe()

    async def declared() -> bool:
        try:
            await ensure_topology(js)
        except (APIError, TimeoutError):
            return False
        return True

    await eventually(declared, timeout=20, interval=0.2)
    await publish(js, command("session-after").model_dump_json().encode())
    await eventually(lambda: seen == ["session-after"], timeout=30)


async def test_a_stop_waits_for_the_handler_that_runs(js: JetStreamContext, consume: Consume) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handle(news: Command) -> None:
        begun.set()
        await go_on.wait()
        done.set()

    broker = await consume(handle)
    await publish(js, command().model_dump_json().encode())
    await asyncio.wait_for(begun.wait(), 10)
    stop = asyncio.create_task(broker.stop())
    go_on.set()
    await asyncio.wait_for(stop, 10)
    assert done.is_set()
    await eventually(lambda: _is_empty(js))


async def test_a_broker_without_a_bus_says_so(nats_server: NatsServer, js: JetStreamContext) -> None:
    broker = make_broker(nats_server.settings("orchestrator"), js, name="orchestrator")
    nats_server.kill()
    with pytest.raises(BusUnreachableError, match="did not answer"):
        await broker.start(timeout=0.5)
    nats_server.start()
    await broker.stop()


def test_every_stream_that_is_consumed_is_declared_once() -> None:
    assert len({stream.name for stream in STREAMS}) == len(STREAMS)
    assert COMMANDS.stream in {stream.name for stream in STREAMS}
