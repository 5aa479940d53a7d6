"""Work that is poked by key: at most one run per key at a time, and never a poke lost.

A poke during a run causes one more run after it, however many pokes there were. That is what keeps a hundred
commands for one session from becoming a hundred concurrent reconciles that all lose to each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from ccplant_store.errors import StoreUnavailableError, TransactionContentionError

_log = structlog.get_logger(__name__)


class KeyedWorker:
    """Runs `work(key)` in tasks of its own, bounded in number."""

    def __init__(self, name: str, work: Callable[[str], Awaitable[None]], *, concurrency: int = 32) -> None:
        self._name = name
        self._work = work
        self._slots = asyncio.Semaphore(concurrency)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closed = False

    def poke(self, key: str) -> None:
        """Have the work done for `key` soon, in any case after this moment."""
        if self._closed:
            return
        if key in self._running:
            self._again.add(key)
            return
        self._running[key] = asyncio.create_task(self._run(key), name=f"{self._name}:{key}")

    def poke_later(self, key: str, seconds: float) -> None:
        """Poke after a while; an earlier moment wins over a later one that was asked for before."""
        loop = asyncio.get_running_loop()
        existing = self._timers.get(key)
        if existing is not None and existing.when() <= loop.time() + seconds:
            return
        if existing is not None:
            existing.cancel()
        self._timers[key] = loop.call_later(seconds, self._fire, key)

    async def close(self) -> None:
        """Stop taking work, and wait for what runs (it is cut off after 5 s; every step is safe to cut)."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        running = list(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _fire(self, key: str) -> None:
        self._timers.pop(key, None)
        self.poke(key)

    async def _run(self, key: str) -> None:
        try:
            async with self._slots:
                self._again.discard(key)
                await self._work(key)
        except (StoreUnavailableError, TransactionContentionError) as error:
            _log.warning("work_postponed", worker=self._name, key=key, error=str(error))
        except Exception:  # noqa: BLE001 - logged; the next poke, or the resync, tries again
            _log.exception("work_failed", worker=self._name, key=key)
        finally:
            del self._running[key]
            if key in self._again:
                self._again.discard(key)
                self.poke(key)
