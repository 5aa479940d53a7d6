"""Keeps the agent alive: a dead one is started again with its conversation, a few times, and then no more (S4).

The turn that died with it ends as `interrupted` and is never repeated by itself: nobody knows how much of it was done.
A prompt that comes while the agent is dying, and of which it was not told, is the next one's (C4).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccplant_contracts.session import AgentInfo
from ccplant_runner.agents.driver import (
    AgentDriver,
    AgentExit,
    AgentGoneError,
    AgentReady,
    AgentStartError,
    PromptFile,
)
from ccplant_runner.log import RunnerLog
from ccplant_runner.process_tree import end_strays

MAX_RESTARTS = 3
WITHIN_SECONDS = 600.0
_CANCEL_SECONDS = 10.0
_DEATH_SECONDS = 1.0
_PAUSE_SECONDS = (0.2, 1.0, 3.0)


@dataclass(frozen=True)
class AgentEnded:
    """The agent is gone for good, and how."""

    exit: AgentExit
    clean: bool
    detail: str


class AgentKeeper:
    """One agent after another, as one."""

    def __init__(
        self,
        new_driver: Callable[[], AgentDriver],
        log: RunnerLog,
        *,
        on_restarting: Callable[[bool], None],
        on_restarted: Callable[[], None],
        on_death: Callable[[], None],
        stop_grace: float,
    ) -> None:
        self._new_driver = new_driver
        self._log = log
        self._on_restarting = on_restarting
        self._on_restarted = on_restarted
        self._on_death = on_death
        self._grace = stop_grace
        self._driver: AgentDriver | None = None
        self._conversation: str | None = None
        self._up = asyncio.Event()
        self._restarts: deque[float] = deque(maxlen=MAX_RESTARTS)
        self._watcher: asyncio.Task[None] | None = None
        self._turns = 0
        self._cancel_asked = False
        self._stopping = False
        self._spoken = False
        """Whether there is a conversation to go on with."""
        self._quiet = asyncio.Event()
        """Set when no turn is under way."""
        self.ended: asyncio.Future[AgentEnded] = asyncio.get_running_loop().create_future()
        """Done when there is no agent any more and there will be none."""

    @property
    def conversation(self) -> str | None:
        """The agent's own name of the conversation that it has, where it has one."""
        return self._conversation

    async def start(self, resume: str | None = None) -> AgentInfo:
        """Start the agent for the first time; with `resume` it goes on with that conversation.

        Raises:
            AgentStartError: it did not answer its handshake, or does not know the conversation.
        """
        self._spoken = resume is not None
        ready = await self._begin(resume)
        self._watcher = asyncio.create_task(self._watch(), name="agent-watch")
        return ready.info

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str:
        """Run a turn, after a restart that is under way.

        Raises:
            TurnFailedError: the agent ended it with an error.
            AgentGoneError: the agent died in it, or is gone for good.
        """
        self._turns += 1
        self._quiet.clear()
        self._cancel_asked = False
        try:
            while True:
                driver = await self._alive()
                if self._cancel_asked:
                    return "cancelled"
                spoken, self._spoken = self._spoken, True
                try:
                    return await driver.prompt(text, files)
                except AgentGoneError as gone:
                    if not gone.told:
                        self._spoken = spoken
                    await self._give_up(driver)
                    if gone.told:
                        raise
        finally:
            self._turns -= 1
            self._quiet.set()

    async def cancel(self) -> None:
        """Ask the agent to end its turn; one that does not within 10 s is killed (and comes back).

        Raises:
            AgentGoneError: it is gone already.
        """
        self._cancel_asked = True
        driver = self._driver
        if driver is None or not self._turns or not self._up.is_set():
            # while it is brought back, the turn has not begun for it
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                await driver.cancel()
                await self._quiet.wait()
                return
        self._log.warning("agent_ignores_cancel", seconds=_CANCEL_SECONDS)
        await driver.stop(0.1)

    async def stop(self, grace: float) -> None:
        """End the agent for good."""
        self._stopping = True
        self._up.set()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        if self._driver is not None:
            await self._driver.stop(grace)
        await end_strays()

    async def _alive(self) -> AgentDriver:
        # set as well when there will be none any more
        await self._up.wait()
        if self._driver is None or self._stopping or self.ended.done():
            raise AgentGoneError("there is no agent any more")
        return self._driver

    async def _give_up(self, driver: AgentDriver) -> None:
        """Give this one nothing more, and see to it that it ends: one that only closed its pipes would be kept."""
        if self._driver is driver and not self._stopping and not self.ended.done():
            self._up.clear()
        await driver.stop(_DEATH_SECONDS)

    async def _begin(self, resume: str | None) -> AgentReady:
        driver = self._new_driver()
        try:
            ready = await driver.start(resume)
        except BaseException:
            await driver.stop(1)
            raise
        self._driver = driver
        self._conversation = ready.conversation
        self._up.set()
        return ready

    async def _watch(self) -> None:
        while self._driver is not None:
            ended = await self._driver.wait()
            in_turn = self._turns > 0
            self._up.clear()
            self._log.warning("agent_exited", exit_code=ended.exit_code, signal=ended.signal, in_turn=in_turn)
            # what it left in its group, or put elsewhere, must not go on beside its successor
            await self._driver.stop(0.5)
            await end_strays()
            self._on_death()
            last = (
                AgentEnded(ended, clean=True, detail="the agent ended")
                if ended.clean and not in_turn
                else await self._restart(ended)
            )
            if last is not None:
                self.ended.set_result(last)
                self._up.set()
                return

    async def _restart(self, ended: AgentExit) -> AgentEnded | None:
        self._on_restarting(True)
        detail = f"the agent died ({_how(ended)})"
        while self._may_restart():
            await asyncio.sleep(_PAUSE_SECONDS[min(len(self._restarts), len(_PAUSE_SECONDS)) - 1])
            try:
                await self._begin(self._conversation if self._spoken else None)
            except AgentStartError as error:
                detail = f"the agent died ({_how(ended)}) and did not come back: {error}"
                self._log.warning("agent_restart_failed", error=str(error))
                continue
            self._log.info("agent_restarted", number=len(self._restarts))
            self._on_restarting(False)
            self._on_restarted()
            return None
        return AgentEnded(ended, clean=False, detail=f"{detail}, {MAX_RESTARTS} restarts did not help")

    def _may_restart(self) -> bool:
        now = time.monotonic()
        if len(self._restarts) == MAX_RESTARTS and now - self._restarts[0] < WITHIN_SECONDS:
            return False
        self._restarts.append(now)
        return True


def _how(ended: AgentExit) -> str:
    return f"signal {ended.signal}" if ended.signal is not None else f"exit code {ended.exit_code}"
