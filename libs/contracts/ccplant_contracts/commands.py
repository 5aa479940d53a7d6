"""Commands: the fast path from an intent to its fulfilment.

A command carries no work, only the news that a document has an unfulfilled intent: losing it costs latency and
never work, receiving it twice costs a look at the document.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from ccplant_contracts import CONTRACT_VERSION
from ccplant_contracts.base import Message, UtcTime

CommandName = Literal[
    "session.launch", "session.stop", "session.extend", "session.purge", "prompt.deliver", "prompt.cancel",
    "permission.deliver", "session.dispatch",
]  # fmt: skip


class Command(Message):
    """News for the orchestrator."""

    version: int = CONTRACT_VERSION
    name: CommandName
    session_id: str | None = None
    """None: of `session.dispatch`, which is to find the session."""
    target_id: str | None = None
    """The prompt or permission that it is about, where there is one; of `session.dispatch` the queue."""
    issued_at: UtcTime
    request_id: str | None = None
    traceparent: str | None = None

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if not self.about:
            raise ValueError("it names neither a session nor, where it is a dispatch, a queue")
        return self

    @property
    def about(self) -> str:
        """What has to be looked at: the session, or the queue of dispatches."""
        return (self.target_id if self.name == "session.dispatch" else self.session_id) or ""
