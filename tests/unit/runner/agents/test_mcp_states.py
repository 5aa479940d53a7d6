"""What is said of MCP servers: what the agent tells, and that it tells nothing where that is so (D4)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from ccplant_contracts.session import McpServer
from ccplant_runner.agents.driver import AgentSetting, AgentUpdate, McpChanged, PermissionQuestion
from ccplant_runner.agents.table import new_driver

AGENT = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked and "method" in asked:
        answers = {"initialize": {"protocolVersion": 1, "agentCapabilities": {}}, "session/new": {"sessionId": "s1"}}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answers.get(asked["method"], {})}), flush=True)
"""


class Listener:
    """Who hears the driver."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []

    def said(self, update: AgentUpdate) -> None:
        if isinstance(update, McpChanged):
            self.states.append((update.server.name, update.server.state))

    async def asked(self, question: PermissionQuestion) -> str | None:
        return None

    async def room(self) -> None:
        return

    def line(self, text: str) -> None:
        return


@pytest.mark.parametrize(
    ("agent", "states"),
    [
        ("claude-code", ["starting"]),
        ("codex", ["starting", "unknown"]),
        ("opencode", ["starting", "unknown"]),
    ],
)
async def test_an_agent_that_does_not_tell_leaves_its_servers_unknown(
    tmp_path: Path, agent: str, states: list[str]
) -> None:
    for name in ("workspace", "home", f"agents/{agent}"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "agent.py").write_text(AGENT)
    installed = {"command": [sys.executable, str(tmp_path / "agent.py")], "env": {}, "version": "1"}
    (tmp_path / "agents" / agent / "agent.json").write_text(json.dumps(installed))
    server = McpServer(command="/bin/true")
    setting = AgentSetting(
        tmp_path / "workspace", tmp_path / "home", {"PATH": os.environ["PATH"]}, {"tools": server}, None,
        tmp_path / "agents",
    )  # fmt: skip
    listener = Listener()
    driver = new_driver(agent, setting, listener)
    await driver.start(None)
    try:
        assert listener.states == [("tools", state) for state in states]
    finally:
        await driver.stop(1)
