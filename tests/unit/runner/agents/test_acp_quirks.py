"""What is particular about each agent: how its own messages are read, and what it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ccplant_contracts.session import McpServer
from ccplant_runner.agents.acp import claude, codex, gemini, memory, opencode
from ccplant_runner.agents.acp.table import ACP_AGENTS
from ccplant_runner.agents.driver import AgentSetting, AgentStartError, ProviderRefused
from ccplant_runner.agents.table import new_driver


def setting(folder: Path, *, model: str | None = None, **env: str) -> AgentSetting:
    """Return a setting in a folder of its own."""
    for name in ("workspace", "home"):
        (folder / name).mkdir(exist_ok=True)
    return AgentSetting(folder / "workspace", folder / "home", env, {}, model, folder / "agents")


def retry(**changes: object) -> dict[str, Any]:
    """Return the message that Claude Code sends before it tries again, as it was seen."""
    message = {
        "type": "system", "subtype": "api_retry", "attempt": 2, "max_retries": 8, "retry_delay_ms": 1105,
        "error_status": 429, "error": "rate_limit",
    }  # fmt: skip
    return {"message": {**message, **changes}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [ProviderRefused("rate_limited", 2, 1.105)]),
        ({"error_status": 529, "error": "overloaded"}, [ProviderRefused("overloaded", 2, 1.105)]),
        ({"error_status": 500, "error": "server_error"}, [ProviderRefused("unavailable", 2, 1.105)]),
        ({"error_status": None, "error": "unknown"}, [ProviderRefused("unavailable", 2, 1.105)]),
        (
            {"error_status": 401, "error": "authentication_failed"},
            [ProviderRefused("unauthorized", 2, 1.105)],
        ),
        ({"error_status": 418, "error": "something_new"}, []),
        ({"retry_delay_ms": "soon"}, []),
        ({"attempt": None}, []),
    ],
)
def test_claudes_retries_are_read(changes: dict[str, object], expected: list[ProviderRefused]) -> None:
    assert claude.extra_updates("_claude/sdkMessage", retry(**changes)) == expected


def test_claude_is_asked_for_its_retries(tmp_path: Path) -> None:
    asked = claude.session_meta(setting(tmp_path))["claudeCode"]["emitRawSDKMessages"]
    assert {"type": "system", "subtype": "api_retry"} in asked


def codex_failure(**failure: object) -> dict[str, Any]:
    """Return what Codex writes beside an update or an answer."""
    return {"_meta": {"jetbrains": {"air": {"version": 1, "sessionFailure": failure}}}}


def test_codex_retries_and_failures_are_read() -> None:
    warning = codex_failure(category="limit", severity="warning", title="Reconnecting... 3/5", revision=3)
    assert codex.read_update(warning) == [ProviderRefused("rate_limited", 3)]
    assert codex.turn_failure(warning) is None
    error = codex_failure(category="overloaded", severity="error", title="no", details="capacity")
    assert codex.read_update(error) == []
    failure = codex.turn_failure(error)
    assert failure is not None
    assert (str(failure), failure.reason) == ("no: capacity", "overloaded")
    nothings: list[dict[str, Any]] = [
        {},
        {"_meta": None},
        {"_meta": {"jetbrains": []}},
        codex_failure(severity="warning"),
    ]
    for nothing in nothings:
        assert codex.read_update(nothing) == []
        assert codex.turn_failure(nothing) is None


def test_a_model_and_an_address_reach_each_agent(tmp_path: Path) -> None:
    given = setting(
        tmp_path, model="m", OPENAI_BASE_URL="http://gateway/v1", ANTHROPIC_BASE_URL="http://gateway"
    )
    config = json.loads(codex.environment(given)["CODEX_CONFIG"])
    assert (config["model"], config["openai_base_url"]) == ("m", "http://gateway/v1")
    assert gemini.environment(given)["GEMINI_MODEL"] == "m"
    content = json.loads(opencode.environment(given)["OPENCODE_CONFIG_CONTENT"])
    assert content["model"] == "m"
    assert {name: one["options"]["baseURL"] for name, one in content["provider"].items()} == {
        "anthropic": "http://gateway/v1", "openai": "http://gateway/v1",
    }  # fmt: skip


def test_opencode_asks_before_it_acts(tmp_path: Path) -> None:
    permissions = json.loads(opencode.environment(setting(tmp_path))["OPENCODE_PERMISSION"])
    assert permissions["bash"] == permissions["edit"] == "ask"


async def test_a_server_that_an_agent_cannot_reach_is_said_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "agents" / "codex"
    folder.mkdir(parents=True)
    (folder / "agent.json").write_text(json.dumps({"command": ["/bin/false"], "env": {}, "version": "1"}))
    plain = setting(tmp_path)
    servers = {"far": McpServer(type="sse", url="http://127.0.0.1:1/")}
    driver = new_driver(
        "codex", AgentSetting(plain.workspace, plain.home, {}, servers, None, plain.agent_dir), Listener()
    )
    with pytest.raises(AgentStartError, match='codex cannot reach the MCP server "far" by sse'):
        await driver.start(None)


class Listener:
    """Hears nothing."""

    def said(self, update: object) -> None: ...
    async def asked(self, question: object) -> str | None: ...
    async def room(self) -> None: ...
    def line(self, text: str) -> None: ...


# --- what a repository tells its agents ---


def test_the_first_file_that_says_something_counts(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("  \n")
    (tmp_path / "CLAUDE.md").write_text("kumquat")
    told = memory.project_memory(tmp_path, memory.MEMORY_FILES)
    assert told is not None
    assert told.endswith("CLAUDE.md:\n\nkumquat")


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("key")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "AGENTS.md").symlink_to(outside)
    assert memory.project_memory(workspace, memory.MEMORY_FILES) is None


def test_the_users_own_words_are_not_replaced_and_the_repositorys_are_kept_up(tmp_path: Path) -> None:
    path = tmp_path / "home" / ".codex" / "AGENTS.md"
    told = memory.project_memory(workspace_with(tmp_path, "one"), ["AGENTS.md"])
    memory.keep_as_own(path, told)
    assert path.read_text() == told
    memory.keep_as_own(path, memory.project_memory(workspace_with(tmp_path, "two"), ["AGENTS.md"]))
    assert path.read_text().endswith("two")
    memory.keep_as_own(path, None)
    assert not path.exists()
    path.write_text("mine")
    memory.keep_as_own(path, told)
    assert path.read_text() == "mine"


def test_a_link_in_its_place_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("Contents of the project's old")
    path = tmp_path / "AGENTS.md"
    path.symlink_to(target)
    memory.keep_as_own(path, "Contents of the project's new")
    assert target.read_text() == "Contents of the project's old"
    assert not path.is_symlink()


def workspace_with(folder: Path, words: str) -> Path:
    """Return a workspace whose AGENTS.md says this."""
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    (workspace / "AGENTS.md").write_text(words)
    return workspace


def test_every_agent_that_distrusts_repositories_is_told_what_they_say() -> None:
    assert {name for name, agent in ACP_AGENTS.items() if agent.memory} == {"codex", "gemini-cli", "opencode"}
