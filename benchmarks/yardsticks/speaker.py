"""A stand-in runner: says what it is told to say at a given rate, with the credential of a launch and nothing more.

The real runner gathers text for some milliseconds on purpose; here the way from the bus to the viewer is measured. Each text
carries the moment of its publication on the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from benchmarks.measuring.child import Parent
from benchmarks.measuring.pace import at_rate
from ccplant_contracts.launch import BusAccess
from ccplant_contracts.stream import Delta, MessageChunk, OutputBatch, StreamEvent
from ccplant_platform.bus.connection import connect, jetstream

_WORDS = "then it runs the tests again "


async def main() -> None:
    """Speak until the benchmark ends."""
    parent = await Parent.open()
    settings = await parent.hear() or {}
    bus = await connect(BusAccess.model_validate(settings["access"]), name="speaker")
    js = jetstream(bus)

    def delta(number: int) -> bytes:
        text = f"@{time.monotonic_ns()}@ {_WORDS}"
        return Delta(message_id="bench", offset=number * 40, text=text).model_dump_json().encode()

    def batch(seq: int) -> bytes:
        text = f"@{time.monotonic_ns()}@ {_WORDS * 5}"
        event = StreamEvent(
            seq=seq,
            at=datetime.now(UTC),
            data=MessageChunk(message_id="bench", role="agent", offset=seq * 160, text=text),
        )
        whole = OutputBatch(
            session_id=settings["session_id"], launch_id=settings["launch_id"], events=(event,)
        )
        return whole.model_dump_json().encode()

    parent.answer()
    while (order := await parent.hear()) is not None:
        subject, first = order["subject"], order.get("first_seq")

        async def preview(number: int, subject: str = subject) -> None:
            await bus.publish(subject, delta(number))

        async def durable(number: int, subject: str = subject, first: int = first or 0) -> None:
            await js.publish(subject, batch(first + number))

        async def unkept(number: int, subject: str = subject) -> None:
            await bus.publish(subject, batch(number + 1))

        say = {"preview": preview, "durable": durable, "unkept": unkept}[order["kind"]]
        await at_rate(order["rate"], order["seconds"], say)
        parent.answer(count=round(order["rate"] * order["seconds"]))
    await bus.close()


if __name__ == "__main__":
    asyncio.run(main())
