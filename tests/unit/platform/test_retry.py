"""How long to wait before another try."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplant_platform.bus.retry import Backoff

ATTEMPTS = st.integers(min_value=1, max_value=10_000)
JITTER = st.floats(min_value=0, max_value=1, exclude_max=True)


@given(ATTEMPTS, JITTER)
def test_a_delay_is_within_its_bounds_however_often_it_failed(attempt: int, jitter: float) -> None:
    backoff = Backoff(limit=100_000)
    delay = backoff.delay(attempt, lambda: jitter)
    assert delay is not None
    assert backoff.floor <= delay <= backoff.cap


@given(ATTEMPTS)
def test_the_longest_delay_never_shrinks(attempt: int) -> None:
    backoff = Backoff(limit=100_000)
    assert backoff.ceiling(attempt) <= backoff.ceiling(attempt + 1)


def test_there_is_a_last_try() -> None:
    delays = [Backoff(limit=3).delay(attempt) for attempt in (1, 2, 3, 4)]
    assert [delay is None for delay in delays] == [False, False, True, True]


def test_jitter_covers_the_whole_delay() -> None:
    backoff = Backoff(base=1.0, floor=0.1)
    assert (backoff.delay(1, lambda: 0.0), backoff.delay(1, lambda: 1.0)) == (0.1, 1.0)
