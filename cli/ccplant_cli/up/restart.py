"""When a child that died is started again, and when enough is enough.

A child that lived for a while starts again at once, with all its tries; one that dies at each start backs off and is given
up, so that a broken installation ends with a sentence instead of running hot.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """How patient the supervisor is with a child."""

    healthy_after: float = 20.0
    """A child that lived this long (seconds) has no failures behind it."""
    first_delay: float = 0.2
    longest_delay: float = 8.0
    most_failures: int = 10
    """The last quick failure in a row: at this one it is given up."""


@dataclass(frozen=True)
class Again:
    """Start again after `delay` seconds; `failures` is what to count on from."""

    failures: int
    delay: float


def after_exit(policy: RestartPolicy, *, failures: int, lived: float) -> Again | None:
    """Decide what follows an exit; None: give up."""
    count = 1 if lived >= policy.healthy_after else failures + 1
    if count >= policy.most_failures:
        return None
    return Again(count, min(policy.longest_delay, policy.first_delay * 2 ** (count - 1)))
