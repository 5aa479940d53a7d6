"""Assembles stream events into the conversation: pure, page by page (S11).

An entry belongs to the page on which it begins; a page reads on until its own entries are whole, so a message that
was streamed in a hundred chunks is one text on one page and appears on no other.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ccplant_api.errors.validation import invalid_field
from ccplant_contracts.attachment import AttachmentRef
from ccplant_contracts.conversation import (
    ConversationEntry,
    MessageEntry,
    NoticeEntry,
    PermissionEntry,
    PlanSnapshot,
    ThoughtEntry,
    ToolEntry,
    TurnEntry,
)
from ccplant_contracts.errors import InvalidRequestError
from ccplant_contracts.stream import (
    MessageChunk,
    Notice,
    PermissionRequest,
    Plan,
    StreamEvent,
    ThoughtChunk,
    Tool,
    Turn,
)

_MAX_OPEN_TOOLS = 100
_READ_ON = 5_000
"""Events that a full page reads at most to make its entries whole."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins; `tools` began on an earlier page and are shown there."""

    after: int = 0
    tools: frozenset[str] = frozenset()

    def encode(self) -> str:
        """Return it as clients carry it."""
        raw = json.dumps([self.after, sorted(self.tools)[:_MAX_OPEN_TOOLS]], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Read what `encode` wrote.

        Raises:
            InvalidRequestError: it is something else.
        """
        try:
            after, tools = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if isinstance(after, int) and 0 <= after < 2**53 and all(isinstance(tool, str) for tool in tools):
                return cls(after, frozenset(tools))
        except (ValueError, TypeError, binascii.Error, RecursionError):
            pass
        raise _bad_cursor()


def _bad_cursor() -> InvalidRequestError:
    return invalid_field("cursor", "is not one that this list gave")


@dataclass(slots=True)
class _Text:
    """A message or thought that is being put together."""

    seq: int
    at: datetime
    message_id: str
    prompt_id: str | None
    role: str | None
    """None: a thought."""
    parts: list[str] = field(default_factory=list)
    length: int = 0
    complete: bool = False
    attachments: tuple[AttachmentRef, ...] = ()

    def add(self, offset: int, text: str, *, final: bool) -> None:
        if offset < self.length:  # a repeat: the newer word wins from its offset on
            self.parts = ["".join(self.parts)[:offset]]
            self.length = offset
        self.parts.append(text)
        self.length += len(text)
        self.complete = self.complete or final

    def entry(self) -> MessageEntry | ThoughtEntry:
        text = "".join(self.parts)
        if self.role is None:
            return ThoughtEntry(
                seq=self.seq, at=self.at, message_id=self.message_id, prompt_id=self.prompt_id,
                text=text, complete=self.complete,
            )  # fmt: skip
        return MessageEntry(
            seq=self.seq, at=self.at, message_id=self.message_id, prompt_id=self.prompt_id,
            role="user" if self.role == "user" else "agent", text=text, complete=self.complete,
            attachments=self.attachments,
        )  # fmt: skip


class Page:
    """One page of the conversation in the making."""

    def __init__(self, cursor: Cursor, limit: int) -> None:
        self._limit = limit
        self._texts: dict[str, _Text] = {}
        self._tools: dict[str, ToolEntry] = {}
        self._entries: list[_Text | str | ConversationEntry] = []
        self._open: dict[str, str | None] = {}
        """Entries that more may come to, by key, and their prompt."""
        self._earlier = set(cursor.tools)
        """Tool calls of earlier pages that more may come to."""
        self._next: Cursor | None = None
        self._extra = 0

    @property
    def next(self) -> Cursor | None:
        """Where the next page begins; None: nothing was seen that belongs to one."""
        return self._next

    @property
    def whole(self) -> bool:
        """Whether no event can add anything to this page any more, or enough were read."""
        return self._next is not None and (not self._open or self._extra >= _READ_ON)

    def entries(self) -> tuple[ConversationEntry, ...]:
        """Return the entries in the order in which they began."""
        made: list[ConversationEntry] = []
        for item in self._entries:
            if isinstance(item, _Text):
                made.append(item.entry())
            elif isinstance(item, str):
                made.append(self._tools[item])
            else:
                made.append(item)
        return tuple(made)

    def read(self, events: Iterable[StreamEvent]) -> None:
        """Take the next events of the stream, in order."""
        for event in events:
            if self.whole:
                return
            self._extra += self._next is not None
            self._take(event)

    def _take(self, event: StreamEvent) -> None:
        data = event.data
        if isinstance(data, MessageChunk):
            self._text(event, f"m:{data.message_id}", data, data.role)
        elif isinstance(data, ThoughtChunk):
            self._text(event, f"t:{data.message_id}", data, None)
        elif isinstance(data, Tool):
            self._tool(event, data)
        elif isinstance(data, Turn):
            self._turn(event, data)
        elif isinstance(data, Plan):
            self._begin(
                event,
                PlanSnapshot(seq=event.seq, at=event.at, prompt_id=data.prompt_id, entries=data.entries),
            )
        elif isinstance(data, PermissionRequest):
            self._begin(
                event,
                PermissionEntry(
                    seq=event.seq, at=event.at, permission_id=data.permission_id, prompt_id=data.prompt_id,
                    tool_call_id=data.tool_call_id, title=data.title, options=data.options, state=None,
                ),
            )  # fmt: skip
        elif isinstance(data, Notice):
            self._begin(
                event,
                NoticeEntry(
                    seq=event.seq, at=event.at, level=data.level, code=data.code, message=data.message
                ),
            )

    def _begin(self, event: StreamEvent, item: _Text | str | ConversationEntry) -> bool:
        """Add an entry where the page has room; else note where the next page begins."""
        if self._next is not None:
            return False
        if len(self._entries) >= self._limit:
            tools = {key[2:] for key in self._open if key.startswith("c:")}
            self._next = Cursor(event.seq - 1, frozenset(tools | self._earlier))
            return False
        self._entries.append(item)
        return True

    def _text(
        self, event: StreamEvent, key: str, data: MessageChunk | ThoughtChunk, role: str | None
    ) -> None:
        text = self._texts.get(key)
        if text is None:
            if data.offset > 0:
                return  # it began on an earlier page
            text = _Text(event.seq, event.at, data.message_id, data.prompt_id, role)
            if isinstance(data, MessageChunk):
                text.attachments = data.attachments
            if not self._begin(event, text):
                return
            self._texts[key] = text
            self._open[key] = data.prompt_id
        text.add(data.offset, data.text, final=data.final)
        if text.complete:
            self._open.pop(key, None)

    def _tool(self, event: StreamEvent, data: Tool) -> None:
        known = self._tools.get(data.tool_call_id)
        if known is None:
            if data.tool_call_id in self._earlier:
                if data.status in ("completed", "failed"):
                    self._earlier.discard(data.tool_call_id)
                return
            if not self._begin(event, data.tool_call_id):
                return
            self._open[f"c:{data.tool_call_id}"] = data.prompt_id
        self._tools[data.tool_call_id] = ToolEntry(
            seq=event.seq if known is None else known.seq,
            at=event.at if known is None else known.at,
            updated_at=event.at,
            **data.model_dump(exclude={"type"}),
        )
        if data.status in ("completed", "failed"):
            self._open.pop(f"c:{data.tool_call_id}", None)

    def _turn(self, event: StreamEvent, data: Turn) -> None:
        if data.state != "started":  # whatever was being written in this turn is as whole as it will be
            for key in [key for key, prompt_id in self._open.items() if prompt_id == data.prompt_id]:
                del self._open[key]
                if key in self._texts:
                    self._texts[key].complete = True
        self._begin(
            event,
            TurnEntry(
                seq=event.seq, at=event.at, prompt_id=data.prompt_id, state=data.state,
                stop_reason=data.stop_reason, error=data.error,
            ),
        )  # fmt: skip
