"""Limits of requests: so many a minute for each owner and kind, and never more in memory than is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_api.http import rate_limits
from ccplant_api.http.rate_limits import RateLimits, kind_of
from ccplant_api.settings import ApiSettings
from tests.support.clock import FakeClock


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/api/v1/sessions", "session_creation"),
        ("POST", "/api/v1/sessions/session-a-1/recreate", "session_creation"),
        ("GET", "/api/v1/sessions", "list"),
        ("GET", "/api/v1/sessions/session-a-1", "others"),
        ("POST", "/api/v1/sessions/session-a-1/messages", "others"),
        ("GET", "/api/v1/users/me", "users"),
        ("GET", "/api/v1/usersx", "others"),
        ("GET", "/ws/sessions/session-a-1", "others"),
    ],
)
def test_each_request_counts_against_one_limit(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind


def test_the_defaults_are_those_of_the_specification() -> None:
    assert ApiSettings().rate_limits == {"session_creation": 10, "list": 100, "users": 60, "others": 1_000}


async def test_a_minute_after_the_first_request_all_are_free_again() -> None:
    clock = FakeClock()
    limits = RateLimits({"list": 2}, clock)
    first = limits.take("ann", "list")
    assert first is not None
    assert (first.limit, first.remaining, first.reset_seconds, first.refused) == (2, 1, 60, False)
    assert first.reset_at == int(clock.now().timestamp()) + 60
    await clock.advance(59)
    second, third = limits.take("ann", "list"), limits.take("ann", "list")
    assert second is not None
    assert third is not None
    assert (second.refused, third.refused, third.remaining, third.reset_seconds) == (False, True, 0, 1)
    other = limits.take("bob", "list")
    assert other is not None
    assert not other.refused
    await clock.advance(1)
    again = limits.take("ann", "list")
    assert again is not None
    assert (again.refused, again.remaining) == (False, 1)


def test_without_a_limit_nothing_is_counted() -> None:
    assert RateLimits({"list": 0}, FakeClock()).take("ann", "list") is None
    assert RateLimits({}, FakeClock()).take("ann", "others") is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 40)), max_size=60), st.integers(1, 5))
def test_no_window_ever_lets_more_through(requests: list[tuple[str, float]], limit: int) -> None:
    class Time:
        at = 0.0

        def monotonic(self) -> float:
            return self.at

        def now(self) -> object:
            return FakeClock().now()

    time = Time()
    limits = RateLimits({"others": limit}, time)  # type: ignore[arg-type]
    passed: dict[str, list[float]] = {}
    for owner, pause in requests:
        time.at += pause
        standing = limits.take(owner, "others")
        assert standing is not None
        assert 0 <= standing.remaining <= limit
        if not standing.refused:
            passed.setdefault(owner, []).append(time.at)
    for times in passed.values():
        # two windows may touch: never more than both of them in any minute
        assert all(sum(start <= at < start + 60 for at in times) <= 2 * limit for start in times)


def test_owners_who_are_many_cost_a_bounded_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_MOST_WINDOWS", 10)
    limits = RateLimits({"others": 1}, FakeClock())
    for number in range(100):
        limits.take(f"owner-{number}", "others")
    assert len(limits._windows) == 10
    last = limits.take("owner-99", "others")
    assert last is not None
    assert last.refused, "those that asked last are remembered"
