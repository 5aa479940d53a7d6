"""The output stream in MongoDB, keyed by session and number.

The key makes a repeat harmless and order irrelevant: whatever arrives twice or late lands where it belongs. An
event is kept as JSON text, because tool calls carry keys and numbers that documents cannot hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from ccplant_contracts.stream import STREAM_EVENT, StreamEvent
from ccplant_store.driver import ASC, DESC, Collection, Database
from ccplant_store.errors import TombstonedError
from ccplant_store.tombstones import TombstoneStore


def output_id(session_id: str, seq: int) -> str:
    """Return the key of an event; the order of keys is the order of numbers."""
    return f"{session_id}:{seq:012d}"


def output_range(session_id: str) -> dict[str, object]:
    """Return the query for everything of a session; ``;`` is the character after ``:``."""
    return {"_id": {"$gte": f"{session_id}:", "$lt": f"{session_id};"}}


class OutputStore:
    """Durable output."""

    def __init__(self, database: Database, tombstones: TombstoneStore) -> None:
        self._output: Collection = database.collection("output")
        self._tombstones = tombstones

    async def insert(self, session_id: str, events: Sequence[StreamEvent]) -> int:
        """Store events, in any order, whatever is there already; return how many were new.

        Raises:
            TombstonedError: the session was purged; nothing of these remains.
        """
        if not events:
            return 0
        inserted = await self._output.insert_missing(
            [
                {
                    "_id": output_id(session_id, event.seq),
                    "schema_version": 1,
                    "seq": event.seq,
                    "type": event.data.type,
                    "event": event.model_dump_json(exclude_defaults=False),
                }
                for event in events
            ]
        )
        # Looked at afterwards: a purge writes its tombstone first and deletes then, so that either its deletion sees
        # these events or this look sees its tombstone.
        if await self._tombstones.exists(session_id):
            await self._output.delete_many(output_range(session_id))
            raise TombstonedError(f"{session_id} was purged")
        return inserted

    async def read(
        self, session_id: str, after: int, *, limit: int, up_to: int | None = None
    ) -> Sequence[StreamEvent]:
        """Return stored events with `after` < seq ≤ `up_to`, ascending, at most `limit`."""
        bound = f"{session_id};" if up_to is None else output_id(session_id, up_to + 1)
        rows = await self._output.find(
            {"_id": {"$gt": output_id(session_id, after), "$lt": bound}},
            projection={"event": 1},
            sort=[("_id", ASC)],
            limit=limit,
        )
        return [STREAM_EVENT.validate_json(row["event"]) for row in rows]

    async def contiguous_after(self, session_id: str, stored_to: int, *, limit: int) -> Sequence[StreamEvent]:
        """Return the events that follow `stored_to` without a gap."""
        events = await self.read(session_id, stored_to, limit=limit)
        prefix: list[StreamEvent] = []
        for expected, event in enumerate(events, start=stored_to + 1):
            if event.seq != expected:
                break
            prefix.append(event)
        return prefix

    async def last_seq(self, session_id: str) -> int:
        """Return the highest number that is stored, gaps or not; 0 where nothing is."""
        rows = await self._output.find(
            output_range(session_id), projection={"seq": 1}, sort=[("_id", DESC)], limit=1
        )
        return int(rows[0]["seq"]) if rows else 0
