"""How long to wait before another try, and when to give up: a pure decision.

Jitter over the whole delay (not a little around it) keeps replicas that failed together from trying together.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays with full jitter, and a limit of tries."""

    base: float = 0.5
    """Ceiling of the first delay in seconds."""
    factor: float = 2.0
    cap: float = 30.0
    """No delay is longer."""
    floor: float = 0.05
    """No delay is shorter: full jitter alone may be a hot loop."""
    limit: int = 5
    """How many tries there are in all."""

    def ceiling(self, attempt: int) -> float:
        """Return the longest delay that may follow the `attempt`-th failed try (from 1)."""
        # the exponent is bounded: a counter that ran for weeks must not overflow a float
        return max(self.floor, min(self.cap, self.base * self.factor ** min(max(attempt, 1) - 1, 64)))

    def delay(self, attempt: int, uniform: Callable[[], float] = random.random) -> float | None:
        """Return the delay after the `attempt`-th failed try, or None when that was the last."""
        if attempt >= self.limit:
            return None
        return self.floor + uniform() * (self.ceiling(attempt) - self.floor)
