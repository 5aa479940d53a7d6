"""Prompts and permission requests as clients see and send them (C1–C5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from ccplant_contracts.attachment import AttachmentIds, AttachmentRef
from ccplant_contracts.base import Input, Message, UtcTime
from ccplant_contracts.status import PermissionDelivery, PermissionState, PromptState
from ccplant_contracts.text import Key, PromptText


class SendPrompt(Input):
    """Body of ``POST …/messages``."""

    text: PromptText
    attachments: AttachmentIds = Field(default_factory=tuple)
    """Files that were uploaded to this session: the agent has them before it reads the text."""


class EditPrompt(Input):
    """Body of ``PATCH …/messages/{prompt_id}``; its attachments stay."""

    text: PromptText


class CancelPrompt(Input):
    """Body of ``POST …/cancel``; without an id, the prompt under way when the server got it."""

    prompt_id: Annotated[str, StringConstraints(max_length=64)] | None = None


class AnswerPermission(Input):
    """Body of ``POST …/permissions/{pid}``: an option's id or kind; the kind is safer (positions and ids differ)."""

    option: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PromptResource(Message):
    """A prompt and what became of it."""

    prompt_id: str
    session_id: str
    number: int
    text: str
    attachments: tuple[AttachmentRef, ...] = ()
    state: PromptState
    by: str
    created_at: UtcTime
    delivered_at: UtcTime | None = None
    started_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    cancel_requested: bool = False
    stop_reason: str | None = None
    error: str | None = None
    version: int


OptionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]


class PermissionOption(Message):
    """One answer that the agent offers."""

    option_id: str
    name: str
    kind: OptionKind


class PermissionAnswer(Message):
    """Who answered what."""

    option_id: str | None
    """None: rejected without choosing an option (expiry, an end)."""
    kind: OptionKind
    source: Literal["user", "policy", "expiry", "end"]
    by: str
    at: UtcTime


class PermissionResource(Message):
    """A permission request: server state, answered exactly once."""

    permission_id: str
    session_id: str
    prompt_id: str | None
    tool_call_id: str | None
    title: str
    tool: dict[str, Any] = Field(default_factory=dict)
    """The tool call as the stream's `tool` snapshot shows it (name, kind, input; cut and masked)."""
    options: tuple[PermissionOption, ...]
    state: PermissionState
    answer: PermissionAnswer | None = None
    delivery: PermissionDelivery | None = None
    applied: bool = False
    requested_at: UtcTime
    expires_at: UtcTime | None = None
    version: int


class ClientPrompt(Input):
    """WebSocket frame ``prompt``."""

    type: Literal["prompt"]
    text: PromptText
    attachments: AttachmentIds = Field(default_factory=tuple)
    idempotency_key: Key | None = None


class ClientCancel(Input):
    """WebSocket frame ``cancel``."""

    type: Literal["cancel"]
    prompt_id: Annotated[str, StringConstraints(max_length=64)] | None = None


class ClientPermission(Input):
    """WebSocket frame ``permission``."""

    type: Literal["permission"]
    permission_id: Annotated[str, StringConstraints(max_length=64)]
    option: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ClientPing(Input):
    """WebSocket frame ``ping``."""

    type: Literal["ping"]


ClientFrame = Annotated[
    ClientPrompt | ClientCancel | ClientPermission | ClientPing, Field(discriminator="type")
]
"""What a WebSocket client may send."""
