"""Schedules in MongoDB.

A tick is one transaction: the schedule's next time moves, by a compare-and-set on `fire_version`; the run is written, unique
by its tick; so is its dispatch. Of any number of schedulers one wins, and one that dies in it leaves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ccplant_platform.clock import Clock
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.dispatches.repository import DispatchStore
from ccplant_store.documents import json_text, to_bson
from ccplant_store.driver import ASC, DESC, EPOCH, Collection, Database, Transaction
from ccplant_store.errors import AlreadyDoneError, DuplicateKeyError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.idempotency import IdempotencyDoc
from ccplant_store.reading import Reader
from ccplant_store.schedules.model import RunDoc, ScheduleDoc
from ccplant_store.sessions.listing import TOTAL_CAP

DELETED_KEPT_SECONDS = 91 * 24 * 3600
"""Longer than any of its runs."""


class LostTickError(Exception):
    """Another scheduler was faster, or the schedule was changed; look again."""


class ScheduleStore:
    """Schedules and their runs."""

    def __init__(
        self, database: Database, clock: Clock, recorder: EventRecorder, dispatches: DispatchStore
    ) -> None:
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._dispatches = dispatches
        self._schedules: Collection = database.collection("schedules")
        self._readable = Reader(database, "schedules", ScheduleDoc)
        self._readable_runs = Reader(database, "runs", RunDoc)
        self._runs: Collection = database.collection("runs")
        self._idempotency: Collection = database.collection("idempotency")

    # --- reading

    async def get(self, schedule_id: str) -> ScheduleDoc | None:
        """Return a schedule, whoever owns it."""
        return ScheduleDoc.decode_optional(await self._schedules.find_one({"_id": schedule_id}))

    async def get_owned(self, schedule_id: str, owner: str) -> ScheduleDoc | None:
        """Return a schedule of this owner that is not deleted; another's is as if it were not there."""
        query = {"_id": schedule_id, "owner": owner, "deleted": False}
        return ScheduleDoc.decode_optional(await self._schedules.find_one(query))

    async def list(self, owner: str, *, limit: int, offset: int = 0) -> tuple[Sequence[ScheduleDoc], int]:
        """Return a page of an owner's schedules, the newest first, and how many there are (counted up to 10,001)."""
        query = {"owner": owner, "deleted": False}
        rows = await self._schedules.find(
            query, sort=[("created_at", DESC), ("_id", DESC)], limit=limit, skip=offset
        )
        total = await self._schedules.count(query, limit=TOTAL_CAP + 1)
        return await self._readable.all(rows), total

    async def runs(self, schedule_id: str, *, limit: int, offset: int = 0) -> tuple[Sequence[RunDoc], int]:
        """Return a page of a schedule's runs, the newest first, and how many there are (counted up to 10,001)."""
        query = {"schedule_id": schedule_id}
        rows = await self._runs.find(
            query, sort=[("created_at", DESC), ("_id", DESC)], limit=limit, skip=offset
        )
        return await self._readable_runs.all(rows), await self._runs.count(query, limit=TOTAL_CAP + 1)

    async def many_runs(self, run_ids: Sequence[str]) -> dict[str, RunDoc]:
        """Return runs by id, in one query; those that are gone are missing."""
        if not run_ids:
            return {}
        rows = await self._runs.find({"_id": {"$in": list(run_ids)}}, limit=len(run_ids))
        return {run.id: run for run in await self._readable_runs.all(rows)}

    # --- by people

    async def insert(
        self, schedule: ScheduleDoc, *, idempotency: IdempotencyDoc | None = None
    ) -> ScheduleDoc:
        """Write a new schedule, with its idempotency key in the same transaction.

        Raises:
            AlreadyDoneError: the idempotency key was used before.
        """

        async def write(run: Transaction) -> None:
            if idempotency is not None:
                await self._idempotency.insert_one(idempotency.encode(), transaction=run)
            await self._schedules.insert_one(schedule.encode(), transaction=run)

        try:
            await self._database.transaction(write)
        except DuplicateKeyError:
            await self._raise_done(idempotency)
            raise
        return schedule

    async def change(
        self,
        schedule: ScheduleDoc,
        *,
        set: Mapping[str, Any],  # noqa: A002 - MongoDB's own word
        times: tuple[datetime | None, datetime | None] | None = None,
    ) -> ScheduleDoc | None:
        """Change a schedule that is still as the caller saw it; None: it is not, or it is deleted.

        Args:
            schedule: as the caller saw it.
            set: fields and their new values.
            times: its next tick and when that is due, where the change is about that: no tick may have come between.
        """
        query: dict[str, Any] = {"_id": schedule.id, "version": schedule.version, "deleted": False}
        fields = {
            key: json_text(value) if key == "definition" else to_bson(value) for key, value in set.items()
        }
        fields.setdefault("updated_at", self._clock.now())
        moved = {"version": 1}
        if times is not None:
            query["fire_version"] = schedule.fire_version
            fields |= {"next_tick_at": times[0], "next_fire_at": times[1]}
            moved["fire_version"] = 1
        changed = await self._schedules.find_one_and_update(query, {"$set": fields, "$inc": moved})
        return ScheduleDoc.decode_optional(changed)

    async def delete(self, schedule_id: str, owner: str) -> bool:
        """Delete an owner's schedule; False: there is none. What it started goes on; its runs stay for their time."""
        now = self._clock.now()
        done = await self._schedules.update_one(
            {"_id": schedule_id, "owner": owner, "deleted": False},
            {
                "$set": {
                    "deleted": True,
                    "deleted_at": now,
                    "updated_at": now,
                    "enabled": False,
                    "definition": "{}",
                    "next_tick_at": None,
                    "next_fire_at": None,
                },
                "$inc": {"version": 1, "fire_version": 1},
            },
        )
        return done.matched == 1

    async def run_now(
        self, run: RunDoc, dispatch: DispatchDoc, *, idempotency: IdempotencyDoc | None = None
    ) -> None:
        """Write a run that somebody asked for, and its dispatch, in one transaction; its times stay as they are.

        Raises:
            AlreadyDoneError: the idempotency key was used before.
            LostTickError: the schedule was deleted meanwhile.
        """

        async def write(transaction: Transaction) -> None:
            if idempotency is not None:
                await self._idempotency.insert_one(idempotency.encode(), transaction=transaction)
            there = await self._schedules.update_one(
                {"_id": run.schedule_id, "deleted": False},
                {"$set": {"last_run_id": run.id, "last_dispatch_id": dispatch.id}},
                transaction=transaction,
            )
            if not there.matched:
                raise LostTickError(run.schedule_id)
            await self._runs.insert_one(run.encode(), transaction=transaction)
            await self._dispatches.add(dispatch, transaction=transaction)

        try:
            await self._database.transaction(write, on=run.schedule_id)
        except DuplicateKeyError:
            await self._raise_done(idempotency)
            raise

    async def _raise_done(self, idempotency: IdempotencyDoc | None) -> None:
        if idempotency is None:
            return
        done = IdempotencyDoc.decode_optional(await self._idempotency.find_one({"_id": idempotency.id}))
        if done is not None:
            raise AlreadyDoneError(done.resource_id, done.body_hash, done.response) from None

    # --- by the clock

    async def due(self, now: datetime, *, limit: int) -> Sequence[ScheduleDoc]:
        """Return schedules with a tick that is due, those first that have waited longest."""
        return await self._readable.find(
            {"next_fire_at": {"$gt": EPOCH, "$lte": now}}, sort=[("next_fire_at", ASC)], limit=limit
        )

    async def nearest(self, *, after: datetime = EPOCH) -> datetime | None:
        """Return when the next tick of all is due, of those that are due after a moment."""
        row = await self._schedules.find_one(
            {"next_fire_at": {"$gt": max(after, EPOCH)}},
            projection={"next_fire_at": 1},
            sort=[("next_fire_at", ASC)],
        )
        if row is None:
            return None
        found: datetime = row["next_fire_at"]
        return found

    async def decided_ahead(self, after: datetime, *, limit: int) -> Sequence[ScheduleDoc]:
        """Return schedules that ticked, or were written, after a moment which is to come: a clock was set back since."""
        rows = await self._schedules.find(
            {
                "next_fire_at": {"$gt": after},
                "$or": [{"last_tick_at": {"$gt": after}}, {"updated_at": {"$gt": after}}],
            },
            limit=limit,
        )
        return await self._readable.all(rows)

    async def begin_anew(
        self, schedule: ScheduleDoc, next_tick: datetime | None, next_fire: datetime | None
    ) -> bool:
        """Put a schedule's next time after a clock was set back; False where somebody else was faster."""
        done = await self._schedules.update_one(
            {"_id": schedule.id, "fire_version": schedule.fire_version},
            {
                "$set": {"next_tick_at": next_tick, "next_fire_at": next_fire, "last_tick_at": None},
                # what was written by the clock that was ahead is not found again
                "$min": {"updated_at": self._clock.now()},
                "$inc": {"fire_version": 1},
            },
        )
        return done.matched == 1

    async def fire(
        self,
        schedule: ScheduleDoc,
        *,
        last_tick: datetime,
        next_tick: datetime | None,
        next_fire: datetime | None,
        runs: Sequence[RunDoc],
        dispatch: DispatchDoc | None,
        events: Sequence[NewEvent] = (),
    ) -> bool:
        """Write all that was decided on a tick at once; False where somebody else was faster, or it has its run.

        Args:
            schedule: as it was decided on.
            last_tick: the newest tick that was decided on.
            next_tick: the first one after it.
            next_fire: when that one is due.
            runs: the run of the tick, or that it was skipped, and what was missed before.
            dispatch: what the run starts.
            events: what subscribers are told of what was skipped or missed.
        """
        now = self._clock.now()
        fields: dict[str, Any] = {
            "next_tick_at": next_tick,
            "next_fire_at": next_fire,
            "last_tick_at": last_tick,
        }
        if runs:
            fields["last_run_id"] = runs[-1].id
        if dispatch is not None:
            fields["last_dispatch_id"] = dispatch.id
        update = {
            "$set": fields,
            "$max": {"event_at": now},
            "$inc": {"fire_version": 1, "event_seq": len(events)},
        }

        async def write(run: Transaction) -> None:
            # a run that somebody asked for meanwhile may be the one that this has to wait for
            as_seen = {
                "_id": schedule.id,
                "fire_version": schedule.fire_version,
                "last_dispatch_id": schedule.last_dispatch_id,
            }
            moved = await self._schedules.find_one_and_update(as_seen, update, transaction=run)
            if moved is None:
                raise LostTickError(schedule.id)
            if runs:
                await self._runs.insert_many([each.encode() for each in runs], transaction=run)
            if dispatch is not None:
                await self._dispatches.add(dispatch, transaction=run)
            await self._recorder.insert(run, moved, events)

        try:
            await self._database.transaction(write, on=schedule.id)
        except LostTickError:
            return False
        except DuplicateKeyError:
            # the tick had its run before a clock was set back: on with the next one
            await self._schedules.update_one(
                {"_id": schedule.id, "fire_version": schedule.fire_version},
                {
                    "$set": {"next_tick_at": next_tick, "next_fire_at": next_fire, "last_tick_at": last_tick},
                    "$inc": {"fire_version": 1},
                },
            )
            return False
        return True
