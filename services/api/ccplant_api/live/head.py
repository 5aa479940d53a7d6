"""The head of one session's stream as this gateway knows it: pure, so that any order of news can be tried.

Announcements may be lost, repeated, late, or carry no events. Whatever comes, `take` hands out each number
once and in order, or says that the record has to be read.
"""

from __future__ import annotations

from collections.abc import Sequence

from ccplant_contracts.stream import StreamEvent
from ccplant_contracts.watch import Stored


class Head:
    """How far the stream was passed on, and how far it is stored."""

    def __init__(self, passed: int) -> None:
        self.passed = passed
        self.stored = passed
        self.closed = False

    @property
    def behind(self) -> bool:
        """Whether the record holds more than was passed on."""
        return self.stored > self.passed

    @property
    def ended(self) -> bool:
        """Whether everything was passed on and nothing follows."""
        return self.closed and not self.behind

    def hear(self, news: Stored) -> list[StreamEvent]:
        """Return the events of an announcement that can be passed on now."""
        self.stored = max(self.stored, news.stored_to)
        self.closed = self.closed or news.closed
        return self.read([event for event in news.events if event.seq <= news.stored_to])

    def read(self, events: Sequence[StreamEvent]) -> list[StreamEvent]:
        """Return those of the events that come next, without a gap."""
        next_ones: list[StreamEvent] = []
        for event in events:
            if event.seq == self.passed + 1:
                next_ones.append(event)
                self.passed = event.seq
        self.stored = max(self.stored, self.passed)
        return next_ones
