"""Each tick has exactly one run, however many schedulers there are and whatever clocks and owners do (W4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ccplant_contracts.ids import new_run_id
from ccplant_contracts.status import Reason
from ccplant_scheduler import main
from ccplant_scheduler.firing import Firing, Passed, Written
from ccplant_store.schedules.dispatching import schedule_dispatch
from ccplant_store.schedules.model import RunDoc, ScheduleDoc
from ccplant_store.sessions.model import new_session
from tests.integration.scheduler.conftest import NOON, OWNER, Place

TICK = NOON + timedelta(minutes=10)


async def test_a_tick_makes_one_run_and_one_dispatch_and_the_next_one_follows(place: Place) -> None:
    schedule = await place.schedule()
    await place.pass_time(minutes=9, seconds=59)
    assert await place.runs(schedule) == []
    await place.pass_time(seconds=1)
    (run,) = await place.runs(schedule)
    assert (run.tick_at, run.outcome) == (TICK, "handed")
    dispatch = await place.store.dispatches.get(run.dispatch_id or "")
    assert dispatch is not None
    assert (dispatch.source.run_id, dispatch.text) == (run.id, "do it")
    assert place.told == [dispatch.queue]
    after = await place.get(schedule)
    assert (after.next_tick_at, after.last_run_id) == (TICK + timedelta(minutes=10), run.id)
    await place.pass_time(seconds=30)
    assert len(await place.runs(schedule)) == 1


async def test_of_ten_schedulers_that_look_at_once_one_fires_each_tick(place: Place) -> None:
    schedules = [await place.schedule(overlap="allow") for _ in range(20)]
    place.clock.at = TICK
    await asyncio.gather(*(place.scheduler()._look() for _ in range(10)))
    for schedule in schedules:
        assert [run.outcome for run in await place.runs(schedule)] == ["handed"]
    assert await place.dispatches() == 20


async def test_one_that_was_frozen_and_goes_on_fires_nothing_again(place: Place) -> None:
    schedule = await place.schedule(overlap="allow")
    place.clock.at = TICK
    seen_before = await place.get(schedule)
    await place.pass_time(seconds=1)
    await place.pass_time(minutes=10)
    assert await place.firing().fire(seen_before) is Passed.LOST
    assert len(await place.runs(schedule)) == 2


async def test_an_hour_of_outage_runs_the_newest_tick_and_tells_of_the_others(place: Place) -> None:
    schedule = await place.schedule()
    await place.pass_time(hours=1, minutes=5)
    missed, run = await place.runs(schedule)
    assert (missed.outcome, missed.tick_at, missed.missed_until, missed.missed_count) == (
        "missed", TICK, NOON + timedelta(minutes=50), 5,
    )  # fmt: skip
    assert (run.outcome, run.tick_at) == ("handed", NOON + timedelta(hours=1))
    told = await place.store.events.of_owner(OWNER, after_id=None, limit=100)
    assert [event.type for event in told if event.session_id == schedule.id] == ["schedule.missed"]


async def test_beyond_the_window_nothing_runs_and_that_is_told(place: Place) -> None:
    schedule = await place.schedule("0 13 * * *", catch_up_seconds=600)
    await place.pass_time(hours=1, minutes=11)
    (missed,) = await place.runs(schedule)
    assert missed.outcome == "missed"
    assert await place.dispatches() == 0
    assert (await place.get(schedule)).next_tick_at == NOON + timedelta(days=1, hours=1)


async def test_a_run_whose_predecessor_goes_on_is_skipped_and_that_is_told(place: Place) -> None:
    schedule = await place.schedule()
    await place.pass_time(minutes=10)
    await place.pass_time(minutes=10)
    assert [run.outcome for run in await place.runs(schedule)] == ["handed", "skipped"]
    assert await place.dispatches() == 1


async def test_after_the_end_of_its_session_the_next_run_goes_on(place: Place) -> None:
    schedule = await place.schedule()
    await place.pass_time(minutes=10)
    (run,) = await place.runs(schedule)
    dispatch = await place.store.dispatches.get(run.dispatch_id or "")
    assert dispatch is not None
    start = dispatch.new_session()
    session = await place.store.sessions.create(
        new_session(
            "session-ada-run", owner=OWNER, name=start.name, mode=start.mode, labels={}, repository=None,
            branch=None, config=start.config, at=place.clock.now(),
        )
    )  # fmt: skip
    await place.store.dispatches.dispatched(
        dispatch, session_id=session.id, prompt_id="prompt-1", created=True, at=place.clock.now()
    )
    await place.pass_time(minutes=10)
    assert (await place.runs(schedule))[-1].outcome == "skipped"
    await place.store.sessions.transition(session, Reason.START_FAILED, now=place.clock.now())
    await place.pass_time(minutes=10)
    assert (await place.runs(schedule))[-1].outcome == "handed"


async def test_queue_and_replace_say_which_run_they_follow_and_allow_follows_none(place: Place) -> None:
    followers = {}
    for overlap in ("queue", "replace", "allow"):
        schedule = await place.schedule(overlap=overlap)
        followers[overlap] = schedule
    await place.pass_time(minutes=10)
    await place.pass_time(minutes=10)
    for overlap, schedule in followers.items():
        first, second = await place.runs(schedule)
        dispatch = await place.store.dispatches.get(second.dispatch_id or "")
        assert dispatch is not None
        assert dispatch.after == (None if overlap == "allow" else first.dispatch_id)
        assert dispatch.replace is (overlap == "replace")


async def test_an_edit_of_the_time_and_a_tick_at_once_leave_one_of_both(place: Place) -> None:
    schedule = await place.schedule(overlap="allow")
    place.clock.at = TICK
    seen = await place.get(schedule)
    moved = NOON + timedelta(hours=3)
    fired, edited = await asyncio.gather(
        place.firing().fire(seen),
        place.store.schedules.change(seen, set={"name": "later"}, times=(moved, moved)),
    )
    after = await place.get(schedule)
    if edited is not None:
        assert fired is Passed.LOST
        assert after.next_tick_at == moved
    else:
        assert isinstance(fired, Written)
        assert after.next_tick_at == TICK + timedelta(minutes=10)


async def test_an_edit_of_the_message_neither_waits_for_a_tick_nor_undoes_one(place: Place) -> None:
    schedule = await place.schedule(overlap="allow")
    place.clock.at = TICK
    seen = await place.get(schedule)
    assert isinstance(await place.firing().fire(seen), Written)
    assert await place.store.schedules.change(seen, set={"name": "renamed"}) is not None
    after = await place.get(schedule)
    assert (after.name, after.next_tick_at) == ("renamed", TICK + timedelta(minutes=10))


async def test_a_clock_that_is_set_back_a_little_fires_nothing_again(place: Place) -> None:
    schedule = await place.schedule(overlap="allow")
    await place.pass_time(minutes=10)
    place.clock.at -= timedelta(minutes=5)
    await place.pass_time(seconds=1)
    await place.pass_time(minutes=5)
    assert len(await place.runs(schedule)) == 1


async def test_a_clock_that_was_a_day_ahead_does_not_silence_a_schedule_for_that_day(place: Place) -> None:
    schedule = await place.schedule(overlap="allow", catch_up_seconds=0)
    await place.pass_time(days=1)
    place.clock.at = NOON + timedelta(minutes=1)
    await place.pass_time(seconds=1)
    assert (await place.get(schedule)).next_tick_at == TICK
    await place.pass_time(minutes=9)
    assert TICK in [run.tick_at for run in await place.runs(schedule) if run.outcome == "handed"]


async def test_a_tick_that_had_its_run_before_the_clock_was_set_back_is_passed_over(place: Place) -> None:
    schedule = await place.schedule(overlap="allow")
    await place.pass_time(minutes=10)
    again = await place.get(schedule)
    assert await place.store.schedules.begin_anew(again, TICK, TICK)
    await place.pass_time(seconds=1)
    assert len(await place.runs(schedule)) == 1
    assert (await place.get(schedule)).next_tick_at == TICK + timedelta(minutes=10)
    assert await place.dispatches() == 1


async def test_one_schedule_that_means_nothing_any_more_stops_no_other(place: Place) -> None:
    broken, good = await place.schedule(), await place.schedule()
    definition = {**broken.definition, "cron": "not cron at all"}
    assert await place.store.schedules.change(broken, set={"definition": definition}) is not None
    await place.pass_time(minutes=10)
    assert len(await place.runs(good)) == 1
    # another scheduler may know the zone that this one does not: nothing of it is switched off
    assert (await place.get(broken)).next_fire_at == TICK
    assert await place.store.schedules.change(await place.get(broken), set={"definition": good.definition})
    await place.pass_time(seconds=30)
    assert [run.tick_at for run in await place.runs(broken)] == [TICK]


async def test_a_page_of_schedules_that_nobody_can_read_stops_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "_AT_ONCE", 2)
    schedules = place.store.database.collection("schedules")
    for _ in range(5):
        broken = await place.schedule("*/5 * * * *")
        await schedules.update_one({"_id": broken.id}, {"$set": {"fire_version": "of another kind"}})
    good = await place.schedule()
    await place.pass_time(minutes=10)
    assert len(await place.runs(good)) == 1
    assert len(await place.store.unreadable.list(limit=10)) == 5


async def test_a_deleted_or_disabled_schedule_fires_nothing(place: Place) -> None:
    deleted, disabled = await place.schedule(), await place.schedule()
    assert await place.store.schedules.delete(deleted.id, OWNER)
    assert await place.store.schedules.change(disabled, set={"enabled": False}, times=(None, None))
    await place.pass_time(hours=2)
    assert await place.dispatches() == 0


async def test_it_sleeps_until_the_nearest_tick_and_is_woken_by_a_change(place: Place) -> None:
    place.clock.at = datetime.now(UTC)
    scheduler = place.scheduler()
    assert await scheduler._look() == 5.0
    running = asyncio.create_task(scheduler.run())
    await place.schedule("* * * * *")
    place.clock.at += timedelta(minutes=2)
    scheduler.wake()
    async with asyncio.timeout(4):
        while not place.told:  # noqa: ASYNC110 - a condition of another task
            await asyncio.sleep(0.01)
    running.cancel()


async def test_a_schedule_that_was_made_by_a_clock_a_day_ahead_begins_when_that_is_set_back(
    place: Place,
) -> None:
    place.clock.at = NOON + timedelta(days=1)
    schedule = await place.schedule()
    place.clock.at = NOON
    await place.pass_time(seconds=1)
    assert (await place.get(schedule)).next_tick_at == TICK
    assert await place.store.schedules.decided_ahead(NOON + timedelta(hours=1), limit=1) == []


async def test_ticks_that_cannot_be_written_take_no_place_from_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "_AT_ONCE", 2)
    stuck = [await place.schedule() for _ in range(4)]
    names = {each.id for each in stuck}
    fire = Firing.fire

    async def fails(firing: Firing, schedule: ScheduleDoc) -> Written | Passed:
        if schedule.id in names:
            raise ValueError("no such thing")
        return await fire(firing, schedule)

    monkeypatch.setattr(Firing, "fire", fails)
    place.clock.at = TICK
    (good,) = [await place.schedule("*/5 * * * *")]
    place.clock.at = TICK + timedelta(minutes=5)
    scheduler = place.scheduler()
    for _ in range(3):
        await scheduler._look()
    assert len(await place.runs(good)) == 1
    # what is left alone delays nothing that is due soon
    await place.schedule("*/10 * * * *")
    place.clock.at = TICK + timedelta(minutes=9, seconds=59, milliseconds=900)
    assert await scheduler._look() <= 0.1


async def test_a_tick_sees_the_run_that_somebody_asked_for_at_the_same_moment(place: Place) -> None:
    schedule = await place.schedule()
    place.clock.at = TICK
    seen = await place.get(schedule)
    run_id = new_run_id()
    dispatch = await schedule_dispatch(
        place.store.slots, seen, seen.parsed(), trigger="run:asked", run_id=run_id, at=TICK
    )
    asked = RunDoc(
        id=run_id, schedule_id=schedule.id, owner=OWNER, trigger="manual", tick_at=TICK, due_at=TICK,
        fired_at=TICK, outcome="handed", dispatch_id=dispatch.id, created_at=TICK,
    )  # fmt: skip
    await place.store.schedules.run_now(asked, dispatch)
    assert await place.firing().fire(seen) is Passed.LOST
    await place.scheduler()._look()
    ticks = [run for run in await place.runs(schedule) if run.trigger == "tick"]
    assert [run.outcome for run in ticks] == ["skipped"]


async def test_a_schedule_whose_due_time_is_wrong_is_put_right(place: Place) -> None:
    schedule = await place.schedule()
    assert await place.store.schedules.change(schedule, set={}, times=(TICK, NOON))
    await place.pass_time(seconds=1)
    assert (await place.get(schedule)).next_fire_at == TICK
    await place.pass_time(minutes=10)
    assert len(await place.runs(schedule)) == 1


async def test_who_lost_a_whole_page_to_another_goes_on_with_the_next_one_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "_AT_ONCE", 2)
    schedules = [await place.schedule(overlap="allow") for _ in range(4)]
    place.clock.at = TICK
    due, looks = place.store.schedules.due, 0

    async def and_another_is_faster(now: datetime, *, limit: int) -> Sequence[ScheduleDoc]:
        nonlocal looks
        looks += 1
        found = await due(now, limit=limit)
        if looks == 1:
            for schedule in found:
                assert isinstance(await place.firing().fire(schedule), Written)
        return found

    monkeypatch.setattr(place.store.schedules, "due", and_another_is_faster)
    await place.scheduler()._look()
    assert [len(await place.runs(schedule)) for schedule in schedules] == [1] * 4
    assert len(place.told) == 2
