"""What the runner said: numbered, masked, cut to size and on disk before anybody hears of it.

Numbers come with the registration; what is said before waits for it in memory (states of MCP servers, mostly).
A log that reached its limit closes the gate: the agent is not read any more until MongoDB took some of it, so neither
disk nor memory grows without bound while the agent, blocked on its own output, waits.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime

from ccplant_contracts.base import rfc3339
from ccplant_contracts.stream import MAX_EVENT_BYTES, MessageChunk, StreamData, ThoughtChunk
from ccplant_platform.faults import fault_point
from ccplant_platform.redaction import Redactor
from ccplant_runner.fitting import fit
from ccplant_runner.redaction import mask_event
from ccplant_runner.wal import WriteAheadLog

_MAX_HELD = 1_000


class Journal:
    """Gives numbers and keeps the log."""

    def __init__(
        self, log: WriteAheadLog, redactor: Redactor, now: Callable[[], datetime], *, limit_bytes: int
    ) -> None:
        self._log = log
        self._redactor = redactor
        self._now = now
        self._limit = limit_bytes
        self._held: list[tuple[datetime, StreamData]] = []
        self._next: int | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._progress = asyncio.Event()
        self.stored_to = 0
        self.opened = asyncio.Event()
        """Set when there are numbers: from then on what is said is logged at once."""
        self.grew = asyncio.Event()
        """Set whenever there is something to publish or something was stored."""

    @property
    def last_seq(self) -> int:
        """The last number given, 0 at first."""
        return 0 if self._next is None else self._next - 1

    @property
    def log_bytes(self) -> int:
        """Bytes on disk."""
        return self._log.size

    @property
    def full(self) -> bool:
        """Whether the agent has to wait."""
        return not self._room.is_set()

    @property
    def settled(self) -> bool:
        """Whether MongoDB holds all that was said."""
        return not self._held and self.stored_to >= self.last_seq

    def open(self, next_seq: int, stored_to: int) -> None:
        """Begin to number; called again after each later registration, which changes nothing but `stored_to`."""
        if self._next is None:
            self._next = next_seq
            self.stored_to = max(stored_to, next_seq - 1)
            held, self._held = self._held, []
            for at, data in held:
                self._write(at, data)
            self.opened.set()
        self.stored(stored_to)

    def say(self, data: StreamData) -> None:
        """Log one durable event."""
        if self._next is None:
            if len(self._held) < _MAX_HELD:
                self._held.append((self._now(), data))
            return
        self._write(self._now(), data)

    def stored(self, stored_to: int) -> None:
        """MongoDB holds everything up to this number."""
        stored_to = min(stored_to, self.last_seq)
        if stored_to <= self.stored_to:
            return
        self.stored_to = stored_to
        self._progress.set()
        self._log.drop(stored_to)
        if self._log.size < self._limit or self.settled:
            # the segment that is being written stays: it alone must not keep the agent waiting for ever
            self._room.set()
        self.grew.set()

    async def wait_settled(self) -> None:
        """Return when MongoDB holds all that was said."""
        while not self.settled:
            self._progress.clear()
            await self._progress.wait()

    async def room(self) -> None:
        """Wait until more may be logged."""
        await self._room.wait()

    def read(self, after: int, max_bytes: int) -> list[bytes]:
        """Return the JSON of the events after a number, as many as fit."""
        return self._log.read(after, max_bytes)

    def close(self) -> None:
        """Let go of the log's file."""
        self._log.close()

    def _write(self, at: datetime, data: StreamData) -> None:
        seq = self.last_seq + 1
        body: object = data.model_dump(mode="json")
        if not isinstance(data, MessageChunk | ThoughtChunk):
            # those were masked as a stream: masking again could shift their offsets
            body = mask_event(body, self._redactor)
        line = _encode(seq, at, body)
        if len(line) > MAX_EVENT_BYTES:
            line = _encode(seq, at, fit(body, MAX_EVENT_BYTES - 200))
        self._log.append(seq, line)
        self._next = seq + 1
        fault_point("runner.event.logged")
        if self._log.size >= self._limit:
            self._room.clear()
        self.grew.set()


def _encode(seq: int, at: datetime, body: object) -> bytes:
    event = {"seq": seq, "at": rfc3339(at), "data": body}
    # a lone surrogate cannot be written as UTF-8; it becomes a question mark
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
