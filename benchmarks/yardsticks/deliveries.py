"""Sends signed deliveries as fast as they are answered, from a process of its own, and says how long each answer took.

Everything is made before the first is sent: what is measured is the receiver. A fixed number of connections sends, each
one delivery at a time, or in an open loop at a fixed rate.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import uvloop

from benchmarks.measuring.child import Parent
from benchmarks.measuring.pace import at_rate
from ccplant_webhook_ingest.signature import sign

_ANSWER_SECONDS = 30.0
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def request(path: str, body: bytes, *, delivery: str, event: str, secret: str, port: int) -> bytes:
    """Return a whole request as GitHub sends it."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nAccept: */*\r\n"
        f"X-GitHub-Delivery: {delivery}\r\nX-GitHub-Event: {event}\r\nX-GitHub-Hook-ID: 1\r\n"
        f"X-GitHub-Hook-Installation-Target-Type: repository\r\nX-Hub-Signature-256: {sign(secret, body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(connection: _Connection, content: bytes) -> int:
    """Send a request and return the status of its answer."""
    reader, writer = connection
    writer.write(content)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return int(head.split(b" ", 2)[1])


async def closed_loop(
    port: int, requests: Sequence[bytes], connections: int, status: int
) -> tuple[float, list[float]]:
    """Send all, and return the seconds that took and each answer's milliseconds."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    queue = iter(requests)
    latencies: list[float] = []

    async def send(connection: _Connection) -> None:
        for content in queue:
            began = time.perf_counter()
            got = await ask(connection, content)
            latencies.append((time.perf_counter() - began) * 1000)
            if got != status:
                raise RuntimeError(f"it answered {got}")

    began = time.perf_counter()
    await asyncio.gather(*(send(connection) for connection in opened))
    took = time.perf_counter() - began
    for _, writer in opened:
        writer.close()
    return took, latencies


async def open_loop(port: int, requests: Sequence[bytes], rate: float, status: int) -> list[float]:
    """Send all at a rate, whatever becomes of the earlier ones; return each answer's milliseconds."""
    idle: list[_Connection] = [await asyncio.open_connection("127.0.0.1", port) for _ in range(16)]
    latencies: list[float] = []

    async def send(number: int) -> None:
        began = time.perf_counter()
        connection = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        got = await ask(connection, requests[number])
        idle.append(connection)
        latencies.append((time.perf_counter() - began) * 1000)
        if got != status:
            raise RuntimeError(f"it answered {got}")

    await at_rate(rate, len(requests) / rate, send)
    for _, writer in idle:
        writer.close()
    return latencies


async def main() -> None:
    """Send what is asked for until the benchmark ends."""
    parent = await Parent.open()
    await parent.hear()
    parent.answer()
    while (order := await parent.hear()) is not None:
        requests = [
            request(
                order["path"],
                order["body"].encode(),
                delivery=f"{order['name']}-{number}",
                event=order["event"],
                secret=order["secret"],
                port=order["port"],
            )
            for number in range(order["count"])
        ]
        async with asyncio.timeout(_ANSWER_SECONDS):
            if order.get("rate"):
                latencies = await open_loop(order["port"], requests, order["rate"], order["status"])
                took = 0.0
            else:
                took, latencies = await closed_loop(
                    order["port"], requests, order["connections"], order["status"]
                )
        parent.answer(seconds=took, latencies=latencies)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
