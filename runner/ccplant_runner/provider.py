"""How long a turn waits for the model's provider, and what is shown meanwhile.

An agent whose provider refuses (a limit, an overload) tries again by itself, silently: from outside it looks like one that
thinks. So each refusal is shown with the time of the next try, and there is an end: a turn that would wait longer than
it may fails with the reason, at once where the next try would come too late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ccplant_contracts.session import ProviderReason, ProviderWait
from ccplant_runner.activity import Activity
from ccplant_runner.agents.driver import ProviderRefused, TurnFailedError

MOST_UNAUTHORIZED = 3
"""A key that was refused so often is wrong: agents go on for minutes."""
_WORDS: dict[ProviderReason, str] = {
    "rate_limited": "refuses requests: the limit of this account is reached (429)",
    "overloaded": "refuses requests: it is overloaded (529)",
    "unavailable": "does not answer, or with errors of its own",
    "unauthorized": "refuses the credentials (401)",
}


class ProviderPatience:
    """Follows the refusals of one turn after another."""

    def __init__(
        self, activity: Activity, give_up: Callable[[TurnFailedError], None], *, limit_seconds: float
    ) -> None:
        self._activity = activity
        self._give_up = give_up
        self._limit = limit_seconds
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._last: ProviderRefused | None = None
        self._next_try: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    def refused(self, update: ProviderRefused) -> None:
        """A request was refused; show it, and give up where the next try would come too late."""
        now = self._loop.time()
        if self._since is None:
            self._since = now
            self._end = self._loop.call_later(self._limit, self._enough)
        self._last = update
        self._drop(self._next_try)
        after = update.retry_after
        retry_at = None if after is None else datetime.now(UTC) + timedelta(seconds=after)
        self._activity.provider_wait(
            ProviderWait(reason=update.reason, retry_at=retry_at, attempts=update.attempts)
        )
        hopeless = update.reason == "unauthorized" and update.attempts >= MOST_UNAUTHORIZED
        if hopeless or now + (after or 0.0) - self._since > self._limit:
            self._enough()
        elif after is not None:
            self._next_try = self._loop.call_later(after, self._activity.provider_wait, None)

    def over(self) -> None:
        """The provider answered, or the turn has ended."""
        if self._since is None:
            return
        self._since = None
        self._drop(self._next_try)
        self._drop(self._end)
        self._activity.provider_wait(None)

    def _enough(self) -> None:
        last, since = self._last, self._since
        if last is None or since is None:
            return
        waited = self._loop.time() - since
        self.over()
        tries = f"{last.attempts} {'try' if last.attempts == 1 else 'tries'} within {waited:.0f} s"
        late = "" if last.retry_after is None else f"; the next would have come in {last.retry_after:.0f} s"
        self._give_up(
            TurnFailedError(
                f"the model's provider {_WORDS[last.reason]}: given up after {tries}{late}", last.reason
            )
        )

    @staticmethod
    def _drop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
