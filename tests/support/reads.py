"""What queries read, as the server counts it: the queries that a repository really sends, not copies of them in a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ccplant_store import Store

_MOST = 1_000
_READING = ("query", "command", "getmore", "update", "remove")


@dataclass(frozen=True, slots=True)
class Read:
    """One operation on a collection."""

    op: str
    plan: str
    """Which index was used, by its keys."""
    keys: int
    documents: int


@asynccontextmanager
async def reads_of(store: Store, collection: str) -> AsyncIterator[list[Read]]:
    """Note what is done on a collection meanwhile; the list is filled when the block ends."""
    found: list[Read] = []
    profile = store.database.collection("system.profile")
    await store.database.command({"profile": 2})
    try:
        yield found
    finally:
        await store.database.command({"profile": 0})
        rows = await profile.find({"op": {"$in": list(_READING)}}, sort=[("ts", 1)], limit=_MOST)
        await store.database.command({"drop": "system.profile"})
    found.extend(
        Read(
            op=row["op"],
            plan=row.get("planSummary", ""),
            keys=row.get("keysExamined", 0),
            documents=row.get("docsExamined", 0),
        )
        for row in rows
        if row["ns"].endswith(f".{collection}") and row.get("planSummary")
    )
