"""The time limit, counted by the runner itself in case the control plane is away (S7).

The control plane ends a session at its limit; a runner that nobody ended goes by itself some minutes later, so that a lost
control plane does not leave agents running for ever. Monotonic: setting the machine's clock ends nothing.
"""

from __future__ import annotations

import asyncio


class Deadline:
    """Fires once, unless it is moved."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace = grace_seconds
        self._timer: asyncio.TimerHandle | None = None
        self.passed = asyncio.Event()

    def set(self, seconds_left: float | None) -> None:
        """Move it; None: no limit."""
        self.cancel()
        if seconds_left is not None:
            delay = max(0.0, seconds_left) + self._grace
            self._timer = asyncio.get_running_loop().call_later(delay, self.passed.set)

    def cancel(self) -> None:
        """Let it not fire."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
