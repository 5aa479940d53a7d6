"""Sends the journal to the control plane, as far ahead of what is stored as a window allows.

Sending is not storing: the runner goes by `stored_to`, which MongoDB holds. Without progress for 5 s, or after the bus was
away, it asks what is stored (a registration is idempotent) and sends again from there. Repeats do no harm, because
events are keyed by their number.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from ccplant_contracts.stream import MAX_BATCH_BYTES
from ccplant_contracts.subjects import runner_out
from ccplant_platform.ending import ended
from ccplant_platform.faults import fault_point
from ccplant_runner.bus import BusLink
from ccplant_runner.journal import Journal
from ccplant_runner.log import RunnerLog

WINDOW_BYTES = 4 << 20
"""Sent and not yet stored, at most."""
NO_PROGRESS_SECONDS = 5.0
_PUBLISH_SECONDS = 5.0
_MAX_IN_FLIGHT = 8


class Publisher:
    """One loop that sends, and one that notices when nothing gets through."""

    def __init__(
        self,
        journal: Journal,
        bus: BusLink,
        log: RunnerLog,
        *,
        session_id: str,
        launch_id: str,
        sync: Callable[[], Awaitable[None]],
    ) -> None:
        self._journal = journal
        self._bus = bus
        self._log = log
        self._subject = runner_out(launch_id, "events")
        self._head = f'{{"session_id":"{session_id}","launch_id":"{launch_id}","events":['.encode()
        self._sync = sync
        self._sent_to = 0
        self._sent_sizes: list[tuple[int, int]] = []
        """Last number and bytes of each batch that is not known to be stored."""
        self._in_flight: set[asyncio.Task[None]] = set()
        self._again = asyncio.Event()

    async def run(self) -> None:
        """Send for ever."""
        self._sent_to = self._journal.stored_to
        watch = asyncio.create_task(self._watch(), name="publisher-watch")
        try:
            while True:
                await self._bus.wait_connected()
                if self._again.is_set():
                    self._again.clear()
                    self._sent_to = self._journal.stored_to
                    self._sent_sizes.clear()
                if not self._send_next():
                    await self._something_new()
        finally:
            await ended([watch, *self._in_flight])

    def _send_next(self) -> bool:
        stored_to = self._journal.stored_to
        self._sent_sizes = [item for item in self._sent_sizes if item[0] > stored_to]
        self._sent_to = max(self._sent_to, stored_to)
        waiting = sum(size for _, size in self._sent_sizes)
        if (
            self._sent_to >= self._journal.last_seq
            or waiting >= WINDOW_BYTES
            or len(self._in_flight) >= _MAX_IN_FLIGHT
        ):
            return False
        lines = self._journal.read(self._sent_to, MAX_BATCH_BYTES)
        if not lines:
            return False
        payload = self._head + b",".join(lines) + b"]}"
        self._sent_to += len(lines)
        self._sent_sizes.append((self._sent_to, len(payload)))
        task = asyncio.create_task(self._publish(payload), name="publish")
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        return True

    async def _publish(self, payload: bytes) -> None:
        try:
            await self._bus.store(self._subject, payload, _PUBLISH_SECONDS)
        except TimeoutError as error:
            self._log.warning("publish_failed", error=str(error))
            await asyncio.sleep(1)
            self._again.set()
        else:
            fault_point("runner.event.published")
        self._journal.grew.set()

    async def _something_new(self) -> None:
        self._journal.grew.clear()
        if self._again.is_set():
            return
        await self._journal.grew.wait()

    async def _watch(self) -> None:
        last, since = self._journal.stored_to, time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._bus.reconnected.wait()
            now = time.monotonic()
            stored_to = self._journal.stored_to
            back = self._bus.reconnected.is_set()
            self._bus.reconnected.clear()
            if stored_to != last or stored_to >= self._journal.last_seq:
                last, since = stored_to, now
            if not back and now - since < NO_PROGRESS_SECONDS:
                continue
            since = now
            await self._bus.wait_connected()
            await self._sync()
            self._again.set()
            self._journal.grew.set()
