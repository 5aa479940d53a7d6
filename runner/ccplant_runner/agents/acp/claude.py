"""What is particular about Claude Code.

A cloned repository is hostile: its own settings would run hooks, start MCP servers and redirect the API key without
asking anybody. So only the user's settings count, only our MCP servers start, and what CLAUDE.md says is added by hand.
The prompt's answer is not the end of its work: raw messages tell what goes on in the background.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ccplant_contracts.session import McpServerState, ProviderReason
from ccplant_runner.agents.acp.memory import project_memory
from ccplant_runner.agents.driver import (
    AgentSetting,
    AgentUpdate,
    BackgroundChanged,
    McpChanged,
    OwnTurn,
    ProviderRefused,
)

ENVIRONMENT: Mapping[str, str] = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false",
    # about 100 s of tries where the provider names no time; the runner has a limit by the clock besides
    "CLAUDE_CODE_MAX_RETRIES": "8",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}

_LOST = ("process exited unexpectedly", "process terminated", "Session has ended", "start a new session")
_RAW = "_claude/sdkMessage"
_MEMORY_FILES = ("CLAUDE.md", ".claude/CLAUDE.md")
_REFUSALS: Mapping[str, ProviderReason] = {
    "rate_limit": "rate_limited",
    "overloaded": "overloaded",
    "server_error": "unavailable",
    "authentication_failed": "unauthorized",
}

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
    raw = ("init", "background_tasks_changed", "session_state_changed", "api_retry")
    meta: dict[str, Any] = {
        "claudeCode": {
            "options": options,
            "emitRawSDKMessages": [{"type": "system", "subtype": subtype} for subtype in raw],
        }
    }
    memory = project_memory(setting.workspace, _MEMORY_FILES)
    if memory:
        meta["systemPrompt"] = {"append": memory}
    return meta


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
        case "api_retry":
            return _refused(message)
        case "session_state_changed":
            return [OwnTurn(message.get("state") != "idle")]
        case "init":
            return [McpChanged(state) for state in _servers(message.get("mcp_servers"))]
    return []


def _refused(message: Mapping[str, Any]) -> list[AgentUpdate]:
    # no status: no answer came at all
    reason: ProviderReason | None = "unavailable"
    if message.get("error_status") is not None:
        reason = _REFUSALS.get(str(message.get("error")))
    attempt, delay = message.get("attempt"), message.get("retry_delay_ms")
    if reason is None or not isinstance(attempt, int) or not isinstance(delay, int | float):
        return []
    return [ProviderRefused(reason, attempt, max(0.0, delay / 1000))]


def failure_reason(data: Mapping[str, Any]) -> ProviderReason | None:
    """Tell from the data of a turn's error whether the model's provider was the cause."""
    return _REFUSALS.get(str(data.get("errorKind")))


def _servers(servers: object) -> list[McpServerState]:
    states: list[McpServerState] = []
    for server in servers if isinstance(servers, list) else []:
        if isinstance(server, Mapping) and isinstance(server.get("name"), str):
            status = str(server.get("status"))
            state, error = _SERVER_STATES.get(status, ("failed", f"status {status}"))
            states.append(McpServerState(name=server["name"], state=state, error=error))
    return states
