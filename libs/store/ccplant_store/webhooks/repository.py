"""Webhooks in MongoDB.

Edits are compare-and-set on the version. A deleted webhook keeps its record for as long as it may have deliveries,
without its secret and definition: nobody can call it, and its deliveries still have a name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ccplant_platform.clock import Clock
from ccplant_store.documents import Raw, json_text, to_bson
from ccplant_store.driver import DESC, Collection, Database, Transaction
from ccplant_store.errors import AlreadyDoneError, DuplicateKeyError
from ccplant_store.idempotency import IdempotencyDoc
from ccplant_store.reading import Reader
from ccplant_store.sessions.listing import TOTAL_CAP
from ccplant_store.webhooks.model import WebhookDoc

T = TypeVar("T")

DELETED_KEPT_SECONDS = 31 * 24 * 3600
"""Longer than any of its deliveries."""


class WebhookStore:
    """Webhooks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._webhooks: Collection = database.collection("webhooks")
        self._idempotency: Collection = database.collection("idempotency")
        self._readable = Reader(database, "webhooks", WebhookDoc)
        self._clock = clock

    # --- reading

    async def get(self, webhook_id: str) -> WebhookDoc | None:
        """Return a webhook, whoever owns it, also one that is deleted or disabled."""
        return WebhookDoc.decode_optional(await self._webhooks.find_one({"_id": webhook_id}))

    async def get_owned(self, webhook_id: str, owner: str) -> WebhookDoc | None:
        """Return a webhook of this owner that is not deleted; another's is as if it were not there."""
        query = {"_id": webhook_id, "owner": owner, "deleted": False}
        return WebhookDoc.decode_optional(await self._webhooks.find_one(query))

    async def list(self, owner: str, *, limit: int, offset: int = 0) -> tuple[Sequence[WebhookDoc], int]:
        """Return a page of an owner's webhooks, the newest first, and how many there are (counted up to 10,001)."""
        query = {"owner": owner, "deleted": False}
        rows = await self._webhooks.find(
            query, sort=[("created_at", DESC), ("_id", DESC)], limit=limit, skip=offset
        )
        return await self._readable.all(rows), await self._webhooks.count(query, limit=TOTAL_CAP + 1)

    # --- writing

    async def insert(self, webhook: WebhookDoc, *, idempotency: IdempotencyDoc | None = None) -> WebhookDoc:
        """Write a new webhook, with its idempotency key in the same transaction.

        Raises:
            AlreadyDoneError: the idempotency key was used before.
        """
        if idempotency is None:
            await self._webhooks.insert_one(webhook.encode())
            return webhook

        async def write(run: Transaction) -> None:
            await self._idempotency.insert_one(idempotency.encode(), transaction=run)
            await self._webhooks.insert_one(webhook.encode(), transaction=run)

        await self._once(write, idempotency)
        return webhook

    async def change(
        self,
        webhook: WebhookDoc,
        *,
        set: Mapping[str, Any],  # noqa: A002 - MongoDB's own word
        idempotency: IdempotencyDoc | None = None,
    ) -> WebhookDoc | None:
        """Change a webhook that is still as the caller saw it; None: it is not, or it is deleted.

        Raises:
            AlreadyDoneError: the idempotency key was used before.
        """
        query = {"_id": webhook.id, "version": webhook.version, "deleted": False}
        changes = {
            key: json_text(value) if key == "definition" else to_bson(value) for key, value in set.items()
        }
        changes.setdefault("updated_at", self._clock.now())
        update = {"$set": changes, "$inc": {"version": 1}}
        if idempotency is None:
            return WebhookDoc.decode_optional(await self._webhooks.find_one_and_update(query, update))

        async def write(run: Transaction) -> Raw | None:
            changed = await self._webhooks.find_one_and_update(query, update, transaction=run)
            if changed is not None:
                await self._idempotency.insert_one(idempotency.encode(), transaction=run)
            return changed

        return WebhookDoc.decode_optional(await self._once(write, idempotency))

    async def _once(self, write: Callable[[Transaction], Awaitable[T]], idempotency: IdempotencyDoc) -> T:
        """Run a transaction that inserts this key.

        Raises:
            AlreadyDoneError: it was inserted before.
        """
        try:
            return await self._database.transaction(write)
        except DuplicateKeyError:
            done = IdempotencyDoc.decode_optional(await self._idempotency.find_one({"_id": idempotency.id}))
            if done is None:
                raise
            raise AlreadyDoneError(done.resource_id, done.body_hash, done.response) from None

    async def delete(self, webhook_id: str, owner: str) -> bool:
        """Delete an owner's webhook; False: there is none. Its secret and its sessions' configuration are gone at once."""
        now = self._clock.now()
        changes: dict[str, object] = {
            "deleted": True,
            "deleted_at": now,
            "updated_at": now,
            "enabled": False,
            "definition": "{}",
            "sealed_secret": "",
            "old_sealed_secret": None,
            "old_secret_until": None,
        }
        done = await self._webhooks.update_one(
            {"_id": webhook_id, "owner": owner, "deleted": False}, {"$set": changes, "$inc": {"version": 1}}
        )
        return done.matched == 1

    async def count_delivery(
        self, webhook_id: str, *, at: datetime, delivery_id: str, count: int = 1
    ) -> None:
        """Count deliveries, the last of which came then; a figure for people: a crash may cost it some."""
        later = {"$or": [{"$eq": ["$last_delivery_at", None]}, {"$lte": ["$last_delivery_at", at]}]}
        change = {
            "deliveries": {"$add": ["$deliveries", count]},
            "last_delivery_id": {"$cond": [later, delivery_id, "$last_delivery_id"]},
            "last_delivery_at": {"$cond": [later, at, "$last_delivery_at"]},
        }
        await self._webhooks.update_one({"_id": webhook_id}, [{"$set": change}])
