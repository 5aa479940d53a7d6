"""What a client sends to create a session, and what it reads about one (S2, S2b, S5, S8, S9).

`SessionConfig` is the whole configuration with every default filled in (S3); a client may send any part of it.
The masked form alone ever leaves the system: environment values of MCP servers and secret `env` become ``"***"``.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from ccplant_contracts.attachment import AttachmentIds
from ccplant_contracts.base import Input, Message, UtcTime
from ccplant_contracts.ids import is_session_id
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.quantities import CpuQuantity, MemoryQuantity, StorageQuantity
from ccplant_contracts.status import Reason, Status, StopReason
from ccplant_contracts.text import EnvName, Line, Name, PromptText, Script

MASK = "***"
MAX_TIMEOUT_MINUTES = 43_200
"""Thirty days (S7)."""


class Mode(StrEnum):
    """Whether people talk to it, or it has one task and completes by itself (C6)."""

    INTERACTIVE = "interactive"
    TASK = "task"


class Preset(StrEnum):
    """Sizes with a name (S3)."""

    LIGHT = "light"
    NORMAL = "normal"
    HEAVY = "heavy"


PRESETS: dict[Preset, tuple[str, str]] = {
    Preset.LIGHT: ("1", "2Gi"),
    Preset.NORMAL: ("2", "4Gi"),
    Preset.HEAVY: ("4", "8Gi"),
}
"""CPU and memory limit of each preset."""


def _repository(value: str) -> str:
    if value.startswith("-"):
        raise ValueError("must not begin with a dash")
    parts = urlsplit(value)
    if parts.scheme in ("https", "http", "ssh", "git") and parts.hostname:
        if parts.password or (parts.username and parts.scheme in ("https", "http")):
            raise ValueError("must not contain credentials; they are given apart")
        return value
    if parts.scheme == "file" and parts.path:
        return value
    if re.fullmatch(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s]+", value):
        return value
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", value):
        return f"https://github.com/{value}"
    raise ValueError('must be a Git URL such as "https://github.com/owner/name", or "owner/name"')


def _branch(value: str) -> str:
    if (
        value.startswith("-")
        or ".." in value
        or re.search(r"[\s~^:?*\[\\\x00-\x1f]", value)
        or value.endswith("/")
    ):
        raise ValueError("is not a valid branch name")
    return value


Repository = Annotated[Line, AfterValidator(_repository)]
Branch = Annotated[str, StringConstraints(min_length=1, max_length=250), AfterValidator(_branch)]
LabelKey = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9]([-a-zA-Z0-9_./]{0,61}[a-zA-Z0-9])?$")]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?)?$")]
ServerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Minutes = Annotated[int, Field(strict=True, ge=0, le=MAX_TIMEOUT_MINUTES)]


class McpServer(Input):
    """One MCP server: a command to start (stdio), or an address (http, sse)."""

    type: Literal["stdio", "http", "sse"] = "stdio"
    command: Line | None = None
    args: tuple[Annotated[Script, Field(max_length=8_192)], ...] = Field(default=(), max_length=100)
    env: dict[EnvName, Script] = Field(default_factory=dict, max_length=100)
    url: Line | None = None
    headers: dict[Line, Line] = Field(default_factory=dict, max_length=50)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.type == "stdio":
            if not self.command:
                raise ValueError("a stdio server needs a command")
            if self.url or self.headers:
                raise ValueError("a stdio server has no url and no headers")
            return self
        if self.command or self.args or self.env:
            raise ValueError(f"a {self.type} server has a url and headers only")
        if not self.url or urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError(f"a {self.type} server needs an http(s) url")
        return self

    def masked(self) -> Self:
        """Return it without any value that may be a secret."""
        return self.model_copy(
            update={"env": dict.fromkeys(self.env, MASK), "headers": dict.fromkeys(self.headers, MASK)}
        )


class EnvValue(Input):
    """An environment variable for set-up and agent; a secret one is masked in every answer."""

    value: Script
    secret: bool = True


def _env_value(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


def _session(value: str) -> str:
    if not is_session_id(value):
        raise ValueError("must be the id of a session")
    return value


def _policy(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


class SessionConfig(Input):
    """The configuration of a session, complete (S2, S2b, S3)."""

    preset: Preset = Preset.NORMAL
    cpu_limit: CpuQuantity = "2"
    memory_limit: MemoryQuantity = "4Gi"
    pvc_enabled: Annotated[bool, Field(strict=True)] = False
    pvc_storage_size: StorageQuantity = "10Gi"
    pvc_retain: Annotated[bool, Field(strict=True)] = False
    pvc_from: Annotated[str, StringConstraints(max_length=63), AfterValidator(_session)] | None = None
    mcp_servers: dict[ServerName, McpServer] = Field(default_factory=dict, max_length=50)
    timeout_minutes: Minutes = 60
    agent: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] | None = None
    model: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None = None
    permission_policy: Annotated[PermissionPolicy, BeforeValidator(_policy)] | None = None
    env: dict[EnvName, Annotated[EnvValue, BeforeValidator(_env_value)]] = Field(
        default_factory=dict, max_length=200
    )
    setup_script: Script | None = None
    image: Line | None = None
    auto_delete_on_complete: Annotated[bool, Field(strict=True)] = False
    auto_delete_after_hours: Annotated[int, Field(strict=True, ge=1, le=8_760)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _preset_sizes(cls, data: object) -> object:
        """Fill the limits from the preset where they are not given themselves."""
        if not isinstance(data, dict):
            return data
        raw = data.get("preset", Preset.NORMAL)
        if raw not in {preset.value for preset in Preset}:
            return data
        cpu, memory = PRESETS[Preset(raw)]
        return {"cpu_limit": cpu, "memory_limit": memory, **data}

    @model_validator(mode="after")
    def _pvc(self) -> Self:
        if (self.pvc_from is not None or self.pvc_retain) and not self.pvc_enabled:
            raise ValueError("pvc_from and pvc_retain need pvc_enabled: true")
        return self

    def masked(self) -> Self:
        """Return it without any secret; this form alone is shown, logged or put in an event."""
        env = {
            name: item.model_copy(update={"value": MASK}) if item.secret else item
            for name, item in self.env.items()
        }
        servers = {name: server.masked() for name, server in self.mcp_servers.items()}
        return self.model_copy(update={"env": env, "mcp_servers": servers})

    def secrets(self) -> frozenset[str]:
        """Return every value that must not appear in an answer, a log or an event."""
        values = {item.value for item in self.env.values() if item.secret}
        for server in self.mcp_servers.values():
            values.update(server.env.values())
            values.update(server.headers.values())
        return frozenset(value for value in values if value)

    def policy_for(self, mode: Mode) -> PermissionPolicy:
        """Return the policy in force: as given, else `ask` for people and `rules` for a task (C5)."""
        if self.permission_policy is not None:
            return self.permission_policy
        return PermissionPolicy(mode=PolicyMode.RULES if mode is Mode.TASK else PolicyMode.ASK)


class CreateSession(Input):
    """Body of ``POST /api/v1/sessions``."""

    name: Name | None = None
    repository: Repository | None = None
    branch: Branch | None = None
    message: PromptText | None = None
    attachments: AttachmentIds = Field(default_factory=tuple)
    """Files that were uploaded for the first message, before there was a session."""
    mode: Mode = Mode.INTERACTIVE
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict, max_length=50)
    config: SessionConfig = Field(default_factory=SessionConfig)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.mode is Mode.TASK and self.message is None:
            raise ValueError("a task session needs a message")
        if self.attachments and self.message is None:
            raise ValueError("attachments need a message")
        if self.branch is not None and self.repository is None:
            raise ValueError("a branch needs a repository")
        return self


class PatchSession(Input):
    """Body of ``PATCH /api/v1/sessions/{id}``: what is given changes."""

    name: Name | None = None
    timeout_minutes: Minutes | None = None


class RecreateSession(Input):
    """Body of ``POST …/recreate``: parts of the configuration to override (S13)."""

    resume: Annotated[bool, Field(strict=True)] = False
    config: dict[str, Any] = Field(default_factory=dict)


class ResourcesInUse(Message):
    """What a session uses against what it may: cores and bytes."""

    cpu_usage: float | None = None
    cpu_limit: float
    memory_usage: int | None = None
    memory_limit: int
    limits_enforced: bool
    sampled_at: UtcTime | None = None
    age_seconds: float | None = None


class Condition(Message):
    """A Pod condition as Kubernetes words it."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: UtcTime | None = None


class ContainerStatus(Message):
    """The state of the session's one container."""

    name: str
    state: Literal["waiting", "running", "terminated"]
    ready: bool
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    started_at: UtcTime | None = None
    finished_at: UtcTime | None = None


class PodStatus(Message):
    """Where the session runs and how that is doing (S9); the local runtime answers in the same shape."""

    phase: Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Diagnosis(Message):
    """Why a session is not running: a code, a sentence and a hint in two languages, and the evidence (D1, D2)."""

    code: str
    message: dict[Literal["ja", "en"], str]
    hint: dict[Literal["ja", "en"], str]
    evidence: dict[str, Any] = Field(default_factory=dict)


class StopRequested(Message):
    """That somebody wants the end."""

    reason: StopReason
    by: str
    force: bool = False
    delete_pvc: bool | None = None
    at: UtcTime


class TimelineEntry(Message):
    """One lifecycle event of the session."""

    id: str
    type: str
    time: UtcTime
    reason: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class McpServerState(Message):
    """How an MCP server is doing (D4)."""

    name: str
    state: Literal["starting", "ready", "failed", "unknown"]
    """`unknown`: the agent was given it, and does not tell what became of that."""
    error: str | None = None


class TokenUsage(Message):
    """What the model has used so far, in tokens; `cost_usd` where the agent tells it."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    context_used: int | None = None
    context_size: int | None = None
    cost_usd: float | None = None


ProviderReason = Literal["rate_limited", "overloaded", "unavailable", "unauthorized"]
"""Too many requests (429), too many of everybody's (529), another failure of its own or no answer, a refused key (401)."""


class ProviderWait(Message):
    """The model's provider refuses requests for now, and the agent tries again by itself."""

    reason: ProviderReason
    retry_at: UtcTime | None = None
    """When the next try is due; None: the agent does not tell."""
    attempts: int
    """How many requests in a row were refused."""


class Transcript(Message):
    """How far the recorded output goes, and whether that is all of it."""

    last_seq: int
    complete: bool


class AgentInfo(Message):
    """Which agent answers."""

    name: str
    version: str | None = None
    demo: bool = False


class SessionSummary(Message):
    """A session as lists show it (S8)."""

    session_id: str
    name: str
    user: str
    status: Status
    status_reason: Reason
    status_message: dict[Literal["ja", "en"], str] | None = None
    stop_requested: StopRequested | None = None
    mode: Mode
    labels: dict[str, str]
    repository: str | None
    branch: str | None
    created_at: UtcTime
    started_at: UtcTime
    updated_at: UtcTime
    running_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    deadline_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    uptime_seconds: float | None = None
    run_seconds: float | None = None
    connection_url: str
    pod_name: str
    namespace: str
    resources: ResourcesInUse
    agent: AgentInfo | None = None
    agent_state: str | None = None
    provider_wait: ProviderWait | None = None
    """While `agent_state` is `waiting_for_provider`."""
    reachable: bool | None = None
    pending_permissions: int = 0
    version: int
    """Of the document: the newer wins. Output and samples move `updated_at` without it."""


class SessionResource(SessionSummary):
    """A session in full (S5, S9)."""

    config: SessionConfig
    start_deadline_at: UtcTime | None = None
    """When it is given up if it has not started by then; null where it waits for its turn, and once it runs."""
    pod_status: PodStatus | None = None
    diagnosis: Diagnosis | None = None
    mcp_servers: tuple[McpServerState, ...] = ()
    token_usage: TokenUsage | None = None
    transcript: Transcript | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    recreated_from: str | None = None
    resumed: bool = False
    """Whether the agent goes on with the conversation of the session that it was recreated from (S14)."""
    volume_id: str | None = None
    """The volume that it works on; see `/api/v1/volumes`."""
    last_seq: int


class CreatedSession(Message):
    """What creation answers: the eight fields of the user's page, and where to go on (S2)."""

    session_id: str
    name: str
    user: str
    status: Status
    created_at: UtcTime
    connection_url: str
    pod_name: str
    namespace: str
    prompt_id: str | None = None


class Terminating(Message):
    """Acknowledgement of a deletion."""

    session_id: str
    status: Literal["terminating"] = "terminating"
    message: str


class Sample(Message):
    """One measurement of a session's use, for a graph."""

    at: UtcTime
    cpu_usage: float | None = None
    memory_usage: int | None = None


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds from start to end, where both are known."""
    return None if start is None or end is None else round((end - start).total_seconds(), 3)
