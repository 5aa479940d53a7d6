"""What may be received at once, and who makes way when that is full.

Nothing is known of a sender before its body is there, so anybody may take a place, and send so slowly that it is taken for
as long as a delivery may last. A full room would keep everybody out then. So a newcomer is let in at the cost of another
that is still sending: of the address that has more places than the newcomer's, or of one that has taken its time. Of these
it is the slowest. A delivery of GitHub's is there within a moment, and has nothing to fear from those who come after it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

LARGE_BYTES = 1_000_000
_BUSY_REQUESTS = 4
_SLOW_SECONDS = 1.0
"""From then on a sender makes way to any other."""
_SLOW_BYTES_A_SECOND = 2_500_000
"""As fast as the largest delivery has to be to arrive in time: who is as fast makes way to nobody."""


class NoRoomError(Exception):
    """Too much is being received already."""


@dataclass
class Rooms:
    """What may be in memory at once, of all requests together."""

    most_requests: int
    most_bytes: int
    most_large: int
    bytes_held: int = 0
    taken: dict[Place, None] = field(default_factory=dict)
    """Of the oldest first."""
    sources: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        """How many places are taken."""
        return len(self.taken)

    @property
    def busy(self) -> bool:
        """Whether so much arrives that other work should wait for a moment."""
        return self.requests >= _BUSY_REQUESTS

    def enter(self, place: Place) -> None:
        """Give a place.

        Raises:
            NoRoomError: there is none, and nobody makes way.
        """
        if self.requests >= self.most_requests:
            self._make_way(place, self.taken)
        self.taken[place] = None
        self.sources[place.source] += 1

    def leave(self, place: Place) -> None:
        """Take it back; nothing happens where that was done."""
        if place not in self.taken:
            return
        del self.taken[place]
        self.bytes_held -= place.size
        self.sources[place.source] -= 1
        if not self.sources[place.source]:
            del self.sources[place.source]

    def hold(self, place: Place, size: int) -> None:
        """Make room for so many bytes more.

        Raises:
            NoRoomError: there is none, or this one has made way to another.
        """
        if place not in self.taken:
            raise NoRoomError
        if not place.large and place.size + size > LARGE_BYTES:
            large = [other for other in self.taken if other.large]
            if len(large) >= self.most_large:
                self._make_way(place, large)
        while self.bytes_held + size > self.most_bytes:
            self._make_way(place, self.taken)
        self.bytes_held += size
        place.size += size

    def _make_way(self, newcomer: Place, among: Iterable[Place]) -> None:
        now = time.monotonic()
        mine = self.sources[newcomer.source] + (newcomer not in self.taken)
        others = [
            place
            for place in among
            if place is not newcomer
            and place.sending
            and (self.sources[place.source] > mine or place.is_slow(now))
        ]
        if not others:
            raise NoRoomError
        slowest = min(others, key=lambda place: (-self.sources[place.source], place.speed(now)))
        self.leave(slowest)
        slowest.make_way()


@dataclass(eq=False)
class Place:
    """One request's share of the rooms; given back at its end, whatever that is."""

    rooms: Rooms
    source: str = ""
    """Where it comes from."""
    size: int = 0
    since: float = field(default_factory=time.monotonic)
    limit: asyncio.Timeout | None = None
    """While its body arrives: when that has to be over."""

    @property
    def large(self) -> bool:
        """Whether it stands in the room of the large ones."""
        return self.size > LARGE_BYTES

    @property
    def sending(self) -> bool:
        """Whether its body is still arriving; what is there is worked on, and is over in a moment."""
        return self.limit is not None

    def speed(self, now: float) -> float:
        """Return its bytes a second so far."""
        return self.size / max(now - self.since, 0.001)

    def is_slow(self, now: float) -> bool:
        """Tell whether it may be sent away for anybody else."""
        return now - self.since >= _SLOW_SECONDS and self.speed(now) < _SLOW_BYTES_A_SECOND

    def make_way(self) -> None:
        """End its reading now, as if its time were over."""
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time())

    def __enter__(self) -> Self:
        self.rooms.enter(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.rooms.leave(self)

    def leave(self) -> None:
        """Give it back before its end."""
        self.rooms.leave(self)

    def hold(self, size: int) -> None:
        """Make room for so many bytes more.

        Raises:
            NoRoomError: there is none.
        """
        self.rooms.hold(self, size)
