"""What is particular about Gemini CLI.

In a folder that is not trusted it reads neither a repository's settings nor its `.env`; the installation brings system
settings (`GEMINI_CLI_SYSTEM_SETTINGS_PATH`) that keep this so, whatever the user's own say.
"""

from __future__ import annotations

from ccplant_runner.agents.driver import AgentSetting

MEMORY = ".gemini/GEMINI.md"


def environment(setting: AgentSetting) -> dict[str, str]:
    """Return its settings."""
    given = {"GEMINI_CLI_TRUST_WORKSPACE": "false", "GEMINI_TELEMETRY_ENABLED": "false"}
    return given if setting.model is None else {**given, "GEMINI_MODEL": setting.model}
