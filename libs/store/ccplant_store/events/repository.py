"""The outbox: lifecycle events in the order in which they are published, and as a timeline."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ccplant_contracts.events import LifecycleEvent
from ccplant_contracts.session import TimelineEntry
from ccplant_store.driver import ASC, Collection, Database
from ccplant_store.events.model import EventDoc
from ccplant_store.prompts.repository import PromptStore
from ccplant_store.reading import Reader

_STATE = "events"
_ANNOUNCED = 500
_MOST_SHOWN = 1_000
_HELD_UP_SECONDS = 60.0


class EventStore:
    """Recorded lifecycle events."""

    def __init__(self, database: Database, prompts: PromptStore) -> None:
        self._events: Collection = database.collection("session_events")
        self._state: Collection = database.collection("publisher")
        self._prompts = prompts
        self._readable = Reader(database, "session_events", EventDoc)
        self._held_up: dict[str, float] = {}
        """Until when nothing is published of a session whose next event cannot be read."""

    async def unpublished(self, limit: int) -> Sequence[LifecycleEvent]:
        """Return the oldest unpublished events; per session N always before N+1, and never without it.

        A session of which one cannot be read is left out from there on, and all others are not.
        Prompts that have no `prompt.queued` yet get it first.
        """
        await self._prompts.announce(limit=_ANNOUNCED)
        while True:
            rows = await self._events.find_snapshot(
                {"published": False, **self._without_held_up()},
                sort=[("time", ASC), ("session_id", ASC), ("sequence", ASC)],
                limit=limit,
            )
            found = [event for row in rows if (event := await self._next(row)) is not None]
            if found or len(rows) < limit:
                return found

    async def _next(self, row: Mapping[str, Any]) -> LifecycleEvent | None:
        """Return an event as it is published; None: it, or one before it, cannot be read."""
        if row["session_id"] in self._held_up:
            return None
        read = await self._readable.one(row)
        if read is None:
            self._held_up[row["session_id"]] = time.monotonic() + _HELD_UP_SECONDS
            return None
        return read.event()

    def _without_held_up(self) -> dict[str, object]:
        now = time.monotonic()
        self._held_up = {each: until for each, until in self._held_up.items() if until > now}
        return {"session_id": {"$nin": list(self._held_up)}} if self._held_up else {}

    async def mark_published(self, ids: Sequence[str]) -> None:
        """Note that the bus acknowledged these."""
        await self._events.update_many({"_id": {"$in": list(ids)}}, {"$set": {"published": True}})

    async def republish_since(self, since: datetime) -> int:
        """Have everything since then published again; return how many events that are."""
        return await self._events.update_many(
            {"time": {"$gte": since}, "published": True}, {"$set": {"published": False}}
        )

    async def stream_created(self) -> datetime | None:
        """Return the birthday of the stream that was published to."""
        state = await self._state.find_one({"_id": _STATE})
        if state is None:
            return None
        created: datetime = datetime.fromisoformat(state["stream_created"])
        return created

    async def set_stream_created(self, created: datetime) -> None:
        """Remember it, with all its digits."""
        await self._state.update_one(
            {"_id": _STATE}, {"$set": {"stream_created": created.isoformat()}}, upsert=True
        )

    async def timeline(self, session_id: str, *, limit: int = _MOST_SHOWN) -> Sequence[TimelineEntry]:
        """Return what happened to a session, in order."""
        rows = await self._events.find({"session_id": session_id}, sort=[("sequence", ASC)], limit=limit)
        return [event.entry() for event in await self._readable.all(rows)]

    async def of_owner(
        self, owner: str, *, after_id: str | None, since: datetime | None = None, limit: int
    ) -> Sequence[LifecycleEvent]:
        """Return an owner's events from the one with that id on, oldest first; None: since then, or all.

        The time of an event is at least that of its predecessor in the same session, so nothing of a session is
        passed over; a reader drops ids that it has seen.
        """
        query: dict[str, object] = {"owner": owner}
        if since is not None:
            query["time"] = {"$gte": since}
        if after_id is not None:
            last = await self._events.find_one({"_id": after_id, "owner": owner})
            if last is not None:
                query["time"] = {"$gte": last["time"]}
        rows = await self._events.find(
            query, sort=[("time", ASC), ("session_id", ASC), ("sequence", ASC)], limit=limit
        )
        return [event.event() for event in await self._readable.all(rows)]
