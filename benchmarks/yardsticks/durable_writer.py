"""The least durable relay's first half: pull from JetStream, insert by majority and journal, say so, acknowledge.

No order, no duplicates, no purge, no follow-up: what makes a chunk durable at all and nothing else. Whatever has
arrived while one insert was under way goes into the next one together.
"""

from __future__ import annotations

import asyncio
from typing import Any

from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoMessageError
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from pymongo import AsyncMongoClient, WriteConcern

from benchmarks.measuring.child import Parent
from benchmarks.yardsticks.bus import bare_connection
from ccplant_contracts.launch import BusAccess

_STREAM = "BENCH_OUTPUT"


async def main() -> None:
    """Write until the benchmark ends."""
    parent = await Parent.open()
    settings = await parent.hear() or {}
    bus = await bare_connection(BusAccess.model_validate(settings["access"]))
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(settings["mongodb_url"])
    output = client["ccplant"]["bench_output"].with_options(write_concern=WriteConcern(w="majority", j=True))
    js = bus.jetstream()
    await js.add_stream(
        StreamConfig(
            name=_STREAM,
            subjects=[settings["subject"]],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
        )
    )
    consumer = await js.pull_subscribe(settings["subject"], durable="writer")
    arrived: asyncio.Queue[Msg] = asyncio.Queue()

    async def pull() -> None:
        while True:
            try:
                for message in await consumer.fetch(1, timeout=5):
                    arrived.put_nowait(message)
            except NoMessageError:
                continue

    async def write() -> None:
        while True:
            messages = [await arrived.get()]
            while not arrived.empty():
                messages.append(arrived.get_nowait())
            await output.insert_many([{"event": message.data.decode()} for message in messages])
            for message in messages:
                await bus.publish(settings["stored"], message.data)
                await message.ack()

    tasks = [asyncio.create_task(pull()), asyncio.create_task(write())]
    parent.answer()
    ended = asyncio.create_task(parent.hear())
    await asyncio.wait({*tasks, ended}, return_when=asyncio.FIRST_COMPLETED)
    failed = [task.exception() for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await bus.close()
    await client.close()
    for error in failed:
        raise error or RuntimeError("the writer ended by itself")


if __name__ == "__main__":
    asyncio.run(main())
