"""Volumes in MongoDB.

A claim is one compare-and-set on a free volume, in the transaction that creates the session: of two sessions one gets
it, and a session that was not created holds nothing. Letting go is one as well, by the session that holds it, and says in
the same write whether the volume stays. Whatever is repeated after a crash finds it done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ccplant_store.driver import DESC, Collection, Database, Filter, Transaction
from ccplant_store.errors import StoreError, VolumeRefusedError
from ccplant_store.reading import Reader
from ccplant_store.sessions.listing import TOTAL_CAP
from ccplant_store.volumes.model import VolumeDoc, why_not

_LONGEST_DELAY = timedelta(minutes=5)


class VolumeStore:
    """Volumes."""

    def __init__(self, database: Database) -> None:
        self._volumes: Collection = database.collection("volumes")
        self._readable = Reader(database, "volumes", VolumeDoc)

    # --- reading

    async def get(self, volume_id: str) -> VolumeDoc | None:
        """Return a volume, whoever owns it."""
        return VolumeDoc.decode_optional(await self._volumes.find_one({"_id": volume_id}))

    async def get_owned(self, volume_id: str, owner: str) -> VolumeDoc | None:
        """Return a volume of this owner; another's is as if it were not there."""
        return VolumeDoc.decode_optional(await self._volumes.find_one({"_id": volume_id, "owner": owner}))

    async def list(self, owner: str, *, limit: int, offset: int = 0) -> tuple[Sequence[VolumeDoc], int]:
        """Return a page of an owner's volumes, the newest first, and how many there are (counted up to 10,001)."""
        query = {"owner": owner}
        rows = await self._volumes.find(
            query, sort=[("created_at", DESC), ("_id", DESC)], limit=limit, skip=offset
        )
        return await self._readable.all(rows), await self._volumes.count(query, limit=TOTAL_CAP + 1)

    async def known(self, *, limit: int = 100_000) -> frozenset[str]:
        """Return the ids of all volumes that have a record, those included that are being removed.

        Raises:
            StoreError: there are more than can be told; whoever takes the others for garbage must not go on.
        """
        rows = await self._volumes.find({}, projection={"_id": 1}, limit=limit + 1)
        if len(rows) > limit:
            raise StoreError(f"there are more than {limit} volumes: none of them can be called unknown")
        return frozenset(str(row["_id"]) for row in rows)

    # --- having one

    async def insert(self, volume: VolumeDoc, *, transaction: Transaction | None = None) -> None:
        """Write a new volume's record."""
        await self._volumes.insert_one(volume.encode(), transaction=transaction)

    async def claim(
        self, volume_id: str, owner: str, session_id: str, *, transaction: Transaction
    ) -> VolumeDoc:
        """Have a free volume for a session.

        Raises:
            VolumeRefusedError: it is not there, not this owner's, not free, or about to go.
        """
        query = {"_id": volume_id, "owner": owner, "holder": None, "deleting": False}
        update = {
            "$set": {"holder": session_id, "last_holder": session_id, "kept_at": None},
            "$inc": {"version": 1},
        }
        claimed = await self._volumes.find_one_and_update(query, update, transaction=transaction)
        if claimed is not None:
            return VolumeDoc.decode(claimed)
        found = VolumeDoc.decode_optional(
            await self._volumes.find_one({"_id": volume_id}, transaction=transaction)
        )
        refusal = why_not(found, owner)
        holder = found.holder if found is not None and refusal == "held" else None
        raise VolumeRefusedError(volume_id, refusal or "held", holder)

    async def let_go(self, volume_id: str, session_id: str, *, keep: bool, at: datetime) -> VolumeDoc | None:
        """End a session's hold; the volume stays, or is to go. None: it is no longer this session's to decide about.

        A session that has let go may say later that the volume goes after all, as long as no other had it since.
        """
        query: dict[str, Any] = {"_id": volume_id, "last_holder": session_id, "deleting": False}
        changes: dict[str, object] = {"holder": None}
        if keep:
            query["holder"] = session_id
            changes["kept_at"] = at
        else:
            query["holder"] = {"$in": [None, session_id]}
            changes |= {"deleting": True, "next_attempt_at": at}
        await self._volumes.update_one(query, {"$set": changes, "$inc": {"version": 1}})
        volume = await self.get(volume_id)
        return volume if volume is not None and volume.last_holder == session_id else None

    # --- going

    async def condemn(self, volume_id: str, owner: str, *, at: datetime) -> VolumeDoc:
        """Have a free volume removed; one that is being removed already is.

        Raises:
            VolumeRefusedError: it is not there, not this owner's, or a session has it.
        """
        query = {"_id": volume_id, "owner": owner, "holder": None, "deleting": False}
        update = {"$set": {"deleting": True, "next_attempt_at": at}, "$inc": {"version": 1}}
        condemned = VolumeDoc.decode_optional(await self._volumes.find_one_and_update(query, update))
        if condemned is not None:
            return condemned
        found = await self.get(volume_id)
        refusal = why_not(found, owner)
        if found is not None and refusal == "deleting":
            return found
        raise VolumeRefusedError(volume_id, refusal or "held", None if found is None else found.holder)

    async def condemned(self, now: datetime, *, limit: int) -> Sequence[str]:
        """Return volumes to remove now, those first whose turn has come longest ago."""
        query: Filter = {"deleting": True, "next_attempt_at": {"$lte": now}}
        rows = await self._volumes.find(
            query, projection={"_id": 1}, sort=[("next_attempt_at", 1)], limit=limit
        )
        return tuple(str(row["_id"]) for row in rows)

    async def postpone(self, volume_id: str, *, at: datetime) -> None:
        """Try the removal again later, each time later: a node that is away may be away for long."""
        volume = await self.get(volume_id)
        if volume is None:
            return
        delay = min(_LONGEST_DELAY, timedelta(seconds=2 ** min(volume.attempts, 10)))
        await self._volumes.update_one(
            {"_id": volume_id, "deleting": True},
            {"$set": {"next_attempt_at": at + delay}, "$inc": {"attempts": 1, "version": 1}},
        )

    async def forget(self, volume_id: str) -> None:
        """Erase the record of a volume that is gone; only of one that was to go."""
        await self._volumes.delete_many({"_id": volume_id, "deleting": True})
