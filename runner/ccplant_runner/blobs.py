"""Sends what is too big for an event to where viewers can fetch it, in the background (the one blob path).

The event with the cut text goes out at once; when the whole is stored, the snapshot is said again with the blob's id. Memory
is bounded: what does not fit stays cut for good, and the history says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from ccplant_contracts.ids import new_blob_id
from ccplant_contracts.launch import BlobChunk, Receipt
from ccplant_contracts.stream import BLOB_CHUNK_BYTES, Notice, StreamData, Tool, ToolContent
from ccplant_contracts.subjects import runner_out
from ccplant_platform.redaction import Redactor
from ccplant_runner.bus import BusLink
from ccplant_runner.log import RunnerLog

HEADER = "Ccplant-Blob"
PIECE_CHARACTERS = 16_000
"""What of a long text stays in the event itself."""
_TOOL_CHARACTERS = 48_000
_MAX_WAITING_BYTES = 64 << 20
_CHUNK_SECONDS = 10.0
_LONGEST_SECRET = 4_096
_MAX_TRIES = 60


@dataclass(frozen=True)
class _Whole:
    index: int
    blob_id: str
    content: bytes
    media_type: str


class BlobUploader:
    """Cuts big tool calls and stores their wholes."""

    def __init__(
        self,
        bus: BusLink,
        log: RunnerLog,
        *,
        launch_id: str,
        redactor: Redactor,
        again: Callable[[Tool], None],
        say: Callable[[StreamData], None],
    ) -> None:
        self._bus = bus
        self._log = log
        self._subject = runner_out(launch_id, "blob")
        self._redactor = redactor
        self._again = again
        self._say = say
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    def take(self, tool: Tool) -> Tool:
        """Return the call with its big content cut; a finished one's whole is stored and said again."""
        budget = _TOOL_CHARACTERS
        contents: list[ToolContent] = []
        wholes: list[_Whole] = []
        finished = tool.status in ("completed", "failed")
        for index, content in enumerate(tool.content):
            cut = _cut(content, min(PIECE_CHARACTERS, max(200, budget)), self._redactor)
            budget -= sum(len(text) for text in (cut.text, cut.old_text, cut.new_text) if text)
            if cut is not content and finished and content.blob_id is None:
                wholes.append(self._whole(index, content))
            contents.append(cut)
        fitted = tool.model_copy(update={"content": tuple(contents)})
        if wholes:
            self._start(fitted, wholes)
        return fitted

    async def finish(self, grace: float) -> None:
        """Wait, a bounded time, for what is being stored; give up the rest."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _whole(self, index: int, content: ToolContent) -> _Whole:
        if content.kind == "diff":
            whole = {"path": content.path, "old_text": content.old_text, "new_text": content.new_text}
            text, media_type = json.dumps(self._redactor.deep(whole), ensure_ascii=False), "application/json"
        else:
            text, media_type = self._redactor(content.text or ""), "text/plain; charset=utf-8"
        return _Whole(index, new_blob_id(), text.encode("utf-8", "replace"), media_type)

    def _start(self, tool: Tool, wholes: list[_Whole]) -> None:
        size = sum(len(whole.content) for whole in wholes)
        if self._waiting + size > _MAX_WAITING_BYTES:
            self._say(
                Notice(
                    level="warning",
                    code="content_cut",
                    message=f"{tool.title[:200]}: the result is too big to keep whole",
                )
            )
            return
        self._waiting += size
        task = asyncio.create_task(self._upload(tool, wholes, size), name="blob-upload")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _upload(self, tool: Tool, wholes: list[_Whole], size: int) -> None:
        try:
            contents = list(tool.content)
            stored = 0
            async with self._one_at_a_time:
                for whole in wholes:
                    if await self._send(whole):
                        stored += 1
                        contents[whole.index] = contents[whole.index].model_copy(
                            update={"blob_id": whole.blob_id}
                        )
            if stored:
                self._again(tool.model_copy(update={"content": tuple(contents)}))
        finally:
            self._waiting -= size

    async def _send(self, whole: _Whole) -> bool:
        digest = hashlib.sha256(whole.content).hexdigest()
        pieces = range(0, len(whole.content), BLOB_CHUNK_BYTES)
        for index, offset in enumerate(pieces):
            header = BlobChunk(
                blob_id=whole.blob_id, index=index, total=len(pieces), size=len(whole.content), sha256=digest,
                media_type=whole.media_type,
            )  # fmt: skip
            body = whole.content[offset : offset + BLOB_CHUNK_BYTES]
            if not await self._send_piece(header.model_dump_json(), body):
                self._log.warning("blob_given_up", blob_id=whole.blob_id, index=index)
                return False
        return True

    async def _send_piece(self, header: str, body: bytes) -> bool:
        for attempt in range(_MAX_TRIES):
            try:
                answer = await self._bus.request(self._subject, body, _CHUNK_SECONDS, {HEADER: header})
                return Receipt.model_validate_json(answer).ok
            except (TimeoutError, ValueError) as error:
                self._log.warning("blob_piece_not_stored", attempt=attempt, error=str(error)[:200])
                await asyncio.sleep(min(5.0, 0.5 * 2**attempt))
        return False


def _cut(content: ToolContent, limit: int, redactor: Redactor) -> ToolContent:
    fields = {"text": content.text, "old_text": content.old_text, "new_text": content.new_text}
    if all(text is None or len(text) <= limit for text in fields.values()):
        return content
    size = sum(len(text.encode("utf-8", "replace")) for text in fields.values() if text is not None)
    # masked before it is cut: half a secret would not be recognised
    cut = {
        name: text if text is None else redactor(text[: limit + _LONGEST_SECRET])[:limit]
        for name, text in fields.items()
    }
    return content.model_copy(update={**cut, "truncated": True, "size": size})
