"""One owner's lifecycle events, live: what the bus says, in the order of the record (W5).

The bus is quick and may lose; each event carries its number within its session, so a loss is seen at the next one, and
after each reconnect the record is read again. Whoever reads gets each event at least once and drops ids that it has
seen; within one connection none comes twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import orjson
import structlog
from nats.aio.msg import Msg

from ccplant_contracts.base import rfc3339
from ccplant_contracts.errors import ApiError
from ccplant_contracts.events import LifecycleEvent

_log = structlog.get_logger(__name__)

_SEEN = 10_000
_QUEUE = 2_000
_PAGE = 500


class Outbox(Protocol):
    """The record of lifecycle events."""

    async def of_owner(
        self, owner: str, *, after_id: str | None, since: datetime | None = None, limit: int
    ) -> Sequence[LifecycleEvent]:
        """Return an owner's events from the one with that id on, oldest first; None: since then."""


def event_json(event: LifecycleEvent) -> str:
    """Return an event as one line of JSON: the attributes of CloudEvents and the data."""
    body = {
        "id": event.id,
        "type": event.type,
        "session_id": event.session_id,
        "sequence": event.sequence,
        "time": rfc3339(event.time),
        "data": event.data,
    }
    return orjson.dumps(body, default=str).decode()


def parse_event(message: Msg) -> LifecycleEvent | None:
    """Read a CloudEvent in binary mode; None where it is not one of ours."""
    headers: Mapping[str, str] = message.headers or {}
    try:
        return LifecycleEvent.model_validate(
            {
                "id": headers["ce-id"],
                "type": headers["ce-type"].removeprefix("ccplant."),
                "session_id": headers["ce-subject"],
                "owner": headers.get("ce-owner", ""),
                "sequence": int(headers["ce-sequence"]),
                "time": headers["ce-time"],
                "data": orjson.loads(message.data),
            }
        )
    except (KeyError, ValueError) as error:
        _log.warning("lifecycle_event_invalid", subject=message.subject, error=type(error).__name__)
        return None


class Feed:
    """What one reader has had, and what it gets next."""

    def __init__(self, owner: str, outbox: Outbox, after_id: str | None, began: datetime) -> None:
        self._owner = owner
        self._outbox = outbox
        self._last_id = after_id
        self._began = began
        self._seen: OrderedDict[str, None] = OrderedDict()
        if after_id is not None:
            self._seen[after_id] = None
        self._sequences: dict[str, int] = {}
        self._queue: asyncio.Queue[LifecycleEvent | None] = asyncio.Queue(_QUEUE)
        self._read = after_id is not None
        self.refused = False
        """Whoever reads is let in no longer."""

    def hear(self, event: LifecycleEvent) -> None:
        """Take an event of the bus; where they come faster than they are read, the record is read later."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._read = True

    def read_again(self) -> None:
        """Note that events may have been lost."""
        self._read = True
        if self._queue.empty():
            self._queue.put_nowait(None)

    def refuse(self, error: ApiError) -> None:
        """Give nothing more: whoever reads is let in no longer."""
        del error
        self.refused = True
        self._read = False
        if self._queue.empty():
            self._queue.put_nowait(None)

    async def next(self, timeout: float) -> list[LifecycleEvent]:
        """Return what comes next; empty when nothing did in time."""
        if self._read:
            self._read = False
            return [event async for event in self._recorded()]
        try:
            async with asyncio.timeout(timeout):
                event = await self._queue.get()
        except TimeoutError:
            return []
        if event is None:
            return []
        before = self._sequences.get(event.session_id)
        if before is not None and event.sequence > before + 1:
            return [found async for found in self._recorded()] + self._fresh(event)
        return self._fresh(event)

    def _fresh(self, event: LifecycleEvent) -> list[LifecycleEvent]:
        self._sequences[event.session_id] = max(event.sequence, self._sequences.get(event.session_id, 0))
        if event.id in self._seen:
            return []
        self._seen[event.id] = None
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        self._last_id = event.id
        return [event]

    async def _recorded(self) -> AsyncIterator[LifecycleEvent]:
        """Read on in the record from the last event that was given."""
        while True:
            before = self._last_id
            page = await self._outbox.of_owner(
                self._owner, after_id=before, since=self._began if before is None else None, limit=_PAGE
            )
            for event in page:
                for fresh in self._fresh(event):
                    yield fresh
            if len(page) < _PAGE or self._last_id == before:
                return
