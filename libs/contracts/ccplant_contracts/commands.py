"""Commands: the fast path from an intent to its fulfilment.

A command carries no work, only the news that a document has an unfulfilled intent: losing it costs latency and
never work, receiving it twice costs a look at the document.
"""

from __future__ import annotations

from typing import Literal

from ccplant_contracts import CONTRACT_VERSION
from ccplant_contracts.base import Message, UtcTime

CommandName = Literal[
    "session.launch", "session.stop", "session.extend", "session.purge", "prompt.deliver", "prompt.cancel",
    "permission.deliver",
]  # fmt: skip


class Command(Message):
    """News for the orchestrator."""

    version: int = CONTRACT_VERSION
    name: CommandName
    session_id: str
    target_id: str | None = None
    """The prompt or permission that it is about, where there is one."""
    issued_at: UtcTime
    request_id: str | None = None
    traceparent: str | None = None
