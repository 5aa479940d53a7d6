"""Large payloads in GridFS's own format, gone by themselves when the delivery is.

A payload is written before the delivery that names it, and counts as named from the start: there is no moment at which a
delivery is on record and its payload may be collected. What a crash in between leaves is named by nobody, and goes with the
others: file and pieces carry the moment from which MongoDB removes them.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from ccplant_contracts.ids import new_blob_id
from ccplant_store.deliveries.model import KEPT_SECONDS
from ccplant_store.driver import ASC, Collection, Database

_PIECE = 255 * 1024
_MOST_PIECES = 200
_KEPT = timedelta(seconds=KEPT_SECONDS) + timedelta(days=1)


class PayloadStore:
    """Payloads that are too large for a document."""

    def __init__(self, database: Database) -> None:
        self._files: Collection = database.collection("fs.files")
        self._chunks: Collection = database.collection("fs.chunks")

    async def write(self, delivery_id: str, payload: bytes, *, at: datetime) -> str:
        """Write a payload and return its blob's id; `drop` it where no delivery names it after all."""
        blob_id = new_blob_id()
        pieces = range(0, len(payload), _PIECE)
        expires_at = at + _KEPT
        await self._files.insert_one(
            {
                "_id": blob_id,
                "schema_version": 1,
                "length": len(payload),
                "chunkSize": _PIECE,
                "uploadDate": at,
                "metadata": {
                    "session_id": delivery_id,
                    "sha256": hashlib.sha256(payload).hexdigest(),
                    "media_type": "application/json",
                    "total": len(pieces),
                    "created_at": at,
                    "complete": True,
                    "referenced": True,
                    "expires_at": expires_at,
                },
            }
        )
        await self._chunks.insert_many(
            [
                {
                    "files_id": blob_id,
                    "n": number,
                    "data": payload[start : start + _PIECE],
                    "expires_at": expires_at,
                }
                for number, start in enumerate(pieces)
            ]
        )
        return blob_id

    async def drop(self, blob_id: str) -> None:
        """Remove a payload that no delivery names: its delivery was a repeat."""
        await self._chunks.delete_many({"files_id": blob_id})
        await self._files.delete_many({"_id": blob_id})

    async def read(self, blob_id: str) -> bytes | None:
        """Return a payload; None: it is not there, or not whole, any more."""
        file = await self._files.find_one({"_id": blob_id})
        if file is None:
            return None
        rows = await self._chunks.find({"files_id": blob_id}, sort=[("n", ASC)], limit=_MOST_PIECES)
        payload = b"".join(bytes(row["data"]) for row in rows)
        return payload if len(payload) == file["length"] else None
