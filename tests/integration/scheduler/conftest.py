"""Schedulers in this process on a real MongoDB, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccplant_contracts.ids import new_schedule_id
from ccplant_contracts.schedule import CreateSchedule
from ccplant_platform.settings import MongoSettings
from ccplant_scheduler.firing import Firing
from ccplant_scheduler.main import Scheduler
from ccplant_scheduler.settings import SchedulerSettings
from ccplant_store import Store
from ccplant_store.schedules.model import RunDoc, ScheduleDoc
from ccplant_triggers.cron import parse
from ccplant_triggers.ticks import due_at, first_tick, rule_of

OWNER = "ada"
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class MovedClock:
    """Wall time is the test's; waiting takes the machine's time."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        """The time that the test has set."""
        return self.at

    def monotonic(self) -> float:
        """The machine's."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait by the machine's clock."""
        await asyncio.sleep(seconds)


@dataclass
class Place:
    """A store, its clock, and what a test does with schedules."""

    store: Store
    clock: MovedClock
    told: list[str] = field(default_factory=list)

    def scheduler(self) -> Scheduler:
        """Another replica."""
        return Scheduler(self.store, self.clock, SchedulerSettings(), tell=self.told.append)

    def firing(self) -> Firing:
        """What fires one tick."""
        return Firing(self.store, self.clock)

    async def schedule(self, cron: str = "*/10 * * * *", **fields: Any) -> ScheduleDoc:
        """Write a schedule, as a gateway does."""
        definition = CreateSchedule.model_validate(
            {"name": "nightly", "cron": cron, "message": "do it", **fields}
        )
        schedule_id = new_schedule_id()
        rule = rule_of(schedule_id, definition, parse(definition.cron, definition.timezone))
        tick = first_tick(rule, self.clock.now())
        return await self.store.schedules.insert(
            ScheduleDoc(
                id=schedule_id,
                owner=OWNER,
                name=definition.name,
                definition=definition.model_dump(mode="json"),
                created_at=self.clock.now(),
                updated_at=self.clock.now(),
                next_tick_at=tick,
                next_fire_at=None if tick is None else due_at(rule, tick),
            )
        )

    async def pass_time(self, **length: float) -> None:
        """Move the clock ahead and have everything that is due fired."""
        self.clock.at += timedelta(**length)
        await self.scheduler()._look()

    async def get(self, schedule: ScheduleDoc) -> ScheduleDoc:
        """Read a schedule again."""
        found = await self.store.schedules.get(schedule.id)
        assert found is not None
        return found

    async def runs(self, schedule: ScheduleDoc) -> list[RunDoc]:
        """A schedule's runs, the oldest first."""
        found, _ = await self.store.schedules.runs(schedule.id, limit=1_000)
        return sorted(found, key=lambda run: run.tick_at)

    async def dispatches(self) -> int:
        """How many dispatches there are."""
        return (await self.store.dispatches.list(OWNER, waiting_only=False, limit=1))[1]


@pytest.fixture
async def place(mongo_settings: MongoSettings) -> AsyncIterator[Place]:
    clock = MovedClock()
    store = await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database, clock=clock)
    await store.ensure_indexes()
    yield Place(store, clock)
    store.close()
