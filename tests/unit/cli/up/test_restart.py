"""When a child is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplant_cli.up.restart import Again, RestartPolicy, after_exit

POLICY = RestartPolicy()


def failures_until_given_up(lives: list[float]) -> int | None:
    failures = 0
    for number, lived in enumerate(lives, 1):
        again = after_exit(POLICY, failures=failures, lived=lived)
        if again is None:
            return number
        failures = again.failures
    return None


def test_one_that_dies_at_each_start_is_given_up_at_the_tenth() -> None:
    assert failures_until_given_up([0.1] * 20) == POLICY.most_failures


def test_a_life_long_enough_gives_all_tries_back() -> None:
    assert failures_until_given_up([*[0.1] * 9, 60, *[0.1] * 8]) is None


def test_one_that_lived_starts_again_at_once() -> None:
    assert after_exit(POLICY, failures=7, lived=3600) == Again(1, POLICY.first_delay)


@given(failures=st.integers(0, 8), lived=st.floats(0, 19))
def test_delays_grow_and_are_bounded(failures: int, lived: float) -> None:
    again = after_exit(POLICY, failures=failures, lived=lived)
    assert again is not None
    assert POLICY.first_delay <= again.delay <= POLICY.longest_delay
    after = after_exit(POLICY, failures=again.failures, lived=lived)
    assert after is None or after.delay >= again.delay
