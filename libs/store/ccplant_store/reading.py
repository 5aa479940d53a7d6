"""Reading many documents of which one may be unreadable: it is told of, and keeps nobody from the others.

A newer version wrote it before somebody went back to this one, or somebody's hand did. In a page of what is due it would
stop all the rest, for everybody and for ever. What it is about waits until somebody can read it; `ccplant doctor` names it,
and so does the log, with the fields that are wrong and never with what is in them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import structlog
from pydantic import ValidationError

from ccplant_contracts.base import UtcTime
from ccplant_platform.metrics import UNREADABLE
from ccplant_store.documents import Document
from ccplant_store.driver import ASC, Collection, Database, Filter, Sort

_log = structlog.get_logger(__name__)

D = TypeVar("D", bound=Document)

SEEN_SECONDS = 24 * 3600
"""After this one that nobody met again is forgotten: it was mended, or is gone."""
_LEFT_ALONE_SECONDS = 60.0
_MOST_LEFT_ALONE = 10_000


class UnreadableDoc(Document):
    """A document that some process could not read."""

    problem: str
    seen_at: UtcTime


class UnreadableStore:
    """Those that were met in the last day."""

    def __init__(self, database: Database) -> None:
        self._unreadable: Collection = database.collection("unreadable")

    async def list(self, *, limit: int) -> Sequence[UnreadableDoc]:
        """Return them; the id is the collection's name and the document's own."""
        rows = await self._unreadable.find({}, sort=[("_id", ASC)], limit=limit)
        return [UnreadableDoc.decode(row) for row in rows]


class Reader(Generic[D]):
    """Reads documents of one collection."""

    def __init__(self, database: Database, collection: str, model: type[D]) -> None:
        self._name = collection
        self._model = model
        self._collection: Collection = database.collection(collection)
        self._unreadable: Collection = database.collection("unreadable")
        self._left_alone: dict[str, float] = {}
        """Until when those are not asked for again that could not be read."""

    async def one(self, row: Mapping[str, Any]) -> D | None:
        """Read what the driver returned; None: it is unreadable, and that is told."""
        try:
            return self._model.decode(row)
        except (ValidationError, ValueError, TypeError) as error:
            await self._tell(str(row["_id"]), _problem(error))
            return None

    async def all(self, rows: Sequence[Mapping[str, Any]]) -> list[D]:
        """Read what can be read."""
        found = [await self.one(row) for row in rows]
        return [each for each in found if each is not None]

    async def find(
        self, query: Filter, *, sort: Sort, limit: int, projection: Mapping[str, Any] | None = None
    ) -> list[D]:
        """Return the first of those that can be read; however many cannot, they take no place of others."""
        while True:
            known = self._unreadable_now()
            asked = {"$and": [query, {"_id": {"$nin": known}}]} if known else query
            rows = await self._collection.find(asked, sort=sort, limit=limit, projection=projection)
            found = await self.all(rows)
            if len(found) == len(rows) or len(rows) < limit or len(known) >= _MOST_LEFT_ALONE:
                return found

    def _unreadable_now(self) -> list[str]:
        now = time.monotonic()
        self._left_alone = {each: until for each, until in self._left_alone.items() if until > now}
        return list(self._left_alone)

    async def _tell(self, document_id: str, problem: str) -> None:
        now = time.monotonic()
        if self._left_alone.get(document_id, now) > now:
            return  # told a moment ago
        if len(self._unreadable_now()) < _MOST_LEFT_ALONE:
            self._left_alone[document_id] = now + _LEFT_ALONE_SECONDS
        UNREADABLE.labels(self._name).inc()
        _log.error("document_unreadable", collection=self._name, document_id=document_id, problem=problem)
        await self._unreadable.update_one(
            {"_id": f"{self._name}:{document_id}"},
            {"$set": {"problem": problem}, "$currentDate": {"seen_at": True}},
            upsert=True,
        )


def _problem(error: Exception) -> str:
    """Name the fields that are wrong; their values may be anybody's secrets."""
    if not isinstance(error, ValidationError):
        return type(error).__name__
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))}: {each['type']}"
        for each in error.errors(include_input=False, include_context=False, include_url=False)[:5]
    )
