"""What the agent is doing, and whether it is really finished (C6).

The answer to a prompt is not the end of the work: a command that the agent left in the background reports later and
starts another turn. Finished means: a turn has ended, and nothing runs, waits or is asked, and that has been so for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from ccplant_contracts.session import ProviderWait
from ccplant_contracts.stream import AgentStateEvent, Idle, StreamData

STABLE_SECONDS = 2.0

State = Literal["ready", "working", "restarting", "background", "waiting_for_provider"]


class Activity:
    """Counts what is going on; says each change of state, and once when all is quiet."""

    def __init__(self, say: Callable[[StreamData], None], *, stable_seconds: float = STABLE_SECONDS) -> None:
        self._say = say
        self._stable = stable_seconds
        self._turn = False
        self._own_turn = False
        self._background = 0
        self._questions = 0
        self._restarting = False
        self._wait: ProviderWait | None = None
        self._said_wait: ProviderWait | None = None
        self._said: State | None = None
        self._last: tuple[str, int] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._idle_said = False

    @property
    def state(self) -> State | None:
        """As last said; None before the registration."""
        return self._said

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return self._turn or self._own_turn or self._restarting or self._background > 0 or self._questions > 0

    def ready(self) -> None:
        """The agent answered its handshake."""
        self._changed()

    def turn_began(self, prompt_id: str, number: int) -> None:
        """A prompt's turn is under way."""
        self._turn = True
        self._last = (prompt_id, number)
        self._changed()

    def turn_ended(self) -> None:
        """It is over."""
        self._turn = False
        self._wait = None
        self._changed()

    def own_turn(self, active: bool) -> None:
        """The agent works without having been asked."""
        self._own_turn = active
        self._changed()

    def provider_wait(self, wait: ProviderWait | None) -> None:
        """The model's provider refuses for now; None: it is being asked, or has answered."""
        self._wait = wait
        self._changed()

    def background(self, count: int) -> None:
        """So many tasks go on beyond the turn."""
        self._background = max(0, count)
        self._changed()

    def asked(self) -> None:
        """A permission request waits for its answer."""
        self._questions += 1
        self._changed()

    def answered(self) -> None:
        """One waits no more."""
        self._questions -= 1
        self._changed()

    def restarting(self, active: bool) -> None:
        """The agent died and is brought back; what it had in the background died with it."""
        self._restarting = active
        if active:
            self._background = 0
            self._own_turn = False
            self._wait = None
        self._changed()

    def close(self) -> None:
        """Say nothing more."""
        self._closed = True
        self._disarm()

    def _changed(self) -> None:
        if self._closed:
            return
        state = self._judge()
        wait = self._wait if state == "waiting_for_provider" else None
        if (state, wait) != (self._said, self._said_wait):
            self._said, self._said_wait = state, wait
            self._say(AgentStateEvent(state=state, provider_wait=wait))
        self._disarm()
        if self.busy:
            self._idle_said = False
        elif self._last is not None and not self._idle_said:
            self._timer = asyncio.get_running_loop().call_later(self._stable, self._quiet)

    def _judge(self) -> State:
        if self._restarting:
            return "restarting"
        if self._turn or self._own_turn:
            return "working" if self._wait is None else "waiting_for_provider"
        return "background" if self._background else "ready"

    def _quiet(self) -> None:
        self._timer = None
        if self._last is not None:
            self._idle_said = True
            prompt_id, number = self._last
            self._say(Idle(last_prompt_id=prompt_id, last_number=number))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
