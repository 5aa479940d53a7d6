"""Pages of a list: which query, which order, and a cursor that goes on exactly where the last page ended; pure.

Ties are broken by id in the direction of the sort, so that the index gives the order alone and no session is shown
twice or left out because two were created in the same millisecond.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from ccplant_contracts.status import FINAL, Status
from ccplant_store.errors import InvalidCursorError
from ccplant_store.sessions.model import SessionListing

SortField = Literal["started_at", "updated_at"]
Order = Literal["asc", "desc"]
T = TypeVar("T")

TOTAL_CAP = 10_000
MOST_WORDS = 8
_FIELD: dict[SortField, str] = {"started_at": "created_at", "updated_at": "updated_at"}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    total: int
    """Exact up to 10,000, then 10,000."""
    total_capped: bool
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a client asked for."""

    owner: str
    status: Status | None = None
    ended: bool = False
    """Whatever its end was; goes before `status`."""
    name: str | None = None
    words: str | None = None
    """Each of these words is somewhere in the name or the id, in whatever case."""
    include_deleted: bool = False
    sort: SortField = "started_at"
    order: Order = "desc"
    limit: int = 50
    offset: int = 0
    cursor: str | None = None

    @property
    def field(self) -> str:
        """The document's field that gives the order."""
        return _FIELD[self.sort]

    def filter(self) -> dict[str, Any]:
        """Return what a session of this list is.

        All but `words` are equalities, so that an index keeps the order. Words are looked for in the middle of names
        too, which no index finds: they are checked on the one owner's sessions, in the list's order, within the
        time limit of every call.
        """
        query: dict[str, Any] = {
            "owner": self.owner,
            "deleted": {"$in": [False, True]} if self.include_deleted else False,
        }
        if self.ended:
            query["status"] = {"$in": sorted(status.value for status in FINAL)}
        elif self.status is not None:
            query["status"] = self.status.value
        if self.name is not None:
            query["name"] = self.name
        if self.words is not None and (words := self.words.split()[:MOST_WORDS]):
            query["$and"] = [{"$or": [{"name": found}, {"_id": found}]} for found in map(_somewhere, words)]
        return query

    def page_filter(self) -> dict[str, Any]:
        """Return the same with what the cursor says."""
        query = self.filter()
        if self.cursor is not None:
            at, last = decode_cursor(self.cursor, self.sort, self.order)
            beyond = "$lt" if self.order == "desc" else "$gt"
            # the range alone bounds the index; the rest is checked on its keys
            query[self.field] = {f"{beyond}e": at}
            query["$or"] = [{self.field: {beyond: at}}, {"_id": {beyond: last}}]
        return query

    def ordering(self) -> list[tuple[str, int]]:
        """Return the order."""
        direction = -1 if self.order == "desc" else 1
        return [(self.field, direction), ("_id", direction)]

    def cursor_after(self, last: SessionListing) -> str:
        """Return the cursor of the page after the one that ends with `last`."""
        at = last.created_at if self.sort == "started_at" else last.updated_at
        return encode_cursor(at, last.id, self.sort, self.order)


def _somewhere(word: str) -> dict[str, str]:
    return {"$regex": re.escape(word), "$options": "i"}


def encode_cursor(at: datetime, last_id: str, sort: SortField, order: Order) -> str:
    """Write a cursor."""
    raw = json.dumps([sort, order, round(at.timestamp() * 1000), last_id], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, sort: SortField, order: Order) -> tuple[datetime, str]:
    """Read a cursor.

    Raises:
        InvalidCursorError: it is not one, or one of a list in another order.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        made_for, direction, at, last = json.loads(raw)
        if (made_for, direction) != (sort, order) or type(at) is not int or type(last) is not str:
            raise InvalidCursorError("the cursor belongs to a list in another order")
        return datetime.fromtimestamp(at / 1000, UTC), last
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error) as error:
        raise InvalidCursorError("the cursor is not one of this list") from error
