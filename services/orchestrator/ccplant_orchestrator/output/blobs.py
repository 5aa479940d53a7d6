"""The one way for what is too big for the bus: pieces of at most 512 kB on the launch's own subject, into GridFS.

A blob is written first and referenced after, piece by piece and idempotently; a piece whose answer was lost is sent
again. What nobody references an hour later is collected.
"""

from __future__ import annotations

import structlog
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.launch import BlobChunk, Receipt
from ccplant_contracts.stream import BLOB_CHUNK_BYTES
from ccplant_platform.bus import replies
from ccplant_platform.clock import Clock
from ccplant_store import Store
from ccplant_store.errors import BlobRejectedError, StoreUnavailableError, TombstonedError

_log = structlog.get_logger(__name__)

BLOB_HEADER = "Ccplant-Blob"
MAX_BLOB_BYTES = 64 << 20
"""A blob beyond this is refused, so that one tool call cannot fill the database."""


class BlobReceiver:
    """Takes blobs from runners."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def arrived(self, message: Msg) -> None:
        """Store one piece and answer; without an answer the runner sends it again."""
        try:
            receipt = await self._take(message)
        except (ValueError, BlobRejectedError) as error:
            _log.warning("blob_refused", subject=message.subject, error=str(error)[:300])
            receipt = Receipt(ok=False, detail=str(error)[:200])
        except TombstonedError:
            receipt = Receipt(ok=False, detail="the session was purged")
        except StoreUnavailableError as error:
            _log.warning("blob_postponed", subject=message.subject, error=str(error))
            return
        await replies.answer(message, receipt.model_dump_json().encode())

    async def _take(self, message: Msg) -> Receipt:
        chunk = BlobChunk.model_validate_json((message.headers or {}).get(BLOB_HEADER, ""))
        check_chunk(chunk, len(message.data))
        session_id = await self._store.session_work.session_of_launch(subjects.launch_of(message.subject))
        if session_id is None:
            return Receipt(ok=False, detail="no session has this launch")
        await self._store.blobs.write_chunk(session_id, chunk, message.data, at=self._clock.now())
        return Receipt(ok=True)


def check_chunk(chunk: BlobChunk, length: int) -> None:
    """Refuse a piece that cannot belong to the blob that it names; pure.

    Raises:
        ValueError: says what is wrong.
    """
    if not 0 <= chunk.size <= MAX_BLOB_BYTES:
        raise ValueError(f"a blob may have {MAX_BLOB_BYTES} bytes at most, not {chunk.size}")
    pieces = max(1, -(-chunk.size // BLOB_CHUNK_BYTES))
    if chunk.total != pieces or not 0 <= chunk.index < pieces:
        raise ValueError(f"piece {chunk.index} of {chunk.total} does not fit a blob of {chunk.size} bytes")
    expected = BLOB_CHUNK_BYTES if chunk.index < pieces - 1 else chunk.size - BLOB_CHUNK_BYTES * (pieces - 1)
    if length != expected:
        raise ValueError(f"piece {chunk.index} has {length} bytes instead of {expected}")
