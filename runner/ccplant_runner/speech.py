"""Turns what an agent does into durable events and previews, in the agent's order.

Text is coalesced, snapshots are throttled; a message ends where something else begins, a snapshot never waits past the
beginning of a message, and everything that belongs to a turn is said before the turn's end. One timer wakes it for
what time makes due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.ids import random_text
from ccplant_contracts.session import McpServerState
from ccplant_contracts.stream import (
    Delta,
    McpServerEvent,
    MessageChunk,
    Plan,
    StreamData,
    TokenUsageEvent,
    Tool,
)
from ccplant_platform.redaction import Redactor
from ccplant_runner.agents.driver import McpChanged, PlanChanged, TextSaid, ToolChanged, UsageChanged
from ccplant_runner.coalescer import CHUNK_CHARACTERS, Output, TextCoalescer
from ccplant_runner.redaction import StreamRedactor
from ccplant_runner.snapshots import SnapshotThrottle

SpeechUpdate = TextSaid | ToolChanged | PlanChanged | UsageChanged | McpChanged


class Speech:
    """The one place where the agent's updates become events."""

    def __init__(
        self,
        *,
        say: Callable[[StreamData], None],
        preview: Callable[[Delta], None],
        large_tool: Callable[[Tool], Tool],
        redactor: Redactor,
    ) -> None:
        self._say = say
        self._preview = preview
        self._large_tool = large_tool
        self._redactor = redactor
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._text: TextCoalescer | None = None
        self._mask: StreamRedactor | None = None
        self._agents_id: str | None = None
        self._servers: dict[str, McpServerState] = {}
        self._snapshots: SnapshotThrottle[Tool | Plan | TokenUsageEvent] = SnapshotThrottle()
        self.prompt_id: str | None = None
        """The prompt whose turn it is; None: the agent speaks by itself."""

    def take(self, update: SpeechUpdate) -> None:
        """Take one update."""
        match update:
            case TextSaid():
                self._take_text(update)
            case ToolChanged(tool):
                self.end_message()
                self.tool(tool)
            case PlanChanged(entries):
                self._offer("plan", Plan(prompt_id=self.prompt_id, entries=entries))
            case UsageChanged(usage):
                self._offer("usage", TokenUsageEvent.model_validate(usage.model_dump()))
            case McpChanged(server) if self._servers.get(server.name) != server:
                self._servers[server.name] = server
                self._say(McpServerEvent.model_validate(server.model_dump()))
        self._arm()

    def tool(self, tool: Tool) -> None:
        """Say how a tool call stands; also used again when its big content has been stored."""
        fitted = self._large_tool(tool.model_copy(update={"prompt_id": tool.prompt_id or self.prompt_id}))
        self._offer(f"tool:{tool.tool_call_id}", fitted)
        self._arm()

    def user_message(self, prompt_id: str, text: str, files: Sequence[AttachedFile] = ()) -> None:
        """Say what the agent was told, in as many chunks as its length needs."""
        masked = self._redactor(text)
        for offset in range(0, len(masked), CHUNK_CHARACTERS):
            piece = masked[offset : offset + CHUNK_CHARACTERS]
            final = offset + CHUNK_CHARACTERS >= len(masked)
            self._say(
                MessageChunk(
                    message_id=prompt_id,
                    prompt_id=prompt_id,
                    role="user",
                    offset=offset,
                    text=piece,
                    final=final,
                    attachments=tuple(file.ref() for file in files) if offset == 0 else (),
                )
            )

    def end_message(self) -> None:
        """End the message that is open."""
        if self._text is None or self._mask is None:
            return
        rest = self._mask.end()
        self._send(self._text.feed(rest, self._loop.time()))
        self._send(self._text.end())
        self._text = self._mask = self._agents_id = None

    def flush(self) -> None:
        """Say everything that is held: a turn ends."""
        self.end_message()
        self._release_snapshots()
        self._arm()

    def _release_snapshots(self) -> None:
        """Say the snapshots that are held: what is said next comes after them."""
        for snapshot in self._snapshots.flush():
            self._say(snapshot)

    def _take_text(self, update: TextSaid) -> None:
        current = self._text
        other = update.message_id is not None and update.message_id != self._agents_id
        if current is None or current.kind != update.kind or other:
            self.end_message()
            self._release_snapshots()
            # the agent's own ids may repeat after its restart, ours do not
            current = TextCoalescer(update.kind, f"msg-{random_text(12)}", self.prompt_id)
            self._text, self._mask = current, StreamRedactor(self._redactor)
        if update.message_id is not None:
            self._agents_id = update.message_id
        if self._mask is not None:
            self._send(current.feed(self._mask.feed(update.text), self._loop.time()))

    def _offer(self, key: str, snapshot: Tool | Plan | TokenUsageEvent) -> None:
        for ready in self._snapshots.offer(key, snapshot, self._loop.time()):
            self._say(ready)

    def _send(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Delta):
                self._preview(output)
            else:
                self._say(output)

    def _wake(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._text is not None:
            self._send(self._text.due(now))
        for snapshot in self._snapshots.due(now):
            self._say(snapshot)
        self._arm()

    def _arm(self) -> None:
        times = [self._snapshots.next_due(), self._text.next_due() if self._text is not None else None]
        due = min((time for time in times if time is not None), default=None)
        if self._timer is not None:
            if due is not None and self._timer.when() <= due and not self._timer.cancelled():
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self._loop.call_at(due, self._wake)
