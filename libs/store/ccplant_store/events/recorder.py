"""Recording events in the transaction of what they tell about.

The number comes from the session's document in that same transaction: two events of a session can never share one,
none is left out, and N is visible before N+1. Their times never go back, whatever the machines' clocks say, so the
order by time is the order by number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ccplant_contracts.ids import new_event_id
from ccplant_store.documents import Raw
from ccplant_store.driver import Collection, Transaction
from ccplant_store.errors import TombstonedError
from ccplant_store.events.model import EventDoc, NewEvent

_LONGEST_TEXT = 10_000


class EventRecorder:
    """Writes events; used by every repository whose changes are told about."""

    def __init__(self, sessions: Collection, events: Collection) -> None:
        self._sessions = sessions
        self._events = events

    async def append(
        self,
        transaction: Transaction,
        session_id: str,
        events: Sequence[NewEvent],
        *,
        at: datetime,
        increments: Mapping[str, int] | None = None,
    ) -> Raw:
        """Record events of a session, and return its document as it is then.

        Raises:
            TombstonedError: the session is gone; the transaction has to be given up.
        """
        session = await self._sessions.find_one_and_update(
            {"_id": session_id},
            {
                "$inc": {"event_seq": len(events), **(increments or {})},
                "$max": {"event_at": at, "updated_at": at},
            },
            projection={"config": 0},
            transaction=transaction,
        )
        if session is None:
            raise TombstonedError(f"{session_id} is gone")
        await self.insert(transaction, session, events)
        return session

    async def insert(self, transaction: Transaction, session: Raw, events: Sequence[NewEvent]) -> None:
        """Write events whose numbers were just taken from `session`, which is the document after that."""
        if not events:
            return
        await self._events.insert_many(number(session, events), transaction=transaction)


def bounded(data: Mapping[str, Any]) -> dict[str, Any]:
    """Cut texts that came from a runner: one event that the bus does not take would hold up all that follow; pure."""
    return {
        name: f"{value[:_LONGEST_TEXT]}…" if isinstance(value, str) and len(value) > _LONGEST_TEXT else value
        for name, value in data.items()
    }


def number(session: Raw, events: Sequence[NewEvent]) -> list[Raw]:
    """Return events as documents: the last has the session's `event_seq`; pure but for their ids."""
    first = session["event_seq"] - len(events) + 1
    return [
        EventDoc(
            id=new_event_id(),
            type=event.type,
            session_id=session["_id"],
            owner=session["owner"],
            sequence=first + index,
            time=session["event_at"],
            data=bounded(event.data),
            traceparent=event.traceparent,
        ).encode()
        for index, event in enumerate(events)
    ]
