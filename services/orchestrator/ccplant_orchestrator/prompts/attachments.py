"""Files of prompts on their way to a runner: one piece of at most 512 kB for each request, out of GridFS (S2b).

The runner asks, so it takes as much at a time as it can hold, goes on where it was after either side was away, and a piece
asked for twice is the same piece. Who asks is the launch that the subject names, which its credential is for alone;
it gets files of its own session and nothing else.
"""

from __future__ import annotations

import structlog
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.launch import PieceAnswer, PieceRequest
from ccplant_platform.bus import replies
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)


class AttachmentSender:
    """Answers runners' requests for pieces."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def arrived(self, message: Msg) -> None:
        """Answer with a piece, or why there is none; without an answer the runner asks again."""
        try:
            answer, piece = await self._find(message)
        except ValueError as error:
            answer, piece = PieceAnswer(ok=False, detail=f"not understood: {type(error).__name__}"), b""
        except StoreUnavailableError as error:
            _log.warning("attachment_postponed", subject=message.subject, error=str(error))
            return
        if not answer.ok:
            _log.warning("attachment_refused", subject=message.subject, detail=answer.detail)
        await replies.answer(message, answer.model_dump_json().encode() + b"\n" + piece)

    async def _find(self, message: Msg) -> tuple[PieceAnswer, bytes]:
        request = PieceRequest.model_validate_json(message.data)
        session_id = await self._store.session_work.session_of_launch(subjects.launch_of(message.subject))
        if session_id is None:
            return PieceAnswer(ok=False, detail="no session has this launch"), b""
        file = await self._store.attachments.open(session_id, request.attachment_id)
        piece = None if file is None else await self._store.attachments.piece(file, request.index)
        if piece is None:
            return PieceAnswer(ok=False, detail="the session has no such file"), b""
        return PieceAnswer(ok=True), piece
