"""Idempotency keys: a request that is repeated gets what the first one made.

The key is inserted in the transaction of what it protects, so there is no moment at which one exists without the other.
"""

from __future__ import annotations

from typing import Any

from ccplant_contracts.base import UtcTime
from ccplant_store.documents import Document
from ccplant_store.driver import Collection, Database

KEPT_SECONDS = 24 * 3600


class IdempotencyDoc(Document):
    """What a key made."""

    body_hash: str
    resource_id: str
    response: dict[str, Any] | None = None
    created_at: UtcTime


def idempotency_id(owner: str, route: str, key: str) -> str:
    """Return the id of a key: its owner's alone, on one route."""
    return f"{owner}:{route}:{key}"


class IdempotencyStore:
    """Keys; `SessionStore.create` inserts them."""

    def __init__(self, database: Database) -> None:
        self._keys: Collection = database.collection("idempotency")

    async def find(self, owner: str, route: str, key: str) -> IdempotencyDoc | None:
        """Return what a key made, where it was used in the last 24 hours."""
        return IdempotencyDoc.decode_optional(
            await self._keys.find_one({"_id": idempotency_id(owner, route, key)})
        )
