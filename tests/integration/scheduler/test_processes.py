"""Schedulers as processes that are killed, frozen and left without a bus: one run and one dispatch for each tick (W4).

They go by the machine's clock; schedules become due at once since their next tick was written as one that is past.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from ccplant_platform.clock import SystemClock
from ccplant_platform.faults import FAULT_POINTS
from ccplant_platform.settings import BusSettings, MongoSettings
from ccplant_store import Store
from ccplant_store.schedules.model import ScheduleDoc
from tests.integration.scheduler.conftest import MovedClock, Place
from tests.support.programs import free_port
from tests.support.scheduler_process import SchedulerProcess
from tests.support.servers import MongoServer, NatsServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("default::ResourceWarning")]

POINTS = tuple(name for name in FAULT_POINTS if name.startswith("sched."))
MINUTE = timedelta(minutes=1)
YEARLY = "0 0 1 1 *"
MakeProcess = Callable[[str], SchedulerProcess]


@pytest.fixture
def database(mongod: MongoServer) -> MongoSettings:
    return mongod.fresh_settings()


@pytest.fixture
async def ground(database: MongoSettings) -> AsyncIterator[Place]:
    """The store by the machine's clock."""
    store = await Store.connect(database.url(), database=database.mongodb_database, clock=SystemClock())
    await store.ensure_indexes()
    yield Place(store, cast("MovedClock", SystemClock()))  # nobody moves this one
    store.close()


@pytest.fixture
def process(database: MongoSettings, nats_server: NatsServer, tmp_path: Path) -> Iterator[MakeProcess]:
    made: list[SchedulerProcess] = []

    def make(name: str) -> SchedulerProcess:
        made.append(SchedulerProcess(tmp_path, name, database, nats_server.settings()))
        return made[-1]

    yield make
    for each in made:
        each.kill()


async def due(ground: Place, count: int, **fields: object) -> list[ScheduleDoc]:
    """Write schedules whose tick came a second ago and that tick every minute."""
    tick = datetime.now(UTC).replace(second=0, microsecond=0)
    made = [await ground.schedule("* * * * *", **{"overlap": "allow", **fields}) for _ in range(count)]
    for each in made:
        assert await ground.store.schedules.change(each, set={}, times=(tick, tick))
    return made


async def one_each(ground: Place, schedules: list[ScheduleDoc], *replicas: SchedulerProcess) -> None:
    """Check that each tick has one run, and each run one dispatch; the replicas must not tick on while it counts."""
    for each in replicas:
        each.kill()

    async def counted() -> bool:
        await _one_each(ground, schedules)
        return True

    # what a process has sent in its last moment may be committed after its death
    await eventually(counted, 20, interval=0.2)


async def _one_each(ground: Place, schedules: list[ScheduleDoc]) -> None:
    runs_with_dispatch = 0
    for schedule in schedules:
        runs = [run for run in await ground.runs(schedule) if run.trigger == "tick"]
        row = await ground.get(schedule)
        covered: list[datetime] = []
        for run in runs:
            covered += [run.tick_at + number * MINUTE for number in range(run.missed_count or 1)]
        first = min(covered)
        assert row.last_tick_at is not None
        expected = [first + number * MINUTE for number in range(int((row.last_tick_at - first) / MINUTE) + 1)]
        assert sorted(covered) == expected
        assert row.next_tick_at == row.last_tick_at + MINUTE
        for run in runs:
            if run.dispatch_id is None:
                continue
            runs_with_dispatch += 1
            dispatch = await ground.store.dispatches.get(run.dispatch_id)
            assert dispatch is not None
            assert dispatch.source.run_id == run.id
    assert await ground.dispatches() == runs_with_dispatch


async def all_ticked(ground: Place, schedules: list[ScheduleDoc]) -> None:
    async def ticked() -> bool:
        waiting = {"last_tick_at": None, "_id": {"$in": [each.id for each in schedules]}}
        return await ground.store.database.collection("schedules").count(waiting, limit=1) == 0

    await eventually(ticked, 90, interval=0.1)


@pytest.mark.parametrize("name", POINTS)
async def test_a_death_between_any_two_writes_of_a_tick_leaves_one_run(
    name: str, ground: Place, process: MakeProcess, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    # with reuse the dispatch takes a number of its queue first
    schedules = await due(ground, 4) + await due(ground, 4, reuse_session=True)
    one = process("one")
    one.spawn(fault=f"{name}:3:once={died}")
    await eventually(lambda: not one.running, 60)
    assert died.exists(), one.log[-2_000:]
    assert one.process is not None
    assert one.process.returncode == -signal.SIGKILL
    await one.start()
    await all_ticked(ground, schedules)
    await one_each(ground, schedules, one)


async def test_two_processes_that_race_and_are_killed_again_and_again_make_one_run_of_each_tick(
    ground: Place, process: MakeProcess
) -> None:
    schedules = await due(ground, 300)
    replicas = [process("one"), process("two")]
    await asyncio.gather(*(each.start() for each in replicas))
    ticked = ground.store.database.collection("schedules")
    for number in range(6):

        async def further(number: int = number) -> bool:
            done = await ticked.count({"last_tick_at": {"$ne": None}}, limit=1_000)
            return done >= min(300, (number + 1) * 40)

        await eventually(further, 90)
        victim = random.choice(replicas)
        victim.kill()
        await victim.start()
    await all_ticked(ground, schedules)
    await one_each(ground, schedules, *replicas)


@pytest.mark.parametrize("name", POINTS)
async def test_one_that_is_frozen_in_a_tick_and_continued_later_doubles_nothing(
    name: str, ground: Place, process: MakeProcess, tmp_path: Path
) -> None:
    schedules = await due(ground, 6, reuse_session=True)
    frozen, other = process("frozen"), process("other")
    frozen.spawn(fault=f"{name}:2:freeze={tmp_path / 'frozen'}")
    await eventually(lambda: (tmp_path / "frozen").exists() and frozen.frozen(), 60)
    await other.start()
    await all_ticked(ground, schedules)
    frozen.signal(signal.SIGCONT)
    # it goes on with what it saw long ago, and then takes part
    other.kill()
    (later,) = await due(ground, 1)
    await all_ticked(ground, [later])
    assert frozen.running
    await one_each(ground, [*schedules, later], frozen)


async def test_edits_of_the_time_during_ticks_double_nothing(ground: Place, process: MakeProcess) -> None:
    schedules = await due(ground, 60)
    one = process("one")
    one.spawn()

    async def edit(schedule: ScheduleDoc) -> None:
        for _ in range(3):
            seen = await ground.get(schedule)
            # an edit that does not move the time leaves the tick as it is
            await ground.store.schedules.change(
                seen, set={"name": f"edit {seen.version}"}, times=(seen.next_tick_at, seen.next_fire_at)
            )

    editing = [asyncio.create_task(edit(each)) for each in schedules]
    await asyncio.gather(*editing)
    await all_ticked(ground, schedules)
    await one_each(ground, schedules, one)


async def test_it_starts_and_fires_with_the_bus_away(
    ground: Place, process: MakeProcess, nats_server: NatsServer
) -> None:
    schedules = await due(ground, 3)
    one = process("one")
    nowhere: BusSettings = nats_server.settings().model_copy(
        update={"nats_url": f"nats://127.0.0.1:{free_port()}"}
    )
    away = replace(one, name="away", bus=nowhere)
    try:
        await away.start()
        await all_ticked(ground, schedules)
        await one_each(ground, schedules, away)
    finally:
        away.kill()


async def test_it_goes_on_after_mongodb_was_away(
    ground: Place, process: MakeProcess, mongod: MongoServer
) -> None:
    one = process("one")
    await one.start()
    mongod.freeze()
    try:
        await eventually(lambda: "look_failed" in one.log, 90)
        assert one.running
    finally:
        mongod.thaw()
    schedules = await due(ground, 2)
    await all_ticked(ground, schedules)
    await one_each(ground, schedules, one)


async def test_a_yearly_schedule_waits_without_work(ground: Place, process: MakeProcess) -> None:
    schedule = await ground.schedule(YEARLY)
    one = process("one")
    await one.start()
    (other,) = await due(ground, 1)
    await all_ticked(ground, [other])
    assert await ground.runs(schedule) == []
    one.signal(signal.SIGTERM)
    await eventually(lambda: not one.running, 30)
    assert one.process is not None
    assert one.process.returncode == 0
