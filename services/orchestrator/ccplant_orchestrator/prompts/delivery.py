"""Prompts to the runner: one at a time, lowest number first, never twice (C4).

From `delivering` on a prompt is bound to its session: whoever does not know what became of it sends the same id and
text again, and the runner, which wrote the id down before it began, answers what it knows. So recovery repeats
a question and never a prompt.
"""

from __future__ import annotations

from enum import Enum, auto

import structlog

from ccplant_contracts.launch import CancelRequest, PromptDelivery, PromptReceipt, Receipt
from ccplant_contracts.status import PromptState, Status
from ccplant_orchestrator.requests import Runners
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.prompts.model import PromptDoc

_log = structlog.get_logger(__name__)


class Outcome(Enum):
    """Whether there is something to come back for."""

    SETTLED = auto()
    LATER = auto()


class PromptDelivering:
    """Brings the next prompt of a session to its runner, and cancels to the one under way."""

    def __init__(self, *, store: Store, runners: Runners, announcer: Announcer, clock: Clock) -> None:
        self._store = store
        self._runners = runners
        self._announcer = announcer
        self._clock = clock

    async def deliver(self, session_id: str) -> Outcome:
        """Deliver the lowest queued prompt where none is under way, or ask again about one that may be."""
        session = await self._store.sessions.get(session_id)
        if session is None or session.status is not Status.RUNNING or session.launch is None:
            return Outcome.SETTLED
        prompt = await self._store.prompts.under_way(session_id)
        if prompt is None and session.stop_requested is None:
            prompt = await self._store.prompts.begin_delivery(session_id, session.launch.id)
            if prompt is not None:
                fault_point("orch.prompt.delivering")
                await self._announcer.prompt(session_id, prompt.id, prompt.version)
        if prompt is None:
            return Outcome.SETTLED
        outcome = Outcome.SETTLED
        if prompt.state is PromptState.DELIVERING:
            outcome = await self._send(session.id, session.launch.id, prompt)
        if prompt.cancel_requested is not None:
            await self._runners.ask(session.launch.id, "cancel", CancelRequest(prompt_id=prompt.id), Receipt)
        return outcome

    async def _send(self, session_id: str, launch_id: str, prompt: PromptDoc) -> Outcome:
        delivery = PromptDelivery(
            prompt_id=prompt.id,
            number=prompt.number,
            text=prompt.text,
            by=prompt.by,
            attachments=prompt.attachments,
        )
        receipt = await self._runners.ask(launch_id, "prompt", delivery, PromptReceipt)
        fault_point("orch.prompt.sent")
        if receipt is None:
            return Outcome.LATER
        if not receipt.accepted:
            _log.info("prompt_not_taken", session_id=session_id, prompt_id=prompt.id, state=receipt.state)
            return Outcome.LATER
        started = await self._store.prompts.apply_turn(
            session_id, prompt.id, PromptState.IN_PROGRESS, at=self._clock.now(), stop_reason=None, error=None
        )
        if started is not None:
            await self._announcer.prompt(session_id, started.id, started.version)
        return Outcome.SETTLED
