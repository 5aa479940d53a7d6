"""What is particular about Claude Code.

A cloned repository is hostile: its own settings would run hooks, start MCP servers and redirect the API key without
asking anybody. So only the user's settings count, only our MCP servers start, and what CLAUDE.md says is added by hand.
The prompt's answer is not the end of its work: raw messages tell what goes on in the background.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ccplant_contracts.session import McpServerState
from ccplant_runner.agents.driver import AgentSetting, AgentUpdate, BackgroundChanged, McpChanged, OwnTurn

ENVIRONMENT: Mapping[str, str] = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false",
    # with the program's own default a wrong key is tried for minutes before anybody hears of it
    "CLAUDE_CODE_MAX_RETRIES": "4",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}

_LOST = ("process exited unexpectedly", "process terminated", "Session has ended", "start a new session")
_RAW = "_claude/sdkMessage"
_MAX_MEMORY_FILE = 100_000
_MEMORY_FILES = ("CLAUDE.md", ".claude/CLAUDE.md")

_SERVER_STATES: Mapping[str, tuple[Literal["starting", "ready", "failed"], str | None]] = {
    "connected": ("ready", None),
    "pending": ("starting", None),
    "failed": ("failed", "the server did not start"),
    "needs-auth": ("failed", "the server wants a sign-in"),
    "disabled": ("failed", "the server is disabled"),
}


def session_meta(setting: AgentSetting) -> dict[str, Any]:
    """Return what a session carries."""
    options: dict[str, Any] = {
        "settingSources": ["user"],
        "strictMcpConfig": True,
        "allowDangerouslySkipPermissions": False,
    }
    if setting.model is not None:
        options["model"] = setting.model
    if setting.deny:
        # reads are not asked for: a denial that only the runner knows would never be asked about
        options["disallowedTools"] = list(setting.deny)
    raw = ("init", "background_tasks_changed", "session_state_changed")
    meta: dict[str, Any] = {
        "claudeCode": {
            "options": options,
            "emitRawSDKMessages": [{"type": "system", "subtype": subtype} for subtype in raw],
        }
    }
    memory = project_memory(setting.workspace)
    if memory:
        meta["systemPrompt"] = {"append": memory}
    return meta


def project_memory(workspace: Path) -> str | None:
    """Return what the repository tells its agents, bounded; a link out of the workspace is not followed."""
    root = workspace.resolve()
    for name in _MEMORY_FILES:
        path = workspace / name
        try:
            if not path.resolve().is_relative_to(root) or not path.is_file():
                continue
            with path.open("rb") as file:
                text = file.read(_MAX_MEMORY_FILE).decode("utf-8", "replace")
        except OSError:
            continue
        if text.strip():
            return f"Contents of the project's {name}:\n\n{text}"
    return None


def tool_name(meta: Mapping[str, Any]) -> str | None:
    """Return a tool's name as permission rules use it."""
    inner = meta.get("claudeCode")
    name = inner.get("toolName") if isinstance(inner, Mapping) else None
    return name if isinstance(name, str) else None


def hidden(update: Mapping[str, Any]) -> bool:
    """Tell whether an update is a server's failure put into words: its state says the same."""
    meta = update.get("_meta")
    inner = meta.get("claudeCode") if isinstance(meta, Mapping) else None
    return isinstance(inner, Mapping) and inner.get("kind") == "mcpServerStatus"


def lost(error: str) -> bool:
    """Tell whether an error means that the adapter lives and Claude Code, its child, died."""
    return any(words in error for words in _LOST)


def extra_updates(method: str, params: Mapping[str, Any]) -> list[AgentUpdate]:
    """Read the messages that only this agent sends."""
    message = params.get("message")
    if method != _RAW or not isinstance(message, Mapping):
        return []
    match message.get("subtype"):
        case "background_tasks_changed":
            tasks = message.get("tasks")
            busy = (
                [task for task in tasks if isinstance(task, Mapping) and not task.get("ambient")]
                if tasks
                else []
            )
            return [BackgroundChanged(len(busy))]
        case "session_state_changed":
            return [OwnTurn(message.get("state") != "idle")]
        case "init":
            return [McpChanged(state) for state in _servers(message.get("mcp_servers"))]
    return []


def _servers(servers: object) -> list[McpServerState]:
    states: list[McpServerState] = []
    for server in servers if isinstance(servers, list) else []:
        if isinstance(server, Mapping) and isinstance(server.get("name"), str):
            status = str(server.get("status"))
            state, error = _SERVER_STATES.get(status, ("failed", f"status {status}"))
            states.append(McpServerState(name=server["name"], state=state, error=error))
    return states
