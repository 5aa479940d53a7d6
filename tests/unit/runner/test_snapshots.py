"""Snapshots: at most one per id and half second, and the last one is never lost."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ccplant_runner.snapshots import SNAPSHOT_SECONDS, SnapshotThrottle

OFFERS = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 0.4)), max_size=60)


@given(OFFERS)
def test_each_id_is_said_at_most_twice_a_second_and_its_last_state_is_said(
    offers: list[tuple[str, float]],
) -> None:
    throttle: SnapshotThrottle[tuple[str, int]] = SnapshotThrottle()
    said: list[tuple[float, tuple[str, int]]] = []
    now = 0.0
    for number, (key, pause) in enumerate(offers):
        then = now + pause
        while (due := throttle.next_due()) is not None and due <= then:
            said += [(due, item) for item in throttle.due(due)]
        now = then
        said += [(now, item) for item in throttle.offer(key, (key, number), now)]
    for key in "abc":
        times = [at for at, item in said if item[0] == key]
        assert all(later - earlier >= SNAPSHOT_SECONDS - 1e-9 for earlier, later in itertools.pairwise(times))
    said += [(now, item) for item in throttle.flush()]
    for key in {key for key, _ in offers}:
        mine = [item[1] for _, item in said if item[0] == key]
        assert mine == sorted(mine)
        assert mine[-1] == max(number for number, (offered, _) in enumerate(offers) if offered == key)


def test_nothing_is_due_after_a_flush() -> None:
    throttle: SnapshotThrottle[str] = SnapshotThrottle()
    throttle.offer("a", "1", 0.0)
    throttle.offer("a", "2", 0.1)
    assert throttle.flush() == ["2"]
    assert throttle.next_due() is None
    assert throttle.flush() == []
