"""The seam between the runner and an agent, whatever it speaks.

A driver is one process of one agent. It tells the runner what the agent does, in the order in which the agent said it
(`said` is plain, not a coroutine, so that nothing can overtake), and reads no further while the runner has no room.
The runner decides everything else: numbers, permissions, restarts, the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.session import AgentInfo, McpServer, McpServerState, ProviderReason, TokenUsage
from ccplant_contracts.stream import PlanEntry, Tool


@dataclass(frozen=True)
class TextSaid:
    """A piece of text. A new `message_id` begins a new message; None goes on with the one that is open."""

    text: str
    kind: Literal["message", "thought"] = "message"
    message_id: str | None = None


@dataclass(frozen=True)
class ToolChanged:
    """A tool call as it stands now, whole."""

    tool: Tool


@dataclass(frozen=True)
class PlanChanged:
    """The plan as it stands now, whole."""

    entries: tuple[PlanEntry, ...]


@dataclass(frozen=True)
class UsageChanged:
    """What the model has used so far, whole."""

    usage: TokenUsage


@dataclass(frozen=True)
class McpChanged:
    """An MCP server changed its state."""

    server: McpServerState


@dataclass(frozen=True)
class BackgroundChanged:
    """How many tasks the agent has in the background, beyond any turn."""

    count: int


@dataclass(frozen=True)
class OwnTurn:
    """The agent began, or ended, a turn that nobody asked for (a background task reported)."""

    active: bool


@dataclass(frozen=True)
class ProviderRefused:
    """The model's provider refused a request, and the agent will send it again."""

    reason: ProviderReason
    attempts: int
    """How many were refused in a row, this one included."""
    retry_after: float | None = None
    """Seconds until the next try; None: the agent does not tell."""


AgentUpdate = (
    TextSaid | ToolChanged | PlanChanged | UsageChanged | McpChanged | BackgroundChanged | OwnTurn
    | ProviderRefused
)  # fmt: skip


@dataclass(frozen=True)
class PermissionQuestion:
    """The agent wants to do something and waits."""

    title: str
    options: tuple[PermissionOption, ...]
    tool_call_id: str | None = None
    tool_name: str | None = None
    """As rules name it (``Bash``); None where the agent does not tell: then no rule can allow it."""
    tool_input: Mapping[str, object] = field(default_factory=dict)
    tool_kind: str = "other"


class AgentListener(Protocol):
    """What a driver tells, and asks."""

    def said(self, update: AgentUpdate) -> None:
        """Take one update; called in the agent's order."""

    async def asked(self, question: PermissionQuestion) -> str | None:
        """Return the chosen option's id; None: no answer will come, tell the agent so."""

    async def room(self) -> None:
        """Return when more may be read from the agent."""

    def line(self, text: str) -> None:
        """Take a line that the agent wrote to its stderr."""


@dataclass(frozen=True)
class AgentSetting:
    """All that a driver needs to start its agent."""

    workspace: Path
    home: Path
    env: Mapping[str, str]
    """The agent's whole environment."""
    mcp_servers: Mapping[str, McpServer]
    model: str | None
    agent_dir: Path | None
    deny: tuple[str, ...] = ()
    """Rules of the policy that the agent is to keep by itself, where it can: not everything is asked for."""


@dataclass(frozen=True)
class PromptFile:
    """A file that was given to a prompt, where the agent finds it."""

    path: Path
    name: str
    """As the person called it; on disk another one of the same name may have been there first."""
    media_type: str
    size: int


@dataclass(frozen=True)
class AgentReady:
    """The agent answered its handshake."""

    info: AgentInfo
    conversation: str | None
    """What to give to `start` of a later driver to go on with the same conversation."""


@dataclass(frozen=True)
class AgentExit:
    """How the agent's process ended."""

    exit_code: int | None
    signal: int | None

    @property
    def clean(self) -> bool:
        """Whether it ended as a program ends that is done."""
        return self.exit_code == 0


class AgentStartError(Exception):
    """The agent did not answer its handshake, and why."""


class TurnFailedError(Exception):
    """The agent ended the turn with an error of its own; `reason`: what of the model's provider was the cause."""

    def __init__(self, message: str, reason: ProviderReason | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class AgentGoneError(Exception):
    """The agent's process ended within the call; `told`: whether it may have heard of what it was asked."""

    def __init__(self, message: str, *, told: bool = True) -> None:
        super().__init__(message)
        self.told = told


class AgentDriver(Protocol):
    """One process of an agent."""

    async def start(self, resume: str | None) -> AgentReady:
        """Start it and shake hands; with `resume` it goes on with that conversation.

        Raises:
            AgentStartError: it did not answer, or not as an agent does.
        """

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str:
        """Run one turn; return why it stopped (``end_turn``, ``cancelled``, ``refusal`` …).

        Raises:
            TurnFailedError: the agent ended it with an error.
            AgentGoneError: the agent died; one that was not told can be asked again elsewhere.
        """

    async def cancel(self) -> None:
        """Ask it to end the turn; `prompt` then returns ``cancelled``."""

    async def stop(self, grace: float) -> None:
        """End it and all that it started in its group: ask, then SIGTERM, then SIGKILL after the grace."""

    async def wait(self) -> AgentExit:
        """Return when its process has ended."""
