"""The webhook ingester, as a table of contents: what it answers to, what works behind that, and how it stops.

A delivery goes receiver -> recorder -> (answer) -> line -> processor -> dispatch. The sweep brings back to the lines
whatever fell out of them, in this process or in another. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from ccplant_contracts import subjects
from ccplant_contracts.ids import random_text
from ccplant_platform.bus.dispatch_news import DispatchNews
from ccplant_platform.clock import Clock, SystemClock
from ccplant_platform.ending import ended
from ccplant_platform.sealing import Sealer, SealingSettings
from ccplant_platform.settings import BusSettings, MongoSettings
from ccplant_store import Store
from ccplant_store.errors import StoreError
from ccplant_webhook_ingest.door import Door
from ccplant_webhook_ingest.health import Health
from ccplant_webhook_ingest.known import KnownWebhooks
from ccplant_webhook_ingest.lines import Lines
from ccplant_webhook_ingest.metrics import COMMANDS_LOST
from ccplant_webhook_ingest.processing import Processor
from ccplant_webhook_ingest.receiving import Limits, Receiver
from ccplant_webhook_ingest.recording import Recorder
from ccplant_webhook_ingest.rooms import Rooms
from ccplant_webhook_ingest.settings import IngestSettings
from ccplant_webhook_ingest.sweep import Sweep
from ccplant_webhook_ingest.tally import Tally

NAME = "webhook-ingest"
"""As the bus, the log and the process know it."""
_log = structlog.get_logger(__name__)

_DRAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Ingester:
    """One running ingester."""

    app: Door
    broken: asyncio.Event
    """Set when a part has ended that must not: the process has to."""


@asynccontextmanager
async def running_ingester(
    settings: IngestSettings, bus: BusSettings, mongo: MongoSettings, sealing: SealingSettings
) -> AsyncIterator[Ingester]:
    """Connect to MongoDB, start what works in the background, and part from all of it at the end.

    Raises:
        StoreUnavailableError: MongoDB cannot be reached.
        StoreMisconfiguredError: it is a standalone server, or refuses the password.
        SettingsError: a file that a setting names cannot be read.
    """
    clock = SystemClock()
    sealer = sealing.sealer()
    bus.access(NAME)  # a credential that cannot be read is told at the start
    if sealer is None:
        _log.warning("secrets_cannot_be_opened", setting="CCPLANT_SEALING_KEY_FILE")
    store = await Store.connect(
        mongo.url(), database=mongo.mongodb_database, clock=clock, application=f"ccplant-{NAME}"
    )
    try:
        await store.ensure_indexes()
        parts = Parts.build(settings, bus, store, sealer, clock)
        async with parts.at_work() as broken:
            health = Health(store, parts.news, opens_secrets=sealer is not None)
            probes = {"/health/live": health.live, "/health/ready": health.ready}
            door = Door(parts.receiver.receive, probes, numbers={"/metrics": health.metrics})
            yield Ingester(door, broken)
    finally:
        store.close()


@dataclass(frozen=True)
class Parts:
    """What an ingester consists of."""

    holder: str
    store: Store
    clock: Clock
    news: DispatchNews
    lines: Lines
    sweep: Sweep
    tally: Tally
    receiver: Receiver
    stop_seconds: float

    @classmethod
    def build(
        cls, settings: IngestSettings, bus: BusSettings, store: Store, sealer: Sealer | None, clock: Clock
    ) -> Parts:
        """Put the parts together."""
        holder = f"{socket.gethostname()}:{os.getpid()}:{random_text(6)}"
        lease = timedelta(seconds=settings.ingest_lease_seconds)
        known = KnownWebhooks(store.webhooks, sealer, clock, fresh_seconds=settings.ingest_cache_seconds)
        news = DispatchNews(bus, clock, name=NAME, wake=subjects.WAKE_DELIVERIES, lost=COMMANDS_LOST.inc)
        processor = Processor(
            store,
            known,
            news,
            clock,
            holder=holder,
            lease=lease,
            most_attempts=settings.ingest_max_attempts,
        )
        rooms = Rooms(
            settings.ingest_max_requests, settings.ingest_max_buffered_bytes, settings.ingest_max_large
        )
        lines = Lines(
            processor.decide,
            most=settings.ingest_queue,
            workers=settings.ingest_workers,
            busy=lambda: rooms.busy,
        )
        sweep = Sweep(
            store, lines, clock, holder=holder, lease=lease, every_seconds=settings.ingest_sweep_seconds
        )
        tally = Tally(store.webhooks, clock)
        receiver = Receiver(
            known,
            Recorder(store, lines, clock, holder=holder, lease=lease, wake=sweep.wake),
            rooms,
            Limits(
                settings.ingest_max_body_bytes,
                settings.ingest_body_timeout_seconds,
                behind_proxy=settings.ingest_trust_proxy_headers,
            ),
            tally,
            clock,
        )
        return cls(holder, store, clock, news, lines, sweep, tally, receiver, settings.ingest_stop_seconds)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[asyncio.Event]:
        """Run what works in the background; the event tells that a part has ended by itself."""
        broken = asyncio.Event()
        tasks = [
            asyncio.create_task(self.news.run(self.sweep.wake)),
            asyncio.create_task(self.sweep.run()),
            asyncio.create_task(self.tally.run()),
        ]

        def over(task: asyncio.Task[None]) -> None:
            if not task.cancelled():
                _log.error("part_ended", exc_info=task.exception())
                broken.set()

        for task in tasks:
            task.add_done_callback(over)
        try:
            yield broken
        finally:
            await ended(tasks[1:])
            await self._stop()
            await ended(tasks[:1])

    async def _stop(self) -> None:
        """Finish what is in work, and give back the rest, so that another process has it at once."""
        left = await self.lines.close(self.stop_seconds)
        try:
            async with asyncio.timeout(self.stop_seconds):
                await self.tally.write()
                await asyncio.gather(
                    *(
                        self.store.deliveries.release(
                            delivery, holder=self.holder, at=self.clock.now(), tried=False
                        )
                        for delivery in left
                    )
                )
        except (StoreError, TimeoutError) as error:
            # their leases end by themselves
            _log.warning("deliveries_not_released", count=len(left), error=str(error))
        await self.news.drain(_DRAIN_SECONDS)
