"""What is particular about Codex.

Its adapter tells it that every directory is trusted, so that a repository's `.codex/config.toml` would start programs;
the installation puts a filter between the two that says the opposite (`CODEX_PATH`). It answers a turn that the provider
refused like one that is done, unless the client understands typed failures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ccplant_contracts.session import ProviderReason
from ccplant_runner.agents.driver import AgentSetting, AgentUpdate, ProviderRefused, TurnFailedError

MEMORY = ".codex/AGENTS.md"
CLIENT_META: Mapping[str, Any] = {"jetbrains": {"air": {"version": 1, "capabilities": ["sessionFailure"]}}}
"""Asks for failures as data."""
_REASONS: Mapping[str, ProviderReason] = {
    "limit": "rate_limited",
    "rate_limited": "rate_limited",
    "quota_exhausted": "rate_limited",
    "overloaded": "overloaded",
    "transport_lost": "unavailable",
    "auth_required": "unauthorized",
}


def environment(setting: AgentSetting) -> dict[str, str]:
    """Return its settings; an own `CODEX_CONFIG` replaces ours."""
    config: dict[str, Any] = {
        "analytics": {"enabled": False},
        "check_for_update_on_startup": False,
        # these load what somebody else publishes
        "features": {"plugins": False, "apps": False},
    }
    if setting.model is not None:
        config["model"] = setting.model
    if base_url := setting.env.get("OPENAI_BASE_URL"):
        config["openai_base_url"] = base_url
    return {
        "CODEX_CONFIG": json.dumps(config),
        "DEFAULT_AUTH_REQUEST": json.dumps({"methodId": "api-key"}),
        "NO_BROWSER": "1",
    }


def read_update(update: Mapping[str, Any]) -> list[AgentUpdate]:
    """Read a refusal that it tries again after; it does not say when."""
    failure = _failure(update)
    reason = _REASONS.get(str(failure.get("category")))
    if failure.get("severity") != "warning" or reason is None:
        return []
    revision = failure.get("revision")
    return [ProviderRefused(reason, revision if isinstance(revision, int) else 1)]


def turn_failure(answer: Mapping[str, Any]) -> TurnFailedError | None:
    """Return the failure that is written beside an answer's `end_turn`."""
    failure = _failure(answer)
    if failure.get("severity") != "error":
        return None
    words = [str(failure[name]) for name in ("title", "details") if failure.get(name)]
    return TurnFailedError(": ".join(words), _REASONS.get(str(failure.get("category"))))


def _failure(message: Mapping[str, Any]) -> Mapping[str, Any]:
    inner: object = message
    for name in ("_meta", "jetbrains", "air", "sessionFailure"):
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
