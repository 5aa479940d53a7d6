"""The output stream: what a runner said, numbered by it, and the previews in between.

Durable events carry ``seq`` (1, 2, 3 … per session, without a gap); deltas carry none and may be lost, because the next
chunk covers them. Offsets count Unicode code points.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter

from ccplant_contracts.attachment import AttachmentRef
from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.prompt import OptionKind, PermissionOption
from ccplant_contracts.session import AgentInfo, McpServerState, ProviderWait, TokenUsage

MAX_EVENT_BYTES = 256_000
"""A durable event is cut to this, with a marker; the whole goes into a blob."""
MAX_BATCH_BYTES = 512_000
BLOB_CHUNK_BYTES = 512_000


class MessageChunk(Message):
    """A piece of a message; `role` user is the prompt as the agent got it (its `message_id` is the prompt's id)."""

    type: Literal["message_chunk"] = "message_chunk"
    message_id: str
    prompt_id: str | None = None
    role: Literal["agent", "user"]
    offset: int
    text: str
    final: bool = False
    attachments: tuple[AttachmentRef, ...] = ()
    """The files of a person's message, in its first piece."""


class ThoughtChunk(Message):
    """A piece of what the agent thinks aloud."""

    type: Literal["thought_chunk"] = "thought_chunk"
    message_id: str
    prompt_id: str | None = None
    offset: int
    text: str
    final: bool = False


class ToolContent(Message):
    """One piece of a tool call's content: text, a diff, a terminal's output, or what stands for it in a blob."""

    kind: Literal["text", "diff", "blob"]
    text: str | None = None
    path: str | None = None
    old_text: str | None = None
    new_text: str | None = None
    blob_id: str | None = None
    size: int | None = None
    """Bytes of the whole, where `text` is cut."""
    truncated: bool = False


class Tool(Message):
    """A tool call as it stands now: a whole snapshot, at most one per 500 ms and call."""

    type: Literal["tool"] = "tool"
    tool_call_id: str
    prompt_id: str | None = None
    name: str | None = None
    title: str
    kind: str = "other"
    status: Literal["pending", "in_progress", "completed", "failed"]
    input: dict[str, Any] | None = None
    content: tuple[ToolContent, ...] = ()
    locations: tuple[str, ...] = ()


class PlanEntry(Message):
    """One step of a plan."""

    content: str
    status: Literal["pending", "in_progress", "completed"]
    priority: str | None = None


class Plan(Message):
    """The agent's plan as it stands now."""

    type: Literal["plan"] = "plan"
    prompt_id: str | None = None
    entries: tuple[PlanEntry, ...]


class Turn(Message):
    """A turn began or ended. A turn without `prompt_id` was begun by the agent itself (a background task reported).

    Where the model's provider was why it failed, `stop_reason` is a `ProviderReason` (``rate_limited`` …).
    """

    type: Literal["turn"] = "turn"
    prompt_id: str | None
    state: Literal["started", "done", "failed", "interrupted", "cancelled"]
    stop_reason: str | None = None
    error: str | None = None


class TokenUsageEvent(TokenUsage):
    """Usage so far, whole."""

    type: Literal["token_usage"] = "token_usage"


class McpServerEvent(McpServerState):
    """An MCP server changed its state."""

    type: Literal["mcp_server"] = "mcp_server"


class PermissionRequest(Message):
    """The agent asks for permission; becomes server state as soon as it is stored."""

    type: Literal["permission_request"] = "permission_request"
    permission_id: str
    prompt_id: str | None
    tool_call_id: str | None = None
    title: str
    tool: dict[str, Any] = Field(default_factory=dict)
    options: tuple[PermissionOption, ...]
    policy_answer: OptionKind | None = None
    """The policy's answer, already applied by the runner; None: somebody has to answer."""
    policy_rule: str | None = None


class PermissionOutcome(Message):
    """What the runner did with an answer, or that the agent no longer waits for one."""

    type: Literal["permission_outcome"] = "permission_outcome"
    permission_id: str
    outcome: Literal["applied", "not_applied"]
    option_id: str | None = None


class AgentStateEvent(Message):
    """What the agent is doing as a program.

    `restarting`: the runner brings back a dead one. `waiting_for_provider`: within a turn, the model's provider
    refuses requests (a limit, an overload) and the agent tries again by itself.
    """

    type: Literal["agent_state"] = "agent_state"
    state: Literal["ready", "working", "restarting", "background", "waiting_for_provider"]
    provider_wait: ProviderWait | None = None
    info: AgentInfo | None = None
    detail: str | None = None


class Idle(Message):
    """Nothing runs, waits or is queued at the runner, and has not for a while; `prompts` were taken so far (C6)."""

    type: Literal["idle"] = "idle"
    last_prompt_id: str
    last_number: int


class Notice(Message):
    """Something that a reader of the history should know, said by the runner."""

    type: Literal["notice"] = "notice"
    level: Literal["info", "warning", "error"]
    code: str
    message: str


StreamData = Annotated[
    MessageChunk | ThoughtChunk | Tool | Plan | Turn | TokenUsageEvent | McpServerEvent | PermissionRequest
    | PermissionOutcome | AgentStateEvent | Idle | Notice,
    Field(discriminator="type"),
]  # fmt: skip
"""Everything that a durable event may carry."""

StreamType = Literal[
    "message_chunk", "thought_chunk", "tool", "plan", "turn", "token_usage", "mcp_server", "permission_request",
    "permission_outcome", "agent_state", "idle", "notice",
]  # fmt: skip
STREAM_TYPES: frozenset[str] = frozenset(get_args(StreamType))


class StreamEvent(Message):
    """One durable event: a line of the runner's log, a document in MongoDB, a frame to a viewer."""

    seq: int = Field(ge=1, lt=10**12)
    """Twelve digits: in keys and file names the order of texts is the order of numbers."""
    at: UtcTime
    data: StreamData


class OutputBatch(Message):
    """What goes through the output stream: consecutive events of one launch, ascending."""

    session_id: str
    launch_id: str
    events: tuple[StreamEvent, ...] = Field(min_length=1)


class Delta(Message):
    """A preview of text; safe to lose."""

    message_id: str
    kind: Literal["message", "thought"] = "message"
    offset: int
    text: str


STREAM_EVENT = TypeAdapter(StreamEvent)
