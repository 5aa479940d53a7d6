"""One viewer: where it is in the stream, and the bounded queue of what it has still to be sent.

Two failures are made impossible here. A viewer never gets number N+1 before N, because only its own position
decides what passes. And a viewer that does not read costs a bounded amount of memory: previews are dropped
first, then it is closed with 1013 and resumes from the last number that it saw.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Literal

from ccplant_api.live.frames import Frame
from ccplant_contracts.errors import ApiError

CloseCode = Literal[1000, 1001, 1008, 1011, 1013, 4404]


class SlowReaderError(ApiError):
    """The viewer does not take what it is sent."""

    code, status = "TOO_SLOW", 503


class EndedError(ApiError):
    """The session and its transcript have their end: nothing follows."""

    code, status = "SESSION_ENDED", 410


class GoingAwayError(ApiError):
    """The gateway stops; another one takes over."""

    code, status = "GOING_AWAY", 503


@dataclass(frozen=True, slots=True)
class Close:
    """How a connection ends: an error frame, then the code."""

    code: CloseCode
    error: ApiError


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may wait for one viewer."""

    frames: int = 1_024
    size: int = 4_000_000


class Viewer:
    """The state of one connection; changed only from the event loop, never across an await."""

    def __init__(self, limits: QueueLimits | None = None) -> None:
        self.last = 0
        """The last number that was put into the queue."""
        self.live = False
        """Whether it is at the head of the stream and gets what is announced."""
        self.closing: Close | None = None
        self._limits = limits or QueueLimits()
        self._greeted = False
        self._held: dict[tuple[str, str], Frame] = {}
        self._queue: deque[Frame] = deque()
        self._size = 0
        self._ready = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._behind = asyncio.Event()

    def greet(self, hello: Frame, last: int) -> None:
        """Queue the first frame, and what changed while it was being made."""
        self.last = last
        self._push(hello)
        self._greeted = True
        for frame in self._held.values():
            self._push(frame)
        self._held.clear()

    def show_state(self, key: tuple[str, str], frame: Frame) -> None:
        """Queue a whole document; before `hello` the newest of each waits."""
        if self._greeted:
            self._push(frame)
        else:
            self._held[key] = frame

    def show_event(self, frame: Frame) -> None:
        """Queue a durable event where it is the next one; behind a gap the viewer stops being live."""
        if not self.live or frame.seq is None or frame.seq <= self.last:
            return
        if frame.seq != self.last + 1:
            self.live = False
            self._behind.set()
            return
        self._advance(frame)

    def show_delta(self, frame: Frame) -> None:
        """Queue a preview, or drop it where the queue is half full: the next chunk covers it."""
        if self.live and len(self._queue) * 2 < self._limits.frames and self._size * 2 < self._limits.size:
            self._push(frame)

    async def catch_up(self, frame: Frame, timeout: float) -> bool:
        """Queue the next event of the record as soon as there is room; False: it is not the next one."""
        if frame.seq != self.last + 1:
            return False
        if not self._room.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._room.wait()
            except TimeoutError:
                self.close(_too_slow())
        if self.closing is None:
            self._advance(frame)
        return True

    def answer(self, frame: Frame) -> None:
        """Queue what belongs to this viewer alone: a pong, an error."""
        self._push(frame)

    def close(self, close: Close) -> None:
        """End the connection once what is queued has been sent; who is too slow gets nothing more."""
        if self.closing is not None:
            return
        self.closing = close
        self.live = False
        if close.code == 1013:
            self._queue.clear()
            self._size = 0
        self._ready.set()
        self._room.set()
        self._behind.set()

    def refuse(self, error: ApiError) -> None:
        """End the connection of somebody who is let in no longer, without what still waits for him."""
        self._queue.clear()
        self._size = 0
        self.close(Close(1008, error))

    async def fell_behind(self) -> None:
        """Return when the viewer has to read the record again, or is closing."""
        await self._behind.wait()
        self._behind.clear()

    async def take(self, timeout: float) -> list[Frame]:
        """Return what is to be sent now; empty after `timeout`, or when the connection is to be closed."""
        if not self._queue and self.closing is None:
            try:
                async with asyncio.timeout(timeout):
                    await self._ready.wait()
            except TimeoutError:
                return []
        frames = list(self._queue)
        self._queue.clear()
        self._size = 0
        self._ready.clear()
        self._room.set()
        return frames

    @property
    def waiting(self) -> int:
        """How many frames are in the queue."""
        return len(self._queue)

    def _advance(self, frame: Frame) -> None:
        self.last += 1
        self._push(frame)

    def _push(self, frame: Frame) -> None:
        if self.closing is not None:
            return
        if len(self._queue) >= self._limits.frames or (
            self._queue and self._size + frame.size > self._limits.size
        ):
            self.close(_too_slow())
            return
        self._queue.append(frame)
        self._size += frame.size
        self._ready.set()
        if len(self._queue) * 2 >= self._limits.frames or self._size * 2 >= self._limits.size:
            self._room.clear()


def _too_slow() -> Close:
    return Close(
        1013,
        SlowReaderError("You read too slowly; connect again and resume from the last seq that you have."),
    )
