"""How many frames a client may send: a bucket that refills, so that a flood costs a refusal and not a query each."""

from __future__ import annotations


class Allowance:
    """A token bucket on a clock that is passed in."""

    def __init__(self, *, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Use one; False when none is left."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
