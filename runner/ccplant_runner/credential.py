"""When a work credential has to be renewed, and whether it can still be good: a decision without I/O.

The server ends a connection at the credential's end, by its own clock. Clocks of machines differ, so ages are measured on
the monotonic clock from before the credential was asked for, and the wall clock may only bring a renewal forward: that of
the first one, which may have waited in a file for as long as a Pod waited for a node.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.retry import Backoff

RENEW_AT = 2 / 3
"""Of its life: a third is left for an orchestrator that is away."""
_SPREAD = 0.1
"""Renewals of launches that began together come this share of their time apart."""
_SHORTEST_LIFE_SECONDS = 5.0
_NEVER = float("inf")


class WorkCredential:
    """The work credential of a launch, the one after it, and so on."""

    def __init__(
        self,
        first: BusAccess,
        *,
        renewable: bool,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.access = first
        self.renewable = renewable
        self._monotonic = monotonic
        self._uniform = uniform
        self._since = monotonic()
        self._first = True
        self._ended = False
        self._failures = 0
        self._not_before = 0.0
        self._observed_life = _NEVER
        """How long one lived in fact, where the server ended it early."""
        aged = (now() - first.issued_at).total_seconds() if first.issued_at is not None else 0.0
        self._due_at = self._since + self._until_due() - max(0.0, aged)

    @property
    def due(self) -> bool:
        """Whether it is time for a new one."""
        return self.renewable and (self._ended or self._monotonic() >= self._due_at)

    @property
    def over(self) -> bool:
        """Whether the server would refuse it."""
        return self.renewable and (self._ended or self._monotonic() >= self._since + self._life)

    def renew_in(self) -> float | None:
        """Return the seconds until the next try to renew it; None: it never ends."""
        if not self.renewable:
            return None
        at = max(self._since if self._ended else self._due_at, self._not_before)
        return None if at == _NEVER else max(0.0, at - self._monotonic())

    def renewed(self, access: BusAccess, asked_at: float) -> None:
        """Take the new one, which was asked for at this moment of the monotonic clock."""
        self.access = access
        self._since = asked_at
        self._first = self._ended = False
        self._failures = 0
        self._not_before = 0.0
        self._due_at = self._since + self._until_due()

    def not_renewed(self) -> None:
        """Wait a while before the next try."""
        self._failures += 1
        cap = min(30.0, max(0.5, self._life / 10))
        delay = Backoff(base=0.5, cap=cap, limit=1 << 30).delay(self._failures, self._uniform)
        self._not_before = self._monotonic() + (cap if delay is None else delay)

    def ended(self, *, expired: bool) -> None:
        """Hear that the server takes it no more; `expired`: because of its age."""
        age = self._monotonic() - self._since
        if expired and not self._first and age < self._life:
            # the server's clock is ahead of the issuer's: the next one is renewed in time
            self._observed_life = max(_SHORTEST_LIFE_SECONDS, age)
        self._ended = True

    @property
    def _life(self) -> float:
        life = self.access.seconds_to_live
        return _NEVER if life is None else min(life, self._observed_life)

    def _until_due(self) -> float:
        return self._life * RENEW_AT * (1 - _SPREAD * self._uniform())
