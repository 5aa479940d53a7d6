"""The outbox: lifecycle events in the order in which they are published, and as a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ccplant_contracts.events import LifecycleEvent
from ccplant_contracts.session import TimelineEntry
from ccplant_store.driver import ASC, Collection, Database
from ccplant_store.events.model import EventDoc
from ccplant_store.prompts.repository import PromptStore

_STATE = "events"
_ANNOUNCED = 500
_MOST_SHOWN = 1_000


class EventStore:
    """Recorded lifecycle events."""

    def __init__(self, database: Database, prompts: PromptStore) -> None:
        self._events: Collection = database.collection("session_events")
        self._state: Collection = database.collection("publisher")
        self._prompts = prompts

    async def unpublished(self, limit: int) -> Sequence[LifecycleEvent]:
        """Return the oldest unpublished events; per session N always before N+1, and never without it.

        Prompts that have no `prompt.queued` yet get it first.
        """
        await self._prompts.announce(limit=_ANNOUNCED)
        rows = await self._events.find_snapshot(
            {"published": False},
            sort=[("time", ASC), ("session_id", ASC), ("sequence", ASC)],
            limit=limit,
        )
        return [EventDoc.decode(row).event() for row in rows]

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
        return [EventDoc.decode(row).entry() for row in rows]

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
        return [EventDoc.decode(row).event() for row in rows]
