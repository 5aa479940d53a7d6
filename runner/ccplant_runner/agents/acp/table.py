"""The agents that speak ACP, and what is particular about each. Imports nothing of the protocol's library.

An entry says how its program is found, what it needs in its environment, what a new session has to carry, which mode to set,
and how to read the messages that only this agent sends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccplant_contracts.session import ProviderReason
from ccplant_runner.agents.acp import claude, codex, gemini, opencode
from ccplant_runner.agents.driver import AgentSetting, AgentStartError, AgentUpdate, TurnFailedError

Meta = dict[str, Any]


@dataclass(frozen=True)
class AcpAgent:
    """What the driver has to know about an agent."""

    name: str
    environment: Callable[[AgentSetting], Mapping[str, str]] = lambda _setting: {}
    """Defaults; what the owner gave wins."""
    client_meta: Mapping[str, Any] = field(default_factory=dict)
    """`_meta` of what we say of ourselves at the handshake."""
    memory: str | None = None
    """Where below its home it looks for its user's words: the repository's are put there, where it would not read them."""
    session_meta: Callable[[AgentSetting], Meta] = lambda _setting: {}
    """`_meta` of a new, loaded or resumed session."""
    mode: str | None = None
    """The mode that a session is put into, where the agent has it: its own default may ask for less than it should."""
    read_extra: Callable[[str, Mapping[str, Any]], list[AgentUpdate]] = lambda _method, _params: []
    """Reads notifications that the protocol does not know."""
    read_update: Callable[[Mapping[str, Any]], list[AgentUpdate]] = lambda _update: []
    """Reads what only this agent puts into the protocol's updates."""
    turn_failure: Callable[[Mapping[str, Any]], TurnFailedError | None] = lambda _answer: None
    """Tells an answer to a prompt that is a failure in truth."""
    failure_reason: Callable[[Mapping[str, Any]], ProviderReason | None] = lambda _data: None
    """Reads from the data of a turn's error what of the model's provider was its cause."""
    mcp_transports: frozenset[str] = frozenset({"stdio", "http", "sse"})
    """By which MCP servers may be reached; a session that names another does not start."""
    tells_mcp_servers: bool = False
    """Whether it tells how its MCP servers are doing; the protocol has no word for that."""
    hidden: Callable[[Mapping[str, Any]], bool] = lambda _update: False
    """Tells updates that say as text what is known better from elsewhere."""
    lost: Callable[[str], bool] = lambda _error: False
    """Tells errors that mean: what answers is there, the agent behind it is not."""
    tool_name: Callable[[Mapping[str, Any]], str | None] = lambda _meta: None
    """Reads a tool's name, as rules use it, from the `_meta` of a tool call."""


ACP_AGENTS: Mapping[str, AcpAgent] = {
    "claude-code": AcpAgent(
        name="claude-code",
        environment=lambda _setting: claude.ENVIRONMENT,
        session_meta=claude.session_meta,
        mode="default",
        read_extra=claude.extra_updates,
        tells_mcp_servers=True,
        hidden=claude.hidden,
        lost=claude.lost,
        tool_name=claude.tool_name,
        failure_reason=claude.failure_reason,
    ),
    "codex": AcpAgent(
        name="codex",
        environment=codex.environment,
        client_meta=codex.CLIENT_META,
        memory=codex.MEMORY,
        mode="read-only",
        read_update=codex.read_update,
        turn_failure=codex.turn_failure,
        mcp_transports=frozenset({"stdio", "http"}),
    ),
    "gemini-cli": AcpAgent(
        name="gemini-cli", environment=gemini.environment, memory=gemini.MEMORY, mode="default"
    ),
    "opencode": AcpAgent(name="opencode", environment=opencode.environment, memory=opencode.MEMORY),
}


@dataclass(frozen=True)
class InstalledProgram:
    """What `agents/NAME/agent.json` says."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    version: str | None


def installed_program(name: str, agent_dir: Path | None) -> InstalledProgram:
    """Return how to start an installed agent.

    Raises:
        AgentStartError: it is not installed, or not wholly.
    """
    if agent_dir is None:
        raise AgentStartError(f"{name} is not installed: no directory of agents is set")
    path = agent_dir / name / "agent.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return InstalledProgram(
            tuple(str(part) for part in content["command"]),
            {str(key): str(value) for key, value in content["env"].items()},
            str(content["version"]),
        )
    except FileNotFoundError:
        raise AgentStartError(f"{name} is not installed; `ccplant agent install {name}` does that") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AgentStartError(f"{path} cannot be read: {error}") from error
