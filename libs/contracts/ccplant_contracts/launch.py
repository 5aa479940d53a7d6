"""The conversation between the control plane and the runner of one launch.

Every request here is idempotent: whoever does not hear the answer sends the same again and is told what is so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from ccplant_contracts import CONTRACT_VERSION
from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.policy import PermissionPolicy
from ccplant_contracts.session import AgentInfo, McpServer, Mode
from ccplant_contracts.status import Reason

Step = Literal["starting", "cloning", "setting_up", "starting_agent", "registering", "ready"]
"""How far a start is, in order (D1, D3)."""
STEPS: tuple[Step, ...] = ("starting", "cloning", "setting_up", "starting_agent", "registering", "ready")


class BusAccess(Message):
    """How the runner reaches the bus: its credential is good for this launch's subjects alone."""

    url: str
    inbox_prefix: str
    jwt: str | None = None
    seed: str | None = None
    user: str | None = None
    password: str | None = None
    issued_at: UtcTime | None = None
    """By the issuer's clock, which may differ from the holder's."""
    seconds_to_live: float | None = None
    """From its issue on; None: it has no end."""


class GitAccess(Message):
    """The owner's token of one code host: for that host alone, and never in an address, an argument or a configuration."""

    url: str
    """Scheme, host and port, `https://github.com` say."""
    username: str = "x-access-token"
    token: str


class LaunchSpec(Message):
    """Everything that a runner needs, given to it as one private file; never in arguments or environment."""

    contract_version: int = CONTRACT_VERSION
    session_id: str
    launch_id: str
    attempt: int
    owner: str
    mode: Mode
    bus: BusAccess
    bus_renewal: BusAccess | None = None
    """May only ask for the next work credential; None: `bus` has no end."""
    workspace: str
    """Where the agent works; empty at first, but for a kept volume."""
    state_dir: str
    """Where the runner keeps its log and the agent its home; private to the launch."""
    agent: str
    model: str | None = None
    repository: str | None = None
    branch: str | None = None
    git: GitAccess | None = None
    """None: the owner has no token that this session's repository needs."""
    setup_script: str | None = None
    conversation: str | None = None
    """The agent's own name of an earlier conversation that it is to go on with (S14)."""
    env: dict[str, str] = Field(default_factory=dict)
    """For set-up and agent, the agent's own credentials included."""
    secrets: tuple[str, ...] = ()
    """Values to mask in whatever the runner says or logs."""
    mcp_servers: dict[str, McpServer] = Field(default_factory=dict)
    policy: PermissionPolicy
    agent_dir: str | None = None
    """Where installed agents live."""
    log_limit_bytes: int = 1 << 30
    stop_grace_seconds: float = 10.0
    start_timeout_seconds: float = 600.0
    provider_wait_seconds: float = 300.0
    """How long a turn may go on without an answer of the model's provider before it fails."""
    control_plane_grace_seconds: float = 120.0
    """How long after its time limit a runner waits for the control plane before it ends itself."""
    traceparent: str | None = None


class Registration(Message):
    """The runner says that the agent answered its handshake."""

    contract_version: int = CONTRACT_VERSION
    runner_version: str
    session_id: str
    launch_id: str
    agent: AgentInfo
    conversation: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    """The agent's own name of the conversation that it has; it may get another one where it starts again unspoken to."""
    last_seq: int = 0
    """The last number that this runner gave, 0 at first."""


class RegistrationAnswer(Message):
    """Accepted with the next number to give, or refused: then the runner ends itself."""

    accepted: bool
    refusal: str | None = None
    next_seq: int = 1
    stored_to: int = 0
    seconds_left: float | None = None
    """Until the time limit; None: no limit."""


class RenewalRequest(Message):
    """The runner asks for a new work credential, for a key of which the secret half stays with it."""

    session_id: str
    launch_id: str
    public_key: str


class RenewalAnswer(Message):
    """Granted with a JWT for that key, or refused: then this launch is over and its runner ends itself."""

    granted: bool
    refusal: str | None = None
    jwt: str | None = None
    seconds_to_live: float | None = None
    """A length of time, so that the two clocks need not agree."""


class Heartbeat(Message):
    """Sent every 10 s, and at each new step of the start."""

    session_id: str
    launch_id: str
    sampled_at: UtcTime
    step: Step
    last_seq: int = 0
    agent_state: str | None = None
    cpu_usage: float | None = None
    """Cores in use, averaged since the last sample."""
    memory_usage: int | None = None
    """Bytes in use by runner, agent and everything that they started."""
    log_bytes: int = 0
    log_full: bool = False


class PromptDelivery(Message):
    """One prompt for the runner."""

    prompt_id: str
    number: int
    text: str
    by: str
    attachments: tuple[AttachedFile, ...] = ()
    """Files that the runner fetches before the agent gets the text."""
    traceparent: str | None = None


class PromptReceipt(Message):
    """What the runner knows of a prompt: accepted now or earlier, or why not."""

    prompt_id: str
    accepted: bool
    state: Literal["accepted", "started", "ended", "busy", "stopping"]
    detail: str | None = None


class CancelRequest(Message):
    """Cancel this prompt and no other."""

    prompt_id: str


class PermissionDecision(Message):
    """The answer to one permission request."""

    permission_id: str
    option_id: str | None
    kind: str


class StopRequest(Message):
    """End now: cancel the turn, end the agent, flush the log, exit."""

    reason: str
    grace_seconds: float


class StoredTo(Message):
    """MongoDB holds everything up to and with `stored_to`."""

    stored_to: int


class DeadlineNotice(Message):
    """The time limit moved."""

    seconds_left: float | None


class Receipt(Message):
    """The plain answer to cancel, permission, stop and deadline."""

    ok: bool
    detail: str | None = None


class BlobChunk(Message):
    """Header of one piece of a blob (the bytes follow in the same message, see `ccplant_platform.bus`)."""

    blob_id: str
    index: int
    total: int
    size: int
    """Bytes of the whole blob."""
    sha256: str
    """Of the whole blob, hexadecimal."""
    media_type: str = "text/plain; charset=utf-8"


class PieceRequest(Message):
    """The runner asks for one piece of a file that was given to a prompt of its session."""

    attachment_id: str
    index: int


class PieceAnswer(Message):
    """The first line of the answer, and behind it the bytes; not `ok`: it cannot be had, and asking again is no use."""

    ok: bool
    detail: str | None = None


class LastWord(Message):
    """What a runner says about its own end: its termination message, read when the process is gone."""

    reason: Reason | None = None
    """`clone_failed`, `setup_failed`, `agent_crashed`, `agent_ended`, `timeout` …; None: it was told to stop."""
    detail: str | None = None
    exit_code: int | None = None
    """Of the agent or of the set-up script."""
    log_tail: tuple[str, ...] = ()
    """The last 50 lines, masked."""
    last_seq: int = 0
    evidence: dict[str, Any] = Field(default_factory=dict)


MAX_TERMINATION_BYTES = 4_096
"""Kubernetes keeps no more of a termination message."""
