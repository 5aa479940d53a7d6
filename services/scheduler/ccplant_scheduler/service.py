"""The scheduler as a process: settings in, connections made, run until it is told to stop."""

from __future__ import annotations

import asyncio

import structlog

from ccplant_contracts import subjects
from ccplant_platform.bus.dispatch_news import DispatchNews
from ccplant_platform.clock import SystemClock
from ccplant_platform.process import run_service
from ccplant_platform.settings import BusSettings, MongoSettings
from ccplant_scheduler.main import Scheduler
from ccplant_scheduler.metrics import COMMANDS_LOST
from ccplant_scheduler.settings import SchedulerSettings
from ccplant_store import Store

_log = structlog.get_logger(__name__)

NAME = "scheduler"
_DRAIN_SECONDS = 2.0


class PartEndedError(Exception):
    """A part that must not end has ended; the process is started again by whoever runs it."""


async def serve(stopping: asyncio.Event) -> None:
    """Run one replica until `stopping` is set; it fires with the bus away, too."""
    settings, clock, mongo = SchedulerSettings(), SystemClock(), MongoSettings()
    store = await Store.connect(
        mongo.url(), database=mongo.mongodb_database, clock=clock, application="ccplant-scheduler"
    )
    try:
        await store.ensure_indexes()
        news = DispatchNews(
            BusSettings(), clock, name=NAME, wake=subjects.WAKE_SCHEDULES, lost=COMMANDS_LOST.inc
        )
        scheduler = Scheduler(store, clock, settings, tell=news.dispatch)
        parts = {
            asyncio.create_task(scheduler.run(), name="schedules"),
            asyncio.create_task(news.run(scheduler.wake), name="bus"),
        }
        told = asyncio.create_task(stopping.wait())
        _log.info("scheduler_ready")
        try:
            await asyncio.wait({*parts, told}, return_when=asyncio.FIRST_COMPLETED)
            await news.drain(_DRAIN_SECONDS)
        finally:
            told.cancel()
            for part in parts:
                part.cancel()
            ended = await asyncio.gather(*parts, return_exceptions=True)
        if not stopping.is_set():
            problem = next((each for each in ended if isinstance(each, Exception)), None)
            raise PartEndedError("a part of the scheduler has ended") from problem
    finally:
        store.close()


def main() -> None:
    """Run as a process of its own."""
    run_service(NAME, serve)
