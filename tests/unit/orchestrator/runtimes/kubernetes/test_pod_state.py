"""When a Pod counts as running, as ended, and as lost (S10): as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccplant_orchestrator.runtimes.kubernetes import pod_state
from tests.unit.orchestrator.runtimes.kubernetes.objects import RUNNING, ended, node, pod

DELETED = "2026-05-01T10:00:30Z"
AT = datetime(2026, 5, 1, 10, 0, 30, tzinfo=UTC)
LOST_AFTER = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("state", "facts", "over"),
    [
        pytest.param(None, {}, False, id="not given to a node yet"),
        pytest.param({"waiting": {"reason": "ContainerCreating"}}, {}, False, id="starting"),
        pytest.param(RUNNING, {"phase": "Running"}, False, id="running"),
        pytest.param(RUNNING, {"phase": "Running", "deleted": DELETED}, False, id="being ended"),
        pytest.param(ended(0), {"phase": "Running"}, True, id="ended, and its phase not told yet"),
        pytest.param(ended(137), {"phase": "Failed"}, True, id="killed"),
        pytest.param(None, {"phase": "Failed"}, True, id="evicted before it began"),
        pytest.param(None, {"node": None, "deleted": DELETED}, True, id="deleted before anybody had it"),
        pytest.param(None, {"deleted": DELETED}, False, id="deleted while a node begins it"),
        pytest.param(RUNNING, {"phase": "Failed"}, False, id="failed, and its container still runs"),
    ],
)
def test_a_pod_has_ended_when_it_says_so(state: Any, facts: Any, over: bool) -> None:
    assert pod_state.has_ended(pod(state, **facts)) is over


@pytest.mark.parametrize("place", ["lost", "gone"])
def test_a_node_that_does_not_answer_ends_nothing_that_nobody_deleted(place: pod_state.Place) -> None:
    """It may come back with everything running: silence alone is judged by another rule (D5)."""
    assert not pod_state.is_over(pod(RUNNING), place, AT + timedelta(days=1), LOST_AFTER)


@pytest.mark.parametrize(
    ("place", "later", "over"),
    [("ready", 0, False), ("ready", 29, False), ("ready", 30, True), ("lost", 0, True), ("gone", 0, True)],
)
def test_a_deleted_pod_is_over_when_its_node_is_lost_or_its_time_has_passed(
    place: pod_state.Place, later: int, over: bool
) -> None:
    deleted = pod(RUNNING, deleted=DELETED)
    assert pod_state.is_over(deleted, place, AT + timedelta(seconds=later), LOST_AFTER) is over


@pytest.mark.parametrize(
    ("found", "place"),
    [(None, "gone"), (node("True"), "ready"), (node("False"), "lost"), (node("Unknown"), "lost")],
)
def test_a_node_is_ready_lost_or_gone(found: Any, place: str) -> None:
    assert pod_state.place_of(found) == place


def test_a_node_that_says_nothing_of_itself_is_lost() -> None:
    assert pod_state.place_of({"metadata": {"name": "node-1"}}) == "lost"


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (1, "Failed")])
def test_an_ended_container_shows_as_an_ended_pod(code: int, phase: str) -> None:
    """The node tells of the container first: for a moment the Pod still says that it runs."""
    assert pod_state.pod_status(pod(ended(code), phase="Running")).phase == phase


def test_times_come_from_the_container() -> None:
    found = pod(ended(1), phase="Failed")
    assert pod_state.started_at(found) == datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
    assert pod_state.exited_at(found) == datetime(2026, 5, 1, 10, 1, tzinfo=UTC)


def test_an_end_that_no_container_tells_of_has_a_time_all_the_same() -> None:
    found = pod(None, phase="Failed", deleted=DELETED)
    assert pod_state.exited_at(found) == AT
    assert pod_state.exited_at(pod(None, phase="Failed")) is not None
