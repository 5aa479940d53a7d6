"""What the control plane tells the runner: each message read, handed to whom it concerns, and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from ccplant_contracts.base import Message
from ccplant_contracts.launch import (
    CancelRequest,
    DeadlineNotice,
    PermissionDecision,
    PromptDelivery,
    Receipt,
    StopRequest,
    StoredTo,
)
from ccplant_runner.changes.desk import ChangesDesk
from ccplant_runner.deadline import Deadline
from ccplant_runner.journal import Journal
from ccplant_runner.permissions import PermissionDesk
from ccplant_runner.prompts import PromptDesk

_LOGGED = frozenset({"prompt", "cancel", "permission"})
"""What has to be in the log before it is answered."""
_OPEN_SECONDS = 2.0
APART = frozenset({"changes"})
"""What takes long to answer: nothing that comes after it may wait for that, a stop least of all."""


@dataclass(frozen=True)
class StopNow:
    """Somebody wants the end."""

    reason: str
    grace_seconds: float | None


class Inbox:
    """Dispatches by the last token of the subject."""

    def __init__(
        self,
        prompts: PromptDesk,
        permissions: PermissionDesk,
        deadline: Deadline,
        journal: Journal,
        stop: Callable[[StopNow], None],
        changes: ChangesDesk,
    ) -> None:
        self._prompts = prompts
        self._permissions = permissions
        self._deadline = deadline
        self._journal = journal
        self._stop = stop
        self._changes = changes

    async def take(self, kind: str, body: bytes) -> bytes | None:
        """Act on one message; return the answer, where one is due."""
        if kind == "changes":
            return await self._changes.answer(body)
        if kind in _LOGGED and not await self._logging():
            return None
        try:
            answer = self._act(kind, body)
        except ValidationError as error:
            answer = Receipt(ok=False, detail=f"not understood: {error.error_count()} errors")
        return None if answer is None else answer.model_dump_json().encode()

    async def _logging(self) -> bool:
        """Wait for the numbers: a first prompt may overtake the answer to the registration."""
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await self._journal.opened.wait()
        except TimeoutError:
            return False
        return True

    def _act(self, kind: str, body: bytes) -> Message | None:
        match kind:
            case "stored":
                self._journal.stored(StoredTo.model_validate_json(body).stored_to)
                return None
            case "prompt":
                return self._prompts.deliver(PromptDelivery.model_validate_json(body))
            case "cancel":
                return self._prompts.cancel(CancelRequest.model_validate_json(body).prompt_id)
            case "permission":
                return self._permissions.decide(PermissionDecision.model_validate_json(body))
            case "deadline":
                self._deadline.set(DeadlineNotice.model_validate_json(body).seconds_left)
            case "stop":
                request = StopRequest.model_validate_json(body)
                self._stop(StopNow(request.reason, request.grace_seconds))
            case _:
                return Receipt(ok=False, detail=f"unknown: {kind}")
        return Receipt(ok=True)
