"""Says every 10 s, and at each step of the start, that the runner is alive, and what the session uses (D5, S9)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from ccplant_contracts.launch import Heartbeat, Step
from ccplant_contracts.subjects import runner_out
from ccplant_runner.bus import BusLink
from ccplant_runner.journal import Journal
from ccplant_runner.memory import MemoryKills

INTERVAL_SECONDS = 10.0


class HeartbeatSender:
    """Sends at intervals, and at once when the step changed."""

    def __init__(
        self,
        bus: BusLink,
        journal: Journal,
        *,
        session_id: str,
        launch_id: str,
        agent_state: Callable[[], str | None],
        memory: MemoryKills,
    ) -> None:
        self._bus = bus
        self._journal = journal
        self._session_id = session_id
        self._launch_id = launch_id
        self._agent_state = agent_state
        self._memory = memory
        self._step: Step = "starting"
        self._now = asyncio.Event()

    def step(self, step: Step) -> None:
        """The start has come this far."""
        self._step = step
        self._now.set()

    async def run(self) -> None:
        """Send for ever."""
        # imported late: it must not delay the start
        from ccplant_runner.process_tree import OrphanReaper
        from ccplant_runner.resources import ResourceSampler, own_cgroup

        sampler, orphans = ResourceSampler(own_cgroup()), OrphanReaper()
        await self._bus.wait_connected()
        while True:
            if not self._now.is_set():
                orphans.collect()
            self._now.clear()
            measured = sampler.sample()
            self._memory.look()
            beat = Heartbeat(
                session_id=self._session_id,
                launch_id=self._launch_id,
                sampled_at=datetime.now(UTC),
                step=self._step,
                last_seq=self._journal.last_seq,
                agent_state=self._agent_state(),
                cpu_usage=None if measured is None else measured.cpu_cores,
                memory_usage=None if measured is None else measured.memory_bytes,
                log_bytes=self._journal.log_bytes,
                log_full=self._journal.full,
            )
            await self._bus.publish(runner_out(self._launch_id, "heartbeat"), beat.model_dump_json().encode())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await self._now.wait()
