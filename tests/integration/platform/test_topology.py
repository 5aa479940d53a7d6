"""Streams and consumers can be declared at any time and vanish at any time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import APIError

from ccplant_contracts import subjects
from ccplant_platform.bus.connection import jetstream
from ccplant_platform.bus.topology import (
    DURABLES,
    STREAMS,
    TopologyError,
    ensure_topology,
    keep_topology,
    missing,
    stream_created,
)
from ccplant_platform.ending import ended
from tests.support.clock import FakeClock
from tests.support.servers import Connect, NatsServer
from tests.support.waiting import eventually


async def test_declaring_again_and_at_once_changes_nothing(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access("orchestrator"), name="orchestrator")
    js = jetstream(client)
    await asyncio.gather(*(ensure_topology(js) for _ in range(5)))
    await js.publish(subjects.command("session.launch"), b"{}")
    created = await stream_created(js, subjects.STREAM_COMMANDS)
    await ensure_topology(js)
    assert await stream_created(js, subjects.STREAM_COMMANDS) == created
    assert (await js.stream_info(subjects.STREAM_COMMANDS)).state.messages == 1
    assert await missing(js) == []


async def test_limits_that_somebody_changed_are_corrected(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="x")
    js = jetstream(client)
    output = next(stream for stream in STREAMS if stream.name == subjects.STREAM_OUTPUT)
    await js.add_stream(replace(output, discard=DiscardPolicy.OLD, max_bytes=1_000, max_age=60.0))
    await ensure_topology(js)
    config = (await js.stream_info(subjects.STREAM_OUTPUT)).config
    assert (config.discard, config.max_bytes, config.max_age) == (
        DiscardPolicy.NEW,
        output.max_bytes,
        output.max_age,
    )


async def test_a_stream_of_another_nature_is_told_by_name(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="x")
    js = jetstream(client)
    wrong = StreamConfig(
        name=subjects.STREAM_COMMANDS, subjects=[subjects.COMMANDS], retention=RetentionPolicy.LIMITS
    )
    await js.add_stream(wrong)
    with pytest.raises(TopologyError, match=subjects.STREAM_COMMANDS):
        await ensure_topology(js)


async def test_what_vanished_is_made_again(
    connect_bus: Connect, nats_server: NatsServer, clock: FakeClock
) -> None:
    client = await connect_bus(nats_server.access("orchestrator"), name="orchestrator")
    js = jetstream(client)
    await ensure_topology(js)
    restored: list[list[str]] = []
    keeper = asyncio.create_task(keep_topology(js, clock, seconds=5, restored=restored.append))
    durable = DURABLES[0]
    await js.delete_consumer(durable.stream, durable.name)
    await clock.advance(5)
    await eventually(lambda: restored == [[f"{durable.stream}/{durable.name}"]])

    nats_server.wipe()

    async def all_back() -> bool:
        await clock.advance(5)
        if len(restored) < 2:
            return False
        async with asyncio.timeout(10):
            return await missing(js) == []

    await eventually(all_back, timeout=40, interval=0.1)
    assert len(restored[1]) == len(STREAMS) + len(DURABLES)
    # its next look may be under way, and the client's own wait can swallow a cancellation
    await ended([keeper])


async def test_a_full_output_stream_refuses_and_keeps_what_it_has(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="x")
    js = jetstream(client)
    await ensure_topology(js)
    output = next(stream for stream in STREAMS if stream.name == subjects.STREAM_OUTPUT)
    await js.update_stream(replace(output, max_bytes=2_000))
    subject = subjects.runner_out("l1", "events")
    await js.publish(subject, b"1" * 1_000)
    with pytest.raises(APIError, match="maximum bytes"):
        await js.publish(subject, b"2" * 1_000)
    kept = await js.get_msg(subjects.STREAM_OUTPUT, 1)
    assert kept.data == b"1" * 1_000


async def test_the_streams_fit_into_the_servers_storage(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    client = await connect_bus(nats_server.access(), name="x")
    js = jetstream(client)
    await ensure_topology(js)
    assert sum(stream.max_bytes or 0 for stream in STREAMS) < 4 * 1024**3
