"""Files that are given to prompts, in GridFS's own format: bounded per session, and gone when nobody used them.

A file is one document, and everything that could be done to it at once is a compare-and-set on that: a message claims a
file before it is written, so a file that a message may name is never removed; what is removed is first made
incomplete, so that nobody claims it any more. A claim whose message was never written (a crash in between) runs out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from ccplant_contracts.attachment import AttachedFile, Attachment
from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.stream import BLOB_CHUNK_BYTES
from ccplant_store.documents import Document
from ccplant_store.driver import ASC, Collection, Database, Transaction
from ccplant_store.errors import AttachmentMissingError, AttachmentsFullError, TombstonedError
from ccplant_store.tombstones import TombstoneStore

PIECE_BYTES = BLOB_CHUNK_BYTES
"""As much as a message on the bus may carry: what a runner fetches is one piece."""
UNUSED_FOR = timedelta(hours=24)
_UNFINISHED_FOR = timedelta(hours=1)
_CLAIMED_FOR = timedelta(minutes=2)
"""Longer than any request takes from its claim to its message."""
_COLLECTED_AT_ONCE = 100


def before_a_session(owner: str) -> str:
    """Return what stands for the session of files that were uploaded for one that is still to be created; pure.

    No session is called so: ids have no colon.
    """
    return f"to-come:{owner}"


@dataclass(frozen=True)
class SessionRoom:
    """How much one session may hold."""

    files: int
    size: int


class AttachmentMetadata(Message):
    """What is known of a file besides its bytes."""

    session_id: str
    owner: str
    name: str
    media_type: str
    sha256: str = ""
    total: int = 0
    """Pieces."""
    created_at: UtcTime
    complete: bool = False
    referenced: bool = True
    """For those who collect blobs: this is none of theirs."""
    used: bool = False
    """Whether a prompt is known to name it; it stays for as long as the session's record then."""
    claimed_at: UtcTime | None = None


class AttachmentDoc(Document):
    """A file."""

    length: int
    metadata: AttachmentMetadata

    def file(self) -> AttachedFile:
        """Return what a prompt keeps of it."""
        return AttachedFile(
            attachment_id=self.id,
            name=self.metadata.name,
            media_type=self.metadata.media_type,
            size_bytes=self.length,
            sha256=self.metadata.sha256,
        )

    def resource(self) -> Attachment:
        """Return it as clients see it."""
        seen = self.file().ref()
        return Attachment(**seen.model_dump(), created_at=self.metadata.created_at)


class Removal(Enum):
    """What became of the wish to remove a file."""

    REMOVED = auto()
    ABSENT = auto()
    IN_USE = auto()


class AttachmentStore:
    """Files of sessions."""

    def __init__(self, database: Database, tombstones: TombstoneStore) -> None:
        self._files: Collection = database.collection("fs.files")
        self._chunks: Collection = database.collection("fs.chunks")
        self._prompts: Collection = database.collection("prompts")
        self._tombstones = tombstones

    # --- writing

    async def reserve(self, wanted: AttachmentDoc, room: SessionRoom) -> None:
        """Take the room that a file needs at most, before its bytes come.

        Written first and counted after: of many at once none gets in beyond the bound.

        Raises:
            AttachmentsFullError: the session holds as much as it may.
        """
        await self._files.insert_one(
            {
                "_id": wanted.id,
                "schema_version": wanted.schema_version,
                "length": wanted.length,
                "chunkSize": PIECE_BYTES,
                "uploadDate": wanted.metadata.created_at,
                "metadata": wanted.metadata.model_dump(),
            }
        )
        held = await self._files.aggregate(
            [
                {
                    "$match": {
                        "metadata.session_id": wanted.metadata.session_id,
                        "metadata.used": {"$in": [True, False]},
                    }
                },
                {"$group": {"_id": None, "files": {"$sum": 1}, "size": {"$sum": "$length"}}},
            ],
            limit=1,
        )
        files, size = (held[0]["files"], held[0]["size"]) if held else (0, 0)
        if files > room.files or size > room.size:
            await self.discard(wanted.id)
            raise AttachmentsFullError(files=room.files, size=room.size)

    async def write(self, attachment_id: str, index: int, data: bytes) -> None:
        """Write one piece; all but the last have `PIECE_BYTES`."""
        await self._chunks.insert_one({"files_id": attachment_id, "n": index, "data": data})

    async def finish(self, attachment_id: str, *, length: int, sha256: str) -> AttachmentDoc:
        """Note that all pieces are there: from now on a message may name the file.

        Raises:
            TombstonedError: the session was purged meanwhile.
        """
        raw = await self._files.find_one_and_update(
            {"_id": attachment_id, "metadata.complete": False},
            {
                "$set": {
                    "length": length,
                    "metadata.sha256": sha256,
                    "metadata.total": -(-length // PIECE_BYTES),
                    "metadata.complete": True,
                }
            },
        )
        done = AttachmentDoc.decode_optional(raw)
        if done is None or await self._tombstones.exists(done.metadata.session_id):
            await self.discard(attachment_id)
            raise TombstonedError("the session was purged")
        return done

    async def discard(self, attachment_id: str) -> None:
        """Remove a file that nobody may name; pieces first, so that a crash in between leaves one that is found again."""
        await self._chunks.delete_many({"files_id": attachment_id})
        await self._files.delete_many({"_id": attachment_id})

    # --- reading

    async def open(self, session_id: str, attachment_id: str) -> AttachmentDoc | None:
        """Return a complete file of this session."""
        return AttachmentDoc.decode_optional(
            await self._files.find_one(
                {
                    "_id": attachment_id,
                    "metadata.session_id": session_id,
                    "metadata.complete": True,
                    "metadata.used": {"$in": [True, False]},
                }
            )
        )

    async def piece(self, file: AttachmentDoc, index: int) -> bytes | None:
        """Return one piece; None: it has no such piece."""
        if not 0 <= index < file.metadata.total:
            return None
        found = await self._chunks.find_one({"files_id": file.id, "n": index}, projection={"data": 1})
        return None if found is None else bytes(found["data"])

    async def read(self, file: AttachmentDoc) -> AsyncIterator[bytes]:
        """Yield a file's bytes piece by piece.

        Raises:
            AttachmentMissingError: it was removed meanwhile.
        """
        for index in range(file.metadata.total):
            piece = await self.piece(file, index)
            if piece is None:
                raise AttachmentMissingError(file.id)
            yield piece

    # --- use

    async def claim(
        self, session_id: str, owner: str, attachment_ids: Sequence[str], *, at: datetime
    ) -> tuple[AttachedFile, ...]:
        """Keep these files for a message that is about to be written; return them in the order asked for.

        Raises:
            AttachmentMissingError: this session of this owner has no such file (any more).
        """
        files: list[AttachedFile] = []
        for attachment_id in attachment_ids:
            raw = await self._files.find_one_and_update(
                {
                    "_id": attachment_id,
                    "metadata.session_id": session_id,
                    "metadata.owner": owner,
                    "metadata.complete": True,
                },
                {"$max": {"metadata.claimed_at": at}},
            )
            if raw is None:
                raise AttachmentMissingError(attachment_id)
            files.append(AttachmentDoc.decode(raw).file())
        return tuple(files)

    async def staged(self, owner: str, attachment_ids: Sequence[str]) -> tuple[AttachedFile, ...]:
        """Return files that wait for a session that is to be created, in the order asked for.

        Raises:
            AttachmentMissingError: this owner has no such file waiting (any more).
        """
        files: list[AttachedFile] = []
        for attachment_id in attachment_ids:
            file = await self.open(before_a_session(owner), attachment_id)
            if file is None:
                raise AttachmentMissingError(attachment_id)
            files.append(file.file())
        return tuple(files)

    async def hand_over(
        self, owner: str, session_id: str, attachment_ids: Sequence[str], *, transaction: Transaction
    ) -> None:
        """Give files that wait to a session whose first message names them, in the transaction that writes both.

        Raises:
            AttachmentMissingError: one does not wait any more.
        """
        for attachment_id in attachment_ids:
            moved = await self._files.find_one_and_update(
                {
                    "_id": attachment_id,
                    "metadata.session_id": before_a_session(owner),
                    "metadata.complete": True,
                },
                {"$set": {"metadata.session_id": session_id, "metadata.used": True}},
                transaction=transaction,
            )
            if moved is None:
                raise AttachmentMissingError(attachment_id)

    async def note_used(self, attachment_ids: Sequence[str]) -> None:
        """Note that a prompt names these; where this is missed, whoever looks for unused ones makes up for it."""
        await self._files.update_many(
            {"_id": {"$in": list(attachment_ids)}}, {"$set": {"metadata.used": True}}
        )

    async def remove(self, session_id: str, attachment_id: str, *, at: datetime) -> Removal:
        """Remove a file that no prompt names."""
        file = await self.open(session_id, attachment_id)
        if file is None:
            return Removal.ABSENT
        claimed = file.metadata.claimed_at
        if claimed is not None and claimed > at - _CLAIMED_FOR:
            return Removal.IN_USE
        return Removal.REMOVED if await self._remove(file) else Removal.IN_USE

    async def remove_unused(self, now: datetime) -> int:
        """Remove what no prompt has named for a day, and what never became complete; return how many."""
        unfinished = await self._files.find(
            {
                "metadata.used": False,
                "metadata.complete": False,
                "metadata.created_at": {"$lt": now - _UNFINISHED_FOR},
            },
            projection={"_id": 1},
            sort=[("metadata.created_at", ASC)],
            limit=_COLLECTED_AT_ONCE,
        )
        for row in unfinished:
            await self.discard(row["_id"])
        long_ago = now - UNUSED_FOR
        unused = await self._files.find(
            {
                "metadata.used": False,
                "metadata.complete": True,
                "metadata.created_at": {"$lt": long_ago},
                "$or": [{"metadata.claimed_at": None}, {"metadata.claimed_at": {"$lt": long_ago}}],
            },
            sort=[("metadata.created_at", ASC)],
            limit=_COLLECTED_AT_ONCE,
        )
        removed = [await self._remove(AttachmentDoc.decode(row)) for row in unused]
        return len(unfinished) + sum(removed)

    async def _remove(self, file: AttachmentDoc) -> bool:
        """Remove a file as it was read; False: a prompt names it, or a message has claimed it since."""
        query: dict[str, Any] = {
            "session_id": file.metadata.session_id,
            "attachments.attachment_id": file.id,
        }
        if file.metadata.used or await self._prompts.find_one(query, projection={"_id": 1}) is not None:
            await self.note_used([file.id])
            return False
        taken = await self._files.find_one_and_update(
            {
                "_id": file.id,
                "metadata.used": False,
                "metadata.complete": True,
                "metadata.claimed_at": file.metadata.claimed_at,
            },
            {"$set": {"metadata.complete": False}},
        )
        if taken is None:
            return False
        await self.discard(file.id)
        return True
