"""What a gateway asks the orchestrator over the bus, by request and reply: things that no document holds.

The asker waits for a bounded time and says so where nobody answers; nothing that matters depends on the answer.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ccplant_contracts.base import Message

CONTROL_LOGS = "ccplant.control.logs"
"""Subject of `LogsRequest`."""


class LogsRequest(Message):
    """Asks for the last lines that a session's runner and agent have logged."""

    session_id: str
    tail: int = Field(200, ge=1, le=2_000)


class LogsAnswer(Message):
    """The lines, oldest first, redacted by the runner."""

    available: bool
    """Whether the runtime has a log of this session (not before its launch, no longer after its release)."""
    lines: tuple[str, ...] = ()
    detail: str | None = None


class RuntimeHealth(Message):
    """How the runtime is doing."""

    kind: str = "unknown"
    status: Literal["ok", "degraded", "down"] = "ok"
    detail: str | None = None


class OrchestratorHealth(Message):
    """Answer to the health request: an orchestrator is there, and what its runtime says."""

    status: Literal["ok", "degraded", "down"] = "ok"
    version: str | None = None
    runtime: RuntimeHealth = Field(default_factory=RuntimeHealth)
    detail: str | None = None
