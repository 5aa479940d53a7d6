"""The conversation as people read it: stream events assembled into entries, one per message, tool call or turn (S11).

An entry stands where its first event stood (`seq`), so pages never overlap; its text and state are the newest.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ccplant_contracts.attachment import AttachmentRef
from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.prompt import PermissionOption, PermissionResource, PromptResource
from ccplant_contracts.status import PermissionState, Reason, Status
from ccplant_contracts.stream import PlanEntry, ToolContent


class MessageEntry(Message):
    """A message of a person or of the agent, whole; `complete` is false while it is being written."""

    type: Literal["message"] = "message"
    seq: int
    at: UtcTime
    message_id: str
    prompt_id: str | None
    role: Literal["agent", "user"]
    text: str
    complete: bool
    attachments: tuple[AttachmentRef, ...] = ()


class ThoughtEntry(Message):
    """What the agent thought aloud."""

    type: Literal["thought"] = "thought"
    seq: int
    at: UtcTime
    message_id: str
    prompt_id: str | None
    text: str
    complete: bool


class ToolEntry(Message):
    """A tool call as it stands."""

    type: Literal["tool"] = "tool"
    seq: int
    at: UtcTime
    updated_at: UtcTime
    tool_call_id: str
    prompt_id: str | None
    name: str | None
    title: str
    kind: str
    status: Literal["pending", "in_progress", "completed", "failed"]
    input: dict[str, Any] | None
    content: tuple[ToolContent, ...]
    locations: tuple[str, ...]


class PlanSnapshot(Message):
    """The agent's plan as it stood."""

    type: Literal["plan"] = "plan"
    seq: int
    at: UtcTime
    prompt_id: str | None
    entries: tuple[PlanEntry, ...]


class TurnEntry(Message):
    """A turn began or ended."""

    type: Literal["turn"] = "turn"
    seq: int
    at: UtcTime
    prompt_id: str | None
    state: Literal["started", "done", "failed", "interrupted", "cancelled"]
    stop_reason: str | None
    error: str | None


class PermissionEntry(Message):
    """A permission request and what became of it."""

    type: Literal["permission"] = "permission"
    seq: int
    at: UtcTime
    permission_id: str
    prompt_id: str | None
    tool_call_id: str | None
    title: str
    options: tuple[PermissionOption, ...]
    state: PermissionState | None
    resource: PermissionResource | None = None


class NoticeEntry(Message):
    """Something that the runner wants readers to know."""

    type: Literal["notice"] = "notice"
    seq: int
    at: UtcTime
    level: Literal["info", "warning", "error"]
    code: str
    message: str


ConversationEntry = Annotated[
    MessageEntry | ThoughtEntry | ToolEntry | PlanSnapshot | TurnEntry | PermissionEntry | NoticeEntry,
    Field(discriminator="type"),
]


class Conversation(Message):
    """One page of the conversation, and the prompts that are not in it yet."""

    session_id: str
    messages: tuple[ConversationEntry, ...]
    prompts: tuple[PromptResource, ...]
    """Those still open: queued, being delivered, under way."""
    last_seq: int
    """The last stored number of the whole conversation."""
    limit: int
    has_more: bool
    next_cursor: str | None


class ExportedSession(Message):
    """Which session a conversation is of."""

    session_id: str
    name: str
    user: str
    status: Status
    status_reason: Reason
    repository: str | None
    branch: str | None
    agent: str | None
    created_at: UtcTime
    ended_at: UtcTime | None


class ExportHead(Message):
    """What an export begins with."""

    version: Literal[1] = 1
    session: ExportedSession
    exported_at: UtcTime
    last_seq: int
    """Of the stored stream when it was exported."""


class ConversationExport(ExportHead):
    """A whole conversation as one document."""

    messages: tuple[ConversationEntry, ...]
    undelivered: tuple[PromptResource, ...]
    """Prompts that no agent saw (yet), of the last 200."""
