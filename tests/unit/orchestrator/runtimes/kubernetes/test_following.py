"""Following Pods loses nothing: not over an expired version, not over a broken connection, not what vanished (S4)."""

from __future__ import annotations

from typing import Any

import pytest

from ccplant_orchestrator.runtimes.kubernetes.api import ApiError, Listing, UnreachableError, WatchEvent
from ccplant_orchestrator.runtimes.kubernetes.following import Change, Following
from ccplant_orchestrator.runtimes.protocol import LaunchRef
from tests.support.clock import FakeClock
from tests.unit.orchestrator.runtimes.kubernetes.objects import OPTIONS, RUNNING, ended, pod
from tests.unit.orchestrator.runtimes.kubernetes.scripted_api import ScriptedApi, ScriptEnded, Step


def _ref(name: str) -> LaunchRef:
    return LaunchRef(f"session-{name}", f"l-{name}", 1, f"session-{name}")


def _pod(name: str, state: Any = None, version: str = "1", uid: str | None = None) -> dict[str, Any]:
    return pod(state, ref=_ref(name), uid=uid or f"uid-{name}", version=version)


def _listing(*pods: dict[str, Any], version: str = "10", more: str | None = None) -> Listing:
    return Listing(pods, version, more)


def _event(kind: str, found: dict[str, Any]) -> WatchEvent:
    return WatchEvent(kind, found)


BOOKMARK = WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": "50"}})
EXPIRED = ApiError(410, "Expired", "too old resource version")


class _Clock(FakeClock):
    """Remembers how long somebody slept, and does not let them."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def _follow(
    lists: list[Listing | Exception], watches: list[list[Step]], clock: _Clock | None = None
) -> tuple[list[Change], ScriptedApi]:
    api = ScriptedApi(lists=lists, watches=watches)
    changes = Following(api, OPTIONS, clock or _Clock(), lambda: 1.0).follow()
    told: list[Change] = []
    while True:
        try:
            told.append(await anext(changes))
        except ScriptEnded:
            return told, api


def _said(told: list[Change]) -> list[tuple[str, bool]]:
    return [(change.ref.session_id.removeprefix("session-"), change.pod is not None) for change in told]


async def test_all_pages_of_the_list_are_told_and_then_each_change() -> None:
    told, api = await _follow(
        [_listing(_pod("a"), more="next"), _listing(_pod("b"))],
        [[_event("MODIFIED", _pod("a", RUNNING, "11")), _event("ADDED", _pod("c", version="12"))]],
    )
    assert _said(told) == [("a", True), ("b", True), ("a", True), ("c", True)]
    assert api.asked == ["list", "list after next", "watch 10", "watch 12"]


async def test_what_changes_nothing_that_anybody_sees_is_not_told() -> None:
    told, _ = await _follow([_listing(_pod("a", RUNNING))], [[_event("MODIFIED", _pod("a", RUNNING, "11"))]])
    assert _said(told) == [("a", True)]


async def test_a_deleted_pod_is_told_as_gone() -> None:
    told, _ = await _follow([_listing(_pod("a"))], [[_event("DELETED", _pod("a", ended(0), "11"))]])
    assert _said(told) == [("a", True), ("a", False)]


async def test_a_bookmark_moves_the_version_that_the_next_watch_begins_at() -> None:
    _, api = await _follow([_listing()], [[BOOKMARK, UnreachableError("cut")]])
    assert api.asked == ["list", "watch 10", "watch 50"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_after_an_expired_version_everything_is_listed_again_and_what_vanished_is_told(
    at_once: bool,
) -> None:
    before: list[Step] = [] if at_once else [_event("ADDED", _pod("c", version="11"))]
    told, api = await _follow(
        [_listing(_pod("a"), _pod("b")), _listing(_pod("b", RUNNING), version="90")],
        [[*before, EXPIRED]],
    )
    gone = [("a", False)] if at_once else [("a", False), ("c", False)]
    assert sorted(_said(told)[2 + len(before) :]) == sorted([("b", True), *gone])
    assert api.asked[-2:] == ["list", "watch 90"]


async def test_a_pod_that_was_replaced_meanwhile_is_told() -> None:
    told, _ = await _follow([_listing(_pod("a")), _listing(_pod("a", uid="another"))], [[EXPIRED]])
    assert [change.uid for change in told] == ["uid-a", "another"]


async def test_a_broken_connection_goes_on_where_it_was() -> None:
    told, api = await _follow(
        [_listing(_pod("a"))],
        [
            [_event("MODIFIED", _pod("a", RUNNING, "11")), UnreachableError("cut")],
            [_event("MODIFIED", _pod("a", ended(0), "12"))],
        ],
    )
    assert _said(told) == [("a", True)] * 3
    assert api.asked == ["list", "watch 10", "watch 11", "watch 12"]


async def test_a_list_that_breaks_off_is_begun_again_from_its_beginning() -> None:
    told, api = await _follow([_listing(_pod("a"), more="next"), EXPIRED, _listing(_pod("a"), _pod("b"))], [])
    assert _said(told) == [("a", True), ("b", True)]
    assert api.asked == ["list", "list after next", "list", "watch 10"]


async def test_pauses_grow_while_it_fails_and_begin_anew_when_it_works() -> None:
    clock = _Clock()
    away = UnreachableError("away")
    await _follow(
        [away, away, away, _listing(_pod("a"))],
        [[_event("MODIFIED", _pod("a", RUNNING, "11")), away]],
        clock,
    )
    first, second, third, *rest = clock.slept
    assert first < second < third
    assert rest[0] == first


async def test_a_watch_that_ends_at_once_is_not_begun_again_at_once() -> None:
    clock = _Clock()
    await _follow([_listing()], [[], [], []], clock)
    assert len(clock.slept) == 3
    assert all(pause > 0 for pause in clock.slept)


async def test_pods_of_others_are_not_told() -> None:
    stranger = _pod("a")
    stranger["metadata"]["labels"] = {}
    told, _ = await _follow([_listing(stranger)], [[_event("ADDED", stranger)]])
    assert told == []
