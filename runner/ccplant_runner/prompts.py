"""Takes prompts so that none is run twice and none is lost (C4).

A prompt is in the log before its delivery is answered: whoever does not hear the answer sends the same id again and is
told what is known of it. One turn at a time. A cancel that overtakes its prompt is noted and meets it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.launch import PromptDelivery, PromptReceipt, Receipt
from ccplant_contracts.stream import StreamData, Turn
from ccplant_platform.faults import fault_point
from ccplant_runner.activity import Activity
from ccplant_runner.agents.driver import AgentGoneError, PromptFile, TurnFailedError
from ccplant_runner.speech import Speech

_MAX_NOTED = 1_000

EndState = Literal["done", "failed", "interrupted", "cancelled"]


FetchFiles = Callable[[str, Sequence[AttachedFile]], Awaitable[Sequence[PromptFile]]]
"""Brings the files of a prompt to where the agent can read them; raises `TurnFailedError` where it cannot."""


async def no_files(_prompt_id: str, _files: Sequence[AttachedFile]) -> Sequence[PromptFile]:
    """Bring nothing: for where no prompt has files.

    Raises:
        TurnFailedError: one has.
    """
    raise TurnFailedError("files cannot be brought here")


class TurnAgent(Protocol):
    """The agent as turns need it."""

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str: ...
    async def cancel(self) -> None: ...


@dataclass
class _Known:
    state: Literal["started", "ended"]
    cancelled: bool = False
    failure: TurnFailedError | None = None
    """Why the runner ended it."""
    fetching: asyncio.Future[Sequence[PromptFile]] | None = None
    """What brings its files, before the agent is told of it."""


class PromptDesk:
    """Knows every prompt of this launch and runs one turn at a time."""

    def __init__(
        self,
        agent: TurnAgent,
        speech: Speech,
        activity: Activity,
        say: Callable[[StreamData], None],
        *,
        on_cancel: Callable[[], None],
        on_end: Callable[[], None] = lambda: None,
        fetch: FetchFiles = no_files,
    ) -> None:
        self._agent = agent
        self._speech = speech
        self._activity = activity
        self._say = say
        self._on_cancel = on_cancel
        self._on_end = on_end
        self._fetch = fetch
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._cancel_noted: OrderedDict[str, None] = OrderedDict()
        self._turn: asyncio.Task[None] | None = None
        self._current: str | None = None
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._current is not None

    def deliver(self, delivery: PromptDelivery) -> PromptReceipt:
        """Take a prompt, or say what is known of it."""
        prompt_id = delivery.prompt_id
        known = self._known.get(prompt_id)
        if known is not None:
            return PromptReceipt(prompt_id=prompt_id, accepted=True, state=known.state)
        if self._stopping:
            return PromptReceipt(prompt_id=prompt_id, accepted=False, state="stopping")
        if self._current is not None:
            return PromptReceipt(prompt_id=prompt_id, accepted=False, state="busy", detail=self._current)
        self._begin(delivery)
        return PromptReceipt(prompt_id=prompt_id, accepted=True, state="accepted")

    def cancel(self, prompt_id: str) -> Receipt:
        """Cancel this prompt and no other; one that was not seen yet will be cancelled when it comes."""
        known = self._known.get(prompt_id)
        if known is None:
            self._cancel_noted[prompt_id] = None
            while len(self._cancel_noted) > _MAX_NOTED:
                self._cancel_noted.popitem(last=False)
            return Receipt(ok=True, detail="noted")
        if known.state == "ended":
            return Receipt(ok=True, detail="ended")
        if not known.cancelled:
            known.cancelled = True
            self._ask_to_cancel()
        return Receipt(ok=True, detail="cancelling")

    def fail(self, failure: TurnFailedError) -> None:
        """End the turn under way as failed, unless somebody cancels it first."""
        known = self._known[self._current] if self._current is not None else None
        if known is not None and known.failure is None and not known.cancelled:
            known.failure = failure
            self._ask_to_cancel()

    async def stop(self, grace: float) -> None:
        """Take no more; end the turn under way as interrupted, giving the agent a moment to end it itself."""
        self._stopping = True
        turn = self._turn
        if turn is None or turn.done():
            return
        self._ask_to_cancel()
        await asyncio.wait({turn}, timeout=grace)
        if not turn.done():
            turn.cancel()
            await asyncio.wait({turn}, timeout=1)

    def _begin(self, delivery: PromptDelivery) -> None:
        prompt_id = delivery.prompt_id
        known = _Known("started", cancelled=prompt_id in self._cancel_noted)
        self._cancel_noted.pop(prompt_id, None)
        self._known[prompt_id] = known
        self._current = prompt_id
        # what the agent said by itself until now belongs to no prompt
        self._speech.flush()
        self._speech.prompt_id = prompt_id
        self._say(Turn(prompt_id=prompt_id, state="started"))
        self._speech.user_message(prompt_id, delivery.text, delivery.attachments)
        fault_point("runner.prompt.logged")
        self._activity.turn_began(prompt_id, delivery.number)
        self._turn = asyncio.create_task(self._run(delivery, known), name="turn")

    async def _run(self, delivery: PromptDelivery, known: _Known) -> None:
        prompt_id = delivery.prompt_id
        state: EndState = "interrupted"
        stop_reason: str | None = None
        error: str | None = None
        try:
            files = await self._files(delivery, known) if not known.cancelled else ()
            if known.cancelled:
                state, stop_reason = "cancelled", "cancelled"
                return
            if files is None:
                return
            stop_reason = await self._agent.prompt(delivery.text, files)
            state = self._judge(stop_reason, known)
        except TurnFailedError as failure:
            state, error, stop_reason = (
                ("cancelled" if known.cancelled else "failed"),
                str(failure),
                failure.reason,
            )
        except AgentGoneError as gone:
            state, error = ("cancelled" if known.cancelled else "interrupted"), str(gone)
        finally:
            if known.failure is not None and not known.cancelled and state in ("interrupted", "failed"):
                state, stop_reason, error = "failed", known.failure.reason, str(known.failure)
            self._on_end()
            if self._stopping and state != "done":
                state = "interrupted"
            self._speech.flush()
            self._say(Turn(prompt_id=prompt_id, state=state, stop_reason=stop_reason, error=error))
            self._speech.prompt_id = None
            known.state = "ended"
            self._current = None
            self._activity.turn_ended()

    async def _files(self, delivery: PromptDelivery, known: _Known) -> Sequence[PromptFile] | None:
        """Bring what came with the prompt; None: somebody wants the end first.

        Raises:
            TurnFailedError: a file cannot be had.
        """
        if not delivery.attachments:
            return ()
        fetching = asyncio.ensure_future(self._fetch(delivery.prompt_id, delivery.attachments))
        known.fetching = fetching
        try:
            await asyncio.wait({fetching})
        finally:
            known.fetching = None
            fetching.cancel()
        if fetching.cancelled():
            return None
        files = fetching.result()
        fault_point("runner.attachments.fetched")
        return files

    @staticmethod
    def _judge(stop_reason: str, known: _Known) -> EndState:
        if stop_reason != "cancelled":
            return "done"
        # an agent that cancels a turn by itself has not done what it was asked
        return "cancelled" if known.cancelled else "interrupted"

    def _ask_to_cancel(self) -> None:
        known = self._known.get(self._current or "")
        if known is not None and known.fetching is not None:
            known.fetching.cancel()
        self._on_cancel()
        self._cancelling = asyncio.create_task(self._cancel(), name="cancel")

    async def _cancel(self) -> None:
        try:
            await self._agent.cancel()
        except AgentGoneError:
            # its turn ends by that
            return
