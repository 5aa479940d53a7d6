"""The processes below this one: what they use, and the end of those that nobody waits for.

The runner is a subreaper: whatever a dying agent leaves behind, tools in sessions of their own included, becomes a
child of the runner instead of running on unseen.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

import psutil

_ROUNDS = 40


def tree() -> list[psutil.Process]:
    """Return this process and everything below it."""
    own = psutil.Process()
    with contextlib.suppress(psutil.Error):
        return [own, *own.children(recursive=True)]
    return [own]


async def end_strays(spare: frozenset[int] = frozenset()) -> int:
    """Kill everything below this process but `spare`; return how many there were.

    Called when the agent is gone: whatever is left then was started by it.
    """
    ended: set[int] = set()
    for _ in range(_ROUNDS):
        strays = [process for process in tree()[1:] if process.pid not in spare]
        if not strays:
            break
        for process in strays:
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    reap(process.pid)
                else:
                    process.kill()
                    ended.add(process.pid)
        await asyncio.sleep(0.02)
    return len(ended)


class OrphanReaper:
    """Collects the dead that a subreaper inherits: one seen dead twice, seconds apart, is nobody's to wait for."""

    def __init__(self) -> None:
        self._dead: set[int] = set()

    def collect(self) -> None:
        """Look once; called at each heartbeat."""
        dead: set[int] = set()
        for process in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    dead.add(process.pid)
        for pid in dead & self._dead:
            reap(pid)
        self._dead = dead - self._dead


def reap(pid: int) -> None:
    """Collect a dead process that became ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
