"""Finished means: a turn has ended, and nothing runs, waits or is asked, for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ccplant_contracts.stream import AgentStateEvent, Idle, StreamData
from ccplant_runner.activity import Activity
from tests.support.waiting import eventually

STABLE = 0.05


@pytest.fixture
def said() -> list[StreamData]:
    return []


@pytest.fixture
async def activity(said: list[StreamData]) -> Activity:
    made = Activity(said.append, stable_seconds=STABLE)
    made.ready()
    return made


async def quiet(said: list[StreamData]) -> bool:
    """Tell whether idle was said after more than long enough."""
    try:
        await eventually(lambda: [event for event in said if isinstance(event, Idle)], 6 * STABLE)
    except AssertionError:
        return False
    return True


async def test_a_session_that_had_no_turn_is_never_finished(
    activity: Activity, said: list[StreamData]
) -> None:
    assert not await quiet(said)


async def test_it_is_finished_once_after_its_turn(activity: Activity, said: list[StreamData]) -> None:
    activity.turn_began("p", 7)
    activity.turn_ended()
    assert await quiet(said)
    activity.own_turn(False)
    await asyncio.sleep(3 * STABLE)
    assert [event for event in said if isinstance(event, Idle)] == [Idle(last_prompt_id="p", last_number=7)]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (lambda a: a.background(1), lambda a: a.background(0)),
        (lambda a: a.own_turn(True), lambda a: a.own_turn(False)),
        (lambda a: a.asked(), lambda a: a.answered()),
        (lambda a: a.restarting(True), lambda a: a.restarting(False)),
        (lambda a: a.turn_began("q", 8), lambda a: a.turn_ended()),
    ],
    ids=["background", "own turn", "question", "restart", "next turn"],
)
async def test_whatever_goes_on_keeps_it_from_being_finished(
    activity: Activity,
    said: list[StreamData],
    begin: Callable[[Activity], None],
    end: Callable[[Activity], None],
) -> None:
    activity.turn_began("p", 1)
    begin(activity)
    activity.turn_ended() if "q" not in str(activity._last) else None
    assert not await quiet(said)
    end(activity)
    assert await quiet(said)


async def test_each_change_of_state_is_said_once(activity: Activity, said: list[StreamData]) -> None:
    activity.turn_began("p", 1)
    activity.background(1)
    activity.background(2)
    activity.turn_ended()
    activity.restarting(True)
    activity.restarting(False)
    activity.close()
    states = [event.state for event in said if isinstance(event, AgentStateEvent)]
    assert states == ["ready", "working", "background", "restarting", "ready"]
