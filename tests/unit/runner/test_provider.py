"""A provider's refusals are shown with the time of the next try, and a turn does not wait for it without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ccplant_contracts.session import ProviderReason
from ccplant_contracts.stream import AgentStateEvent, StreamData
from ccplant_runner.activity import Activity
from ccplant_runner.agents.driver import ProviderRefused, TurnFailedError
from ccplant_runner.provider import MOST_UNAUTHORIZED, ProviderPatience
from tests.support.waiting import eventually


class Bench:
    """A turn under way, and what is said and given up in it."""

    def __init__(self, limit_seconds: float) -> None:
        self.said: list[StreamData] = []
        self.given_up: list[TurnFailedError] = []
        self.activity = Activity(self.said.append, stable_seconds=600)
        self.activity.ready()
        self.activity.turn_began("p", 1)
        self.patience = ProviderPatience(self.activity, self.given_up.append, limit_seconds=limit_seconds)

    def refuse(self, reason: ProviderReason, attempts: int = 1, after: float | None = None) -> None:
        self.patience.refused(ProviderRefused(reason, attempts, after))

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.said if isinstance(event, AgentStateEvent)]


async def test_a_refusal_shows_the_next_try_and_an_answer_ends_it() -> None:
    bench = Bench(60)
    before = datetime.now(UTC)
    bench.refuse("rate_limited", 2, 30)
    shown = bench.said[-1]
    assert isinstance(shown, AgentStateEvent)
    assert shown.provider_wait is not None
    assert (shown.state, shown.provider_wait.reason, shown.provider_wait.attempts) == (
        "waiting_for_provider", "rate_limited", 2,
    )  # fmt: skip
    assert shown.provider_wait.retry_at is not None
    assert timedelta(seconds=29) < shown.provider_wait.retry_at - before < timedelta(seconds=31)
    bench.patience.over()
    assert bench.said[-1] == AgentStateEvent(state="working")
    assert not bench.given_up


async def test_each_refusal_is_said_and_the_try_between_is_work() -> None:
    bench = Bench(60)
    bench.refuse("overloaded", 1, 0.01)
    await eventually(lambda: bench.states[-1] == "working")
    bench.refuse("overloaded", 2, 0.01)
    await eventually(lambda: bench.states[-1] == "working")
    assert bench.states[2:] == ["waiting_for_provider", "working"] * 2
    assert not bench.given_up


async def test_a_turn_waits_no_longer_than_its_limit() -> None:
    bench = Bench(0.05)
    bench.refuse("overloaded", 1)
    await eventually(lambda: bench.given_up)
    (failure,) = bench.given_up
    assert failure.reason == "overloaded"
    assert "overloaded (529)" in str(failure)


async def test_a_try_that_would_come_too_late_is_not_waited_for() -> None:
    bench = Bench(60)
    bench.refuse("rate_limited", 1, 61)
    (failure,) = bench.given_up
    assert failure.reason == "rate_limited"
    assert "in 61 s" in str(failure)


async def test_waits_that_were_answered_between_do_not_add_up() -> None:
    bench = Bench(0.2)
    for _ in range(5):
        bench.refuse("rate_limited", 1, 0.15)
        bench.patience.over()
    assert not bench.given_up


@pytest.mark.parametrize("reason", ["unauthorized", "rate_limited"])
async def test_only_a_refused_key_is_given_up_after_a_few_tries(reason: ProviderReason) -> None:
    bench = Bench(600)
    for attempt in range(1, MOST_UNAUTHORIZED + 1):
        assert not bench.given_up
        bench.refuse(reason, attempt, 0.5)
    assert len(bench.given_up) == (reason == "unauthorized")


async def test_a_turn_that_ended_waits_for_nobody() -> None:
    bench = Bench(0.02)
    bench.refuse("unavailable", 1, 0.01)
    bench.activity.turn_ended()
    bench.patience.over()
    assert bench.states[-1] == "ready"
    later = Bench(0.02)
    later.refuse("unavailable", 1)
    await eventually(lambda: later.given_up)
    assert not bench.given_up
    assert bench.states[-1] == "ready"
