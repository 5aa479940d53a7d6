"""What is particular about OpenCode.

By its own default it asks for nothing, so it is told what to ask for. A repository's configuration is not read, but its
plugins (`.opencode/plugin/*`) run all the same: there is no option against that in this version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ccplant_runner.agents.driver import AgentSetting

MEMORY = ".config/opencode/AGENTS.md"
_ASKED = ("edit", "bash", "webfetch", "external_directory", "doom_loop")
_BASE_URLS: Mapping[str, str] = {"ANTHROPIC_BASE_URL": "anthropic", "OPENAI_BASE_URL": "openai"}


def environment(setting: AgentSetting) -> dict[str, str]:
    """Return its settings; an own `OPENCODE_CONFIG_CONTENT` or `OPENCODE_PERMISSION` replaces ours."""
    config: dict[str, Any] = {"autoupdate": False, "share": "disabled"}
    if setting.model is not None:
        config["model"] = setting.model
    providers = {
        provider: {"options": {"baseURL": _versioned(setting.env[name])}}
        for name, provider in _BASE_URLS.items()
        if setting.env.get(name)
    }
    if providers:
        config["provider"] = providers
    return {
        "OPENCODE_CONFIG_CONTENT": json.dumps(config),
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
        "OPENCODE_DISABLE_SHARE": "1",
        "OPENCODE_PERMISSION": json.dumps(dict.fromkeys(_ASKED, "ask")),
        "OPENCODE_PURE": "1",
    }


def _versioned(base_url: str) -> str:
    """Return the address as OpenCode wants it: the other programs add the version by themselves."""
    plain = base_url.rstrip("/")
    return plain if plain.endswith("/v1") else f"{plain}/v1"
