"""Blobs: what is too big for a document, in GridFS's own format.

Pieces come over the bus, each as often as it takes, so a piece is written by its number and a repeat changes nothing.
The whole is complete when all pieces are there and their digest is the promised one; what nobody references within
an hour is collected.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.launch import BlobChunk
from ccplant_store.documents import Document
from ccplant_store.driver import ASC, Collection, Database
from ccplant_store.errors import BlobRejectedError, DuplicateKeyError, TombstonedError
from ccplant_store.tombstones import TombstoneStore

UNREFERENCED_FOR = timedelta(hours=1)
_COLLECTED_AT_ONCE = 100


class BlobMetadata(Message):
    """What is known of a blob besides its bytes."""

    session_id: str
    sha256: str
    media_type: str
    total: int
    created_at: UtcTime
    complete: bool = False
    referenced: bool = False


class BlobDoc(Document):
    """A blob."""

    length: int
    metadata: BlobMetadata


class BlobStore:
    """Blobs."""

    def __init__(self, database: Database, tombstones: TombstoneStore) -> None:
        self._files: Collection = database.collection("fs.files")
        self._chunks: Collection = database.collection("fs.chunks")
        self._tombstones = tombstones

    async def write_chunk(self, session_id: str, chunk: BlobChunk, data: bytes, *, at: datetime) -> bool:
        """Write one piece; tell whether the blob is complete with it.

        Raises:
            BlobRejectedError: the piece contradicts an earlier one, or the whole is not what was promised.
            TombstonedError: the session was purged.
        """
        blob = await self._file(session_id, chunk, at)
        if blob.metadata.complete:
            return True
        await self._write(chunk, data)
        if await self._tombstones.exists(session_id):
            await self.purge(session_id)
            raise TombstonedError(f"{session_id} was purged")
        if await self._chunks.count({"files_id": chunk.blob_id}, limit=chunk.total) < chunk.total:
            return False
        await self._verify(blob)
        await self._files.update_one({"_id": blob.id}, {"$set": {"metadata.complete": True}})
        return True

    async def _file(self, session_id: str, chunk: BlobChunk, at: datetime) -> BlobDoc:
        try:
            raw = await self._files.find_one_and_update(
                {"_id": chunk.blob_id, "metadata.session_id": session_id},
                {
                    "$setOnInsert": {
                        "schema_version": 1,
                        "length": chunk.size,
                        "chunkSize": -(-chunk.size // max(1, chunk.total)),
                        "uploadDate": at,
                        "metadata.sha256": chunk.sha256,
                        "metadata.media_type": chunk.media_type,
                        "metadata.total": chunk.total,
                        "metadata.created_at": at,
                        "metadata.complete": False,
                        "metadata.referenced": False,
                    }
                },
                upsert=True,
            )
        except DuplicateKeyError:
            # of another session, or two pieces came first at once
            raw = await self._files.find_one({"_id": chunk.blob_id, "metadata.session_id": session_id})
        if raw is None:
            raise BlobRejectedError(f"{chunk.blob_id} is not of this session")
        blob = BlobDoc.decode(raw)
        known = (blob.length, blob.metadata.sha256, blob.metadata.total)
        if known != (chunk.size, chunk.sha256, chunk.total) or not 0 <= chunk.index < chunk.total:
            raise BlobRejectedError(f"piece {chunk.index} contradicts what is known of {chunk.blob_id}")
        return blob

    async def _write(self, chunk: BlobChunk, data: bytes) -> None:
        try:
            await self._chunks.update_one(
                {"files_id": chunk.blob_id, "n": chunk.index}, {"$setOnInsert": {"data": data}}, upsert=True
            )
        except DuplicateKeyError:
            return  # the same piece came twice at once

    async def _verify(self, blob: BlobDoc) -> None:
        whole, length = hashlib.sha256(), 0
        async for piece in self.read(blob):
            whole.update(piece)
            length += len(piece)
        if whole.hexdigest() != blob.metadata.sha256 or length != blob.length:
            await self._delete([blob.id])
            raise BlobRejectedError(f"{blob.id} is not what was promised; it has to be sent again")

    async def open(self, session_id: str, blob_id: str) -> BlobDoc | None:
        """Return a complete blob of this session."""
        return BlobDoc.decode_optional(
            await self._files.find_one(
                {"_id": blob_id, "metadata.session_id": session_id, "metadata.complete": True}
            )
        )

    async def read(self, blob: BlobDoc) -> AsyncIterator[bytes]:
        """Yield a blob's bytes piece by piece."""
        for index in range(blob.metadata.total):
            piece = await self._chunks.find_one({"files_id": blob.id, "n": index}, projection={"data": 1})
            if piece is None:
                raise BlobRejectedError(f"{blob.id} lacks piece {index}")
            yield bytes(piece["data"])

    async def reference(self, session_id: str, blob_ids: Sequence[str]) -> None:
        """Note that something that stays names these blobs."""
        await self._files.update_many(
            {"_id": {"$in": list(blob_ids)}, "metadata.session_id": session_id},
            {"$set": {"metadata.referenced": True}},
        )

    async def collect_unreferenced(self, now: datetime) -> int:
        """Delete what nobody has referenced for an hour; return how many."""
        rows = await self._files.find(
            {"metadata.referenced": False, "metadata.created_at": {"$lt": now - UNREFERENCED_FOR}},
            projection={"_id": 1},
            sort=[("metadata.created_at", ASC)],
            limit=_COLLECTED_AT_ONCE,
        )
        await self._delete([row["_id"] for row in rows], unless_referenced=True)
        return len(rows)

    async def purge(self, session_id: str) -> None:
        """Delete every blob of a session."""
        while rows := await self._files.find(
            {"metadata.session_id": session_id}, projection={"_id": 1}, limit=_COLLECTED_AT_ONCE
        ):
            await self._delete([row["_id"] for row in rows])

    async def _delete(self, blob_ids: Sequence[str], *, unless_referenced: bool = False) -> None:
        """Delete the pieces first: a crash in between leaves a file that is found again."""
        for blob_id in blob_ids:
            query: dict[str, Any] = {"_id": blob_id}
            if unless_referenced:
                query["metadata.referenced"] = False
                if await self._files.find_one(query, projection={"_id": 1}) is None:
                    continue
            await self._chunks.delete_many({"files_id": blob_id})
            await self._files.delete_many({"_id": blob_id})
