"""Turns a stream of little pieces of text into few durable chunks with previews in between (C1, C2).

Each durable chunk costs a write to MongoDB, so text becomes durable at most every 500 ms; people want to see it as
it comes, so previews (deltas) go out at once and may be lost. Pure: time is passed in, what is due comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ccplant_contracts.stream import Delta, MessageChunk, ThoughtChunk

Kind = Literal["message", "thought"]
Output = Delta | MessageChunk | ThoughtChunk

CHUNK_SECONDS = 0.5
CHUNK_CHARACTERS = 8_000
DELTA_SECONDS = 0.004
"""Previews that come faster than this are sent as one: 250 a second are smooth, thousands are a burden."""


@dataclass
class TextCoalescer:
    """One message (or thought) on its way."""

    kind: Kind
    message_id: str
    prompt_id: str | None
    role: Literal["agent", "user"] = "agent"
    _offset: int = 0
    """Code points that are durable."""
    _text: str = ""
    """What is not yet durable."""
    _previewed: int = 0
    """How much of that was shown."""
    _chunk_due: float | None = None
    _delta_due: float = 0.0
    _ended: bool = False

    def feed(self, text: str, now: float) -> list[Output]:
        """Take a piece; return what is to be sent now."""
        if not text:
            return []
        if self._chunk_due is None:
            self._chunk_due = now + CHUNK_SECONDS
        self._text += text
        return self.due(now)

    def due(self, now: float) -> list[Output]:
        """Return what time has made due."""
        out: list[Output] = []
        while len(self._text) >= CHUNK_CHARACTERS:
            out.append(self._chunk(CHUNK_CHARACTERS))
        if self._chunk_due is not None and now >= self._chunk_due and self._text:
            out += self._preview(now, force=True)
            out.append(self._chunk(len(self._text)))
        else:
            out += self._preview(now, force=False)
        if any(not isinstance(item, Delta) for item in out):
            self._chunk_due = now + CHUNK_SECONDS if self._text else None
        return out

    def end(self) -> list[Output]:
        """Return the rest; the last chunk is marked, even where nothing is left to say."""
        if self._ended or (not self._text and not self._offset):
            return []
        self._ended = True
        out: list[Output] = []
        while len(self._text) > CHUNK_CHARACTERS:
            out.append(self._chunk(CHUNK_CHARACTERS))
        out.append(self._chunk(len(self._text), final=True))
        return out

    def next_due(self) -> float | None:
        """Return when `due` has something to say, None: not without another piece."""
        if self._chunk_due is None:
            return None
        if self._previewed < len(self._text):
            return min(self._chunk_due, self._delta_due)
        return self._chunk_due

    def _preview(self, now: float, *, force: bool) -> list[Output]:
        fresh = self._text[self._previewed :]
        if not fresh or (now < self._delta_due and not force):
            return []
        offset = self._offset + self._previewed
        self._previewed = len(self._text)
        self._delta_due = now + DELTA_SECONDS
        return [Delta(message_id=self.message_id, kind=self.kind, offset=offset, text=fresh)]

    def _chunk(self, length: int, *, final: bool = False) -> Output:
        text, self._text = self._text[:length], self._text[length:]
        offset, self._offset = self._offset, self._offset + length
        self._previewed = max(0, self._previewed - length)
        if self.kind == "thought":
            return ThoughtChunk(
                message_id=self.message_id, prompt_id=self.prompt_id, offset=offset, text=text, final=final
            )
        return MessageChunk(
            message_id=self.message_id,
            prompt_id=self.prompt_id,
            role=self.role,
            offset=offset,
            text=text,
            final=final,
        )
