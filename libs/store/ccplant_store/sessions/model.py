"""The session's document: what is wanted and what is so.

`SessionListing` is the part that a page of a list needs; lists never load configuration or diagnosis, which may be
large and hold secrets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.session import (
    AgentInfo,
    Mode,
    ProviderWait,
    SessionConfig,
    StopRequested,
    TokenUsage,
    Transcript,
)
from ccplant_contracts.status import Reason, Status
from ccplant_store.documents import Document, Raw, json_text

Work = Literal["start", "end"]
"""Why the resync must look at a session: it is to start, or an end is to be reached or settled."""


def _from_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


JsonDict = Annotated[dict[str, Any], BeforeValidator(_from_json)]
"""An object whose keys are the user's; kept as JSON text, so that no key can trouble MongoDB."""


class LaunchDoc(Message):
    """One attempt to run the session: the fencing token, written before anything is done outside."""

    id: str
    attempt: int
    created_at: UtcTime
    started_at: UtcTime | None = None
    """When the runtime accepted it; only then does its absence mean anything."""
    released: bool = False


class StopDoc(StopRequested):
    """That the end is wanted, and when the runner was told."""

    signalled_at: UtcTime | None = None


class McpStateDoc(Message):
    """How an MCP server is doing; its name is the key."""

    state: Literal["starting", "ready", "failed", "unknown"]
    error: str | None = None


class SessionListing(Document):
    """A session as lists show it."""

    owner: str
    name: str
    mode: Mode = Mode.INTERACTIVE
    labels: dict[str, str] = Field(default_factory=dict)
    repository: str | None = None
    branch: str | None = None
    cpu_limit: str
    memory_limit: str
    status: Status = Status.PENDING
    status_reason: Reason = Reason.CREATED
    facts: dict[str, Any] = Field(default_factory=dict)
    """What the reason's message is filled with."""
    created_at: UtcTime
    updated_at: UtcTime
    running_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    deadline_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    deleted: bool = False
    open: bool = True
    """Whether the status is not final."""
    version: int = 1
    launch: LaunchDoc | None = None
    stop_requested: StopDoc | None = None
    agent: AgentInfo | None = None
    agent_state: str | None = None
    provider_wait: ProviderWait | None = None
    reachable: bool | None = None
    step: str | None = None
    pending_permissions: int = 0
    stored_to: int = 0
    """End of the gapless prefix of the output in MongoDB; outside `version`."""
    prompt_seq: int = 0
    """Number of the last prompt; outside `version`."""
    event_seq: int = 0
    """Number of the last lifecycle event; outside `version`."""
    settled: bool = False
    """After the end: prompts and permissions closed, transcript whole, runtime released."""


LISTED = dict.fromkeys([field.alias or name for name, field in SessionListing.model_fields.items()], 1)
"""The projection of a list."""


class SessionDoc(SessionListing):
    """The whole document."""

    config: JsonDict
    """`SessionConfig` with every default filled in and its secrets unmasked."""
    diagnosis: dict[str, Any] | None = None
    mcp_servers: dict[str, McpStateDoc] = Field(default_factory=dict)
    token_usage: TokenUsage | None = None
    transcript: Transcript | None = None
    idle_number: int | None = None
    """Number of the last prompt after which the runner had nothing left."""
    applied_seq: int = 0
    """Last event of the output that changed this document; outside `version`."""
    attempts: int = 0
    next_attempt_at: UtcTime | None = None
    last_error: str | None = None
    work: Work | None = "start"
    """Maintained by every change; the resync's index."""
    recreated_from: str | None = None
    agent_session: str | None = None
    """The agent's own name of the conversation, for resuming it."""
    resumes: str | None = None
    """The conversation that the agent is to go on with (S14): `agent_session` of the session it was in before."""
    volume_id: str | None = None
    """The volume that the session works on; None: it has none."""
    purge_requested: bool = False
    workspace_kept: bool = False
    """Whether its volume outlived its end, as far as this session decides about it."""
    delete_pvc: bool | None = None
    """What a deletion after the end said of the volume; None: `pvc_retain` decides."""
    delete_at: UtcTime | None = None
    """When it is deleted by itself (S12), known from its end on."""
    event_at: UtcTime | None = None
    """Time of the last lifecycle event; events of a session never go back in time."""

    def encode(self) -> Raw:
        raw = super().encode()
        raw["config"] = json_text(self.config)
        return raw


def new_session(
    session_id: str,
    *,
    owner: str,
    name: str | None,
    mode: Mode,
    labels: Mapping[str, str],
    repository: str | None,
    branch: str | None,
    config: SessionConfig,
    at: datetime,
    volume_id: str | None = None,
    recreated_from: str | None = None,
    resumes: str | None = None,
) -> SessionDoc:
    """Return a session that is to start; pure.

    Without a volume of another session it has one of its own where its configuration says so.
    """
    return SessionDoc(
        id=session_id,
        owner=owner,
        name=name or session_id,
        mode=mode,
        labels=dict(labels),
        repository=repository,
        branch=branch,
        cpu_limit=config.cpu_limit,
        memory_limit=config.memory_limit,
        created_at=at,
        updated_at=at,
        config=config.model_dump(mode="json"),
        recreated_from=recreated_from,
        resumes=resumes,
        volume_id=volume_id or (session_id if config.pvc_enabled else None),
    )


def deletion_time(config: Mapping[str, Any], status: Status, ended_at: datetime) -> datetime | None:
    """Return when an ended session is deleted by itself (S12); pure.

    Hours count from the end, however it came. Without hours, `auto_delete_on_complete` deletes what completed, at once;
    with both, a session that completed stays for these hours as well: who wants both wants to see what came of it.
    """
    hours = config.get("auto_delete_after_hours")
    if isinstance(hours, int):
        return ended_at + timedelta(hours=hours)
    if config.get("auto_delete_on_complete") and status is Status.COMPLETED:
        return ended_at
    return None


def work_of(*, status: Status, settled: bool, stop_requested: bool, purge_requested: bool) -> Work | None:
    """Return why the resync must look at a session like this; pure."""
    if status.final:
        return "end" if purge_requested or not settled else None
    if stop_requested or purge_requested:
        return "end"
    return "start" if status is Status.PENDING else None
