"""A process that takes part in a measurement: it gets JSON lines and answers each with one.

It ends when its input does, so none outlives the benchmark, however that ends. Secrets travel by the pipe.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

_ANSWER_SECONDS = 60.0
_END_SECONDS = 10.0
_LINE_BYTES = 1 << 24


class Child:
    """The side of the benchmark."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name
        self.first: dict[str, Any] = {}
        """What it answered to its settings."""

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    async def ask(self, **question: object) -> dict[str, Any]:
        """Send a line and return the answer.

        Raises:
            RuntimeError: the process ended instead.
            TimeoutError: no answer.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(_ANSWER_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended in the middle; what it says of it is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def child(module: str, **settings: object) -> AsyncIterator[Child]:
    """Run `python -m module` and give it its settings; it is ready when it has answered them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_BYTES,
    )  # fmt: skip
    try:
        running = Child(process, module)
        running.first = await running.ask(**settings)
        yield running
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


class Parent:
    """The side of the process."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    @classmethod
    async def open(cls) -> Parent:
        """Listen to the benchmark."""
        reader = asyncio.StreamReader(limit=_LINE_BYTES)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        return cls(reader)

    async def hear(self) -> dict[str, Any] | None:
        """Return what is asked next; None when nobody asks any more."""
        line = await self._reader.readline()
        return json.loads(line) if line else None

    @staticmethod
    def answer(**answer: object) -> None:
        """Answer the last question."""
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
