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

from ccplant_runner.agents.acp import claude
from ccplant_runner.agents.driver import AgentSetting, AgentStartError, AgentUpdate

Meta = dict[str, Any]


@dataclass(frozen=True)
class AcpAgent:
    """What the driver has to know about an agent."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Defaults; what the owner gave wins."""
    session_meta: Callable[[AgentSetting], Meta] = lambda _setting: {}
    """`_meta` of a new, loaded or resumed session."""
    mode: str | None = None
    """The mode that a session is put into, where the agent has it: its own default may ask for less than it should."""
    read_extra: Callable[[str, Mapping[str, Any]], list[AgentUpdate]] = lambda _method, _params: []
    """Reads notifications that the protocol does not know."""
    hidden: Callable[[Mapping[str, Any]], bool] = lambda _update: False
    """Tells updates that say as text what is known better from elsewhere."""
    lost: Callable[[str], bool] = lambda _error: False
    """Tells errors that mean: what answers is there, the agent behind it is not."""
    tool_name: Callable[[Mapping[str, Any]], str | None] = lambda _meta: None
    """Reads a tool's name, as rules use it, from the `_meta` of a tool call."""


ACP_AGENTS: Mapping[str, AcpAgent] = {
    "claude-code": AcpAgent(
        name="claude-code",
        environment=claude.ENVIRONMENT,
        session_meta=claude.session_meta,
        mode="default",
        read_extra=claude.extra_updates,
        hidden=claude.hidden,
        lost=claude.lost,
        tool_name=claude.tool_name,
    ),
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
