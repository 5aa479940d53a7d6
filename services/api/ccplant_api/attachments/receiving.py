"""Takes a file as it comes: no more than a piece of it is ever in memory, and half a file is none (S2b)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from ccplant_api.gateway import Gateway
from ccplant_contracts.attachment import Attachment
from ccplant_contracts.errors import PayloadTooLargeError, QuotaExceededError
from ccplant_contracts.ids import new_attachment_id
from ccplant_store.attachments import PIECE_BYTES, AttachmentDoc, AttachmentMetadata, SessionRoom
from ccplant_store.errors import AttachmentsFullError


async def receive_attachment(
    gateway: Gateway,
    *,
    owner: str,
    session_id: str,
    name: str,
    media_type: str,
    announced: int | None,
    body: AsyncIterator[bytes],
) -> Attachment:
    """Store a file; return what was stored. `announced`: how long the client says that it is.

    Raises:
        PayloadTooLargeError: the file is larger than one may be.
        QuotaExceededError: there are as many files as one session may hold.
    """
    settings = gateway.settings
    if announced is not None and announced > settings.max_attachment_bytes:
        raise too_large(settings.max_attachment_bytes)
    wanted = AttachmentDoc(
        id=new_attachment_id(),
        length=settings.max_attachment_bytes if announced is None else announced,
        metadata=AttachmentMetadata(
            session_id=session_id,
            owner=owner,
            name=name,
            media_type=media_type,
            created_at=gateway.clock.now(),
        ),
    )
    store = gateway.store.attachments
    room = SessionRoom(settings.max_session_attachments, settings.max_session_attachment_bytes)
    try:
        await store.reserve(wanted, room)
    except AttachmentsFullError as full:
        raise QuotaExceededError(
            f"There are as many files as there may be: {full.files} with {full.size:,} bytes together. "
            "Remove some that no message has.",
            details={"max_files": full.files, "max_bytes": full.size},
        ) from None
    done: AttachmentDoc | None = None
    try:
        digest, size, index = hashlib.sha256(), 0, 0
        async for piece in pieces(body):
            size += len(piece)
            if size > settings.max_attachment_bytes:
                raise too_large(settings.max_attachment_bytes)
            digest.update(piece)
            await store.write(wanted.id, index, piece)
            index += 1
        done = await store.finish(wanted.id, length=size, sha256=digest.hexdigest())
    finally:
        if done is None:
            await store.discard(wanted.id)
    return done.resource()


async def pieces(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut what comes as it likes into pieces of `PIECE_BYTES`, the last one shorter; pure but for its source."""
    held = bytearray()
    async for part in body:
        held += part
        while len(held) >= PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    if held:
        yield bytes(held)


def too_large(most: int) -> PayloadTooLargeError:
    """Return the one refusal of a file that is too large."""
    return PayloadTooLargeError(f"A file has at most {most:,} bytes.", details={"max_bytes": most})
