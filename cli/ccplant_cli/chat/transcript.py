"""From frames to what a reader sees: each piece of text exactly once, in order.

Text arrives twice, as fast previews (`delta`) and as durable chunks that cover them, and again after a reconnect.
Offsets count code points, so what was shown of a message is one number, and only what lies beyond it is new.
A preview that does not fit is left to the chunk that covers it. One that overtook its own prompt (it need not be stored
first) waits for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ccplant_cli.documents import Document
from ccplant_cli.provider_wait import told

Voice = Literal["agent", "user", "thought"]


@dataclass(frozen=True, slots=True)
class Said:
    """New text of a message."""

    voice: Voice
    message_id: str
    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class ToolSeen:
    """A tool call is in a new state."""

    title: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """The plan changed: (state, text) per step."""

    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TurnSeen:
    """A turn began or ended."""

    prompt_id: str
    state: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something beside the conversation that a reader should know."""

    level: str
    text: str


Item = Said | ToolSeen | PlanSeen | TurnSeen | Noticed

_DETAIL = 200
_MOST_EARLY = 500
"""Previews that wait at most; the chunk that covers them is never far."""


def tool_detail(tool: Document) -> str:
    """Return the first line of what a tool call gave, or where the whole is."""
    for piece in tool.each("content"):
        if piece.text("kind") == "diff":
            return piece.text("path")
        lines = piece.text("text").strip().splitlines()
        if lines:
            more = " …" if len(lines) > 1 or len(lines[0]) > _DETAIL or piece.flag("truncated") else ""
            return lines[0][:_DETAIL] + more
    return ""


@dataclass(slots=True)
class Transcript:
    """What was shown so far."""

    last_seq: int
    """The last durable event that was taken."""
    _shown: dict[tuple[Voice, str], int] = field(default_factory=dict)
    _tools: dict[str, str] = field(default_factory=dict)
    _plan: tuple[tuple[str, str], ...] = ()
    _early: list[Document] | None = None
    """Previews that came before the turn they belong to, and wait for it; None: none has to wait."""

    def take(self, frame: Document) -> tuple[Item, ...]:
        """Take one frame of the stream and return what is new in it."""
        data = frame.inner("data")
        kind = frame.text("type")
        if kind == "delta":
            if self._early is None:
                return self._preview(data)
            if len(self._early) < _MOST_EARLY:
                self._early.append(data)
            return ()
        seq = frame.integer("seq")
        if seq:
            if seq <= self.last_seq:
                return ()
            self.last_seq = seq
        return self._durable(kind, data)

    def _durable(self, kind: str, data: Document) -> tuple[Item, ...]:
        match kind:
            case "message_chunk" if data.text("role") == "user":
                return self._chunk("user", data) + (self._release() if data.flag("final") else ())
            case "message_chunk":
                return self._chunk("agent", data)
            case "thought_chunk":
                return self._chunk("thought", data)
            case "tool":
                return self._tool(data)
            case "plan":
                steps = tuple((step.text("status"), step.text("content")) for step in data.each("entries"))
                changed, self._plan = steps != self._plan, steps
                return (PlanSeen(steps),) if changed else ()
            case "turn":
                return self._turn(TurnSeen(data.text("prompt_id"), data.text("state"), data.text("error")))
            case "mcp_server" if data.text("state") == "failed":
                return (Noticed("warning", f"MCP {data.text('name')}: {data.text('error')}"),)
            case "agent_state" if wait := data.inner("provider_wait"):
                return (Noticed("warning", told(wait)),)
            case "notice":
                return (Noticed(data.text("level", "info"), data.text("message")),)
            case _:
                return ()

    def _turn(self, turn: TurnSeen) -> tuple[Item, ...]:
        if turn.state == "started" and not turn.prompt_id:
            return (turn, *self._release())
        # What a turn says comes after its prompt, which the stream tells next.
        self._early = [] if self._early is None else self._early
        return (turn,)

    def _release(self) -> tuple[Item, ...]:
        waiting, self._early = self._early or [], None
        return tuple(item for data in waiting for item in self._preview(data))

    def _preview(self, data: Document) -> tuple[Item, ...]:
        voice: Voice = "thought" if data.text("kind") == "thought" else "agent"
        message_id, offset, text = data.text("message_id"), data.integer("offset"), data.text("text")
        shown = self._shown.get((voice, message_id), 0)
        if offset > shown or offset + len(text) <= shown:
            return ()
        self._shown[voice, message_id] = offset + len(text)
        return (Said(voice, message_id, text[shown - offset :]),)

    def _chunk(self, voice: Voice, data: Document) -> tuple[Item, ...]:
        message_id, offset, text = data.text("message_id"), data.integer("offset"), data.text("text")
        shown = self._shown.get((voice, message_id), 0)
        # Durable chunks have no gaps: one that begins later belongs to a message that began before we looked.
        new = text[max(0, shown - offset) :] if offset <= shown else "…" + text
        self._shown[voice, message_id] = max(shown, offset + len(text))
        final = data.flag("final")
        return (Said(voice, message_id, new, final),) if new or final else ()

    def _tool(self, data: Document) -> tuple[Item, ...]:
        call, state = data.text("tool_call_id"), data.text("status")
        # Waiting to run and running are one state to a reader.
        shown = "in_progress" if state == "pending" else state
        if self._tools.get(call) == shown:
            return ()
        self._tools[call] = shown
        over = state in ("completed", "failed")
        return (ToolSeen(data.text("title") or data.text("name"), shown, tool_detail(data) if over else ""),)
