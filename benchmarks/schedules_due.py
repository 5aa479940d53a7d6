"""Schedules: 10,000 due at the same second, and how late each of 1,000 is that are spread over a minute."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from benchmarks.measuring.quantiles import SPREAD_COLUMNS, Spread
from benchmarks.measuring.result import Result, Table, at_most
from benchmarks.measuring.script import run
from ccplant_contracts.ids import new_schedule_id
from ccplant_contracts.schedule import CreateSchedule
from ccplant_scheduler.settings import SchedulerSettings
from ccplant_store import Store
from ccplant_store.schedules.model import ScheduleDoc
from tests.support.scheduler_process import SchedulerProcess
from tests.support.servers import MongoServer, NatsServer
from tests.support.waiting import eventually

_AT_ONCE: int = SchedulerSettings.model_fields["scheduler_concurrency"].default
_AHEAD = timedelta(seconds=4)
_PATIENCE_SECONDS = 600.0
_MOST_LATE_MS = 100.0
_YEARLY = "0 0 1 1 *"
"""So that nothing ticks twice while it is measured."""
_COPIED = ("runs", "dispatches", "session_events")

Document = dict[str, Any]

ABOUT = f"""\
*At one second*: one scheduler process finds that many schedules due at once; *to the last* is from that second until \
all their dispatches are durable (majority and journal). The yardstick starts at its second too and writes the same \
documents in the same transactions ({_AT_ONCE} at a time, as the scheduler does) by the bare driver, deciding nothing. \
*Spread*: schedules due one after another; how long after its due time a subscriber of MongoDB's changes has the run. \
The yardstick writes each at its time. Both are measured in the same run on the same MongoDB."""


async def measure(quick: bool) -> Result:
    """Let both come due, in turns."""
    many, spread, seconds, rounds = (200, 50, 5.0, 1) if quick else (10_000, 1_000, 60.0, 3)
    bursts: list[list[float]] = [[], []]
    late: list[list[float]] = [[], []]
    async with _stage() as stage:
        await stage.warm()
        for _ in range(rounds):
            due = await stage.schedules(many)
            bursts[0].append(await stage.to_the_last(due, stage.by_scheduler))
            bursts[1].append(await stage.to_the_last(await stage.copies(due), stage.by_hand))
            due = await stage.schedules(spread, over=seconds)
            late[0] += await stage.lateness(due, stage.by_scheduler)
            late[1] += await stage.lateness(await stage.copies(due, over=seconds), stage.by_hand)
    return _result(many, spread, seconds, bursts, late)


def _result(
    many: int, spread: int, seconds: float, bursts: list[list[float]], late: list[list[float]]
) -> Result:
    names = ("scheduler", "bare driver, the same transactions")
    # the median: one round that something disturbed is not what is usual
    middle = [sorted(each)[len(each) // 2] for each in bursts]
    return Result(
        name="schedules_due",
        title="Schedules that are due",
        about=ABOUT,
        tables=(
            Table(
                title=f"{many:,} at one second",
                columns=("", "to the last", "a second", "worst", "rounds"),
                rows=tuple(
                    (name, f"{last:.1f} s", f"{many / last:,.0f}/s", f"{max(each):.1f} s", str(len(each)))
                    for name, last, each in zip(names, middle, bursts, strict=True)
                ),
            ),
            Table(
                title=f"{spread:,} spread over {seconds:g} s: late by",
                columns=("", *SPREAD_COLUMNS),
                rows=tuple((name, *Spread.of(each).cells()) for name, each in zip(names, late, strict=True)),
            ),
        ),
        aims=(
            at_most("lateness p99", Spread.of(late[0]).p99, _MOST_LATE_MS, " ms"),
            at_most("to the last, against the bare driver", middle[0] / middle[1], 2, "×"),
        ),
    )


@dataclass(frozen=True)
class _Due:
    """What comes due, and when."""

    at: Mapping[str, datetime]
    """By the schedule's id."""
    written: Mapping[str, Sequence[tuple[str, Document]]] = field(default_factory=dict)
    """What the yardstick writes of each."""


@dataclass
class _Stage:
    store: Store
    scheduler: SchedulerProcess
    database: AsyncDatabase[Document]
    client: AsyncMongoClient[Document]

    async def warm(self) -> None:
        due = await self.schedules(_AT_ONCE)
        await self.to_the_last(due, self.by_scheduler)
        await self.to_the_last(await self.copies(due), self.by_hand)

    async def schedules(self, count: int, *, over: float = 0.0) -> _Due:
        """Write schedules that come due soon, all at once or one after another."""
        now = datetime.now(UTC)
        definition = CreateSchedule(name="bench", cron=_YEARLY, message="do it").model_dump(mode="json")
        made = [
            ScheduleDoc(
                id=new_schedule_id(), owner="bench", name="bench", definition=definition, created_at=now,
                updated_at=now,
            )
            for _ in range(count)
        ]  # fmt: skip
        # writing them takes a while, and none may be due before that
        await self.database.schedules.insert_many([each.encode() for each in made])
        at = _times([each.id for each in made], over)
        if over:
            for schedule, moment in at.items():
                await self._come(schedule, moment)
        else:
            await self.database.schedules.update_many(
                {"_id": {"$in": list(at)}}, {"$set": _next(next(iter(at.values())))}
            )
        return _Due(at)

    async def _come(self, schedule: str, moment: datetime) -> None:
        await self.database.schedules.update_one({"_id": schedule}, {"$set": _next(moment)})

    async def copies(self, due: _Due, *, over: float = 0.0) -> _Due:
        """Return, under new names, what the scheduler has written of each."""
        written: dict[str, list[tuple[str, Document]]] = {}
        dispatches = {
            row["_id"]: row
            async for row in self.database.dispatches.find({"source.id": {"$in": list(due.at)}})
        }
        events = {
            row["session_id"]: row
            async for row in self.database.session_events.find({"session_id": {"$in": list(dispatches)}})
        }
        async for tick in self.database.runs.find({"schedule_id": {"$in": list(due.at)}}):
            dispatch = dispatches[tick["dispatch_id"]]
            rows = zip(_COPIED, (tick, dispatch, events[dispatch["_id"]]), strict=True)
            written[tick["schedule_id"]] = [(name, _renamed(row)) for name, row in rows]
        if not len(written) == len(dispatches) == len(due.at):
            raise RuntimeError(
                f"{len(due.at)} were due, {len(written)} have a run, and there are {len(dispatches)} dispatches"
            )
        at = _times(list(written), over)
        for schedule, rows_of in written.items():
            rows_of[0][1]["due_at"] = at[schedule]
        return _Due(at, written)

    async def by_scheduler(self, due: _Due) -> None:
        """Leave it to the process; it was not told, and looks again before they are due."""

    async def by_hand(self, due: _Due) -> None:
        """Write each at its time."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(schedule: str, moment: datetime) -> None:
            await asyncio.sleep((moment - datetime.now(UTC)).total_seconds())
            async with places, self.client.start_session() as session:
                await self._write(session, schedule, due.written[schedule])

        async with asyncio.TaskGroup() as tasks:
            for schedule, moment in due.at.items():
                tasks.create_task(one(schedule, moment))

    async def _write(
        self, session: AsyncClientSession, schedule: str, rows: Sequence[tuple[str, Document]]
    ) -> None:
        async with await session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern(w="majority", j=True),
            read_preference=ReadPreference.PRIMARY,
        ):
            await self.database.schedules.update_one(
                {"_id": schedule}, {"$inc": {"fire_version": 1}}, session=session
            )
            for name, row in rows:
                await self.database[name].insert_one(row, session=session)

    async def to_the_last(self, due: _Due, write: Callable[[_Due], Awaitable[None]]) -> float:
        """Return the seconds from the second at which all are due until all are there."""
        begins = next(iter(due.at.values()))
        writing = asyncio.ensure_future(write(due))
        # a tick and its schedule's next time are one transaction; only what is committed by a majority counts
        schedules = self.database.schedules.with_options(read_concern=ReadConcern("majority"))

        async def there() -> bool:
            if due.written:
                return writing.done()
            return await schedules.find_one({"next_fire_at": begins}) is None

        await asyncio.sleep(max(0.0, (begins - datetime.now(UTC)).total_seconds()))
        began = time.monotonic() - (datetime.now(UTC) - begins).total_seconds()
        await eventually(there, _PATIENCE_SECONDS, interval=0.02)
        took = time.monotonic() - began
        await writing
        return took

    async def lateness(self, due: _Due, write: Callable[[_Due], Awaitable[None]]) -> list[float]:
        """Return how many milliseconds after its due time each run was there."""
        late: list[float] = []
        only = [{"$match": {"operationType": "insert"}}]
        async with await self.database.runs.watch(only) as changes, asyncio.timeout(_PATIENCE_SECONDS):
            writing = asyncio.ensure_future(write(due))
            while len(late) < len(due.at):
                row = (await changes.next())["fullDocument"]
                late.append((datetime.now(UTC) - row["due_at"]).total_seconds() * 1_000)
            await writing
        return late


def _times(schedules: Sequence[str], over: float) -> dict[str, datetime]:
    # whole milliseconds, which is what MongoDB keeps
    begins = datetime.now(UTC).replace(microsecond=0) + _AHEAD
    step = timedelta(milliseconds=int(1_000 * over / len(schedules)))
    return {schedule: begins + number * step for number, schedule in enumerate(schedules)}


def _next(moment: datetime) -> Document:
    return {"next_tick_at": moment, "next_fire_at": moment}


def _renamed(row: Document) -> Document:
    unique = {name: f"copy-{row[name]}" for name in ("_id", "key", "trigger", "session_id") if row.get(name)}
    return {**row, **unique}


@asynccontextmanager
async def _stage() -> AsyncIterator[_Stage]:
    with tempfile.TemporaryDirectory(prefix="ccplant-bench-") as temporary:
        folder = Path(temporary)
        for name in ("nats", "mongod", "scheduler"):
            (folder / name).mkdir()
        nats, mongod = NatsServer(folder / "nats"), MongoServer(folder / "mongod")
        scheduler: SchedulerProcess | None = None
        try:
            nats.start()
            mongod.start()
            mongo = mongod.fresh_settings()
            store = await Store.connect(mongo.url(), database=mongo.mongodb_database)
            await store.ensure_indexes()
            client: AsyncMongoClient[Document] = AsyncMongoClient(mongo.url(), tz_aware=True)
            scheduler = SchedulerProcess(folder / "scheduler", "scheduler", mongo, nats.settings())
            await scheduler.start()
            try:
                yield _Stage(store, scheduler, client[mongo.mongodb_database], client)
            finally:
                await client.close()
                store.close()
        finally:
            if scheduler is not None:
                scheduler.kill()
            mongod.kill()
            nats.kill()


if __name__ == "__main__":
    run(__doc__, measure)
