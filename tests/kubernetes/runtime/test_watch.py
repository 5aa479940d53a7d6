"""Following Pods through what happens to a real API server: nothing is lost and nothing waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation
from tests.contract.runtime_place import new_ref
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.steps import launched
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes


class _Follower:
    """Takes down what is told, as the holder of the watch does."""

    def __init__(self, changes: AsyncIterator[Observation]) -> None:
        self.told: list[Observation] = []
        self._task = asyncio.create_task(self._follow(changes))

    async def _follow(self, changes: AsyncIterator[Observation]) -> None:
        async for change in changes:
            self.told.append(change)

    async def until(self, ref: LaunchRef, phase: str, seconds: float = 30) -> None:
        def seen() -> bool:
            return any(one.ref == ref and one.phase == phase for one in self.told)

        await eventually(seen, seconds, interval=0.02)

    @property
    def ended(self) -> bool:
        return self._task.done()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def follow() -> AsyncIterator[Callable[[KubernetesRuntime], _Follower]]:
    made: list[_Follower] = []

    def make(runtime: KubernetesRuntime) -> _Follower:
        made.append(_Follower(runtime.changes()))
        return made[-1]

    yield make
    for follower in made:
        await follower.stop()


async def test_starts_ends_and_removals_are_told(
    runtime: KubernetesRuntime, kwok: Kwok, follow: Callable[[KubernetesRuntime], _Follower]
) -> None:
    early = await launched(runtime, new_ref("session-tester-early"))
    follower = follow(runtime)
    await follower.until(early, "running")
    late = await launched(runtime, new_ref("session-tester-late"))
    await follower.until(late, "running")
    await runtime.destroy(late, force=True)
    await follower.until(late, "exited")
    await runtime.release(late)
    await follower.until(late, "unknown")


async def test_an_api_server_that_was_away_loses_nothing(
    control_plane: ControlPlane,
    runtime: KubernetesRuntime,
    kwok: Kwok,
    follow: Callable[[KubernetesRuntime], _Follower],
) -> None:
    early = await launched(runtime, new_ref("session-tester-early"))
    follower = follow(runtime)
    await follower.until(early, "running")
    control_plane.kill_api()
    control_plane.start_api()
    late = await launched(runtime, new_ref("session-tester-late"))
    await runtime.destroy(early, force=True)
    await follower.until(late, "running")
    await follower.until(early, "exited")
    assert not follower.ended


async def test_a_follower_ends_when_its_runtime_is_closed(
    open_runtime: OpenRuntime, follow: Callable[[KubernetesRuntime], _Follower]
) -> None:
    runtime = open_runtime()
    ref = await launched(runtime)
    follower = follow(runtime)
    await follower.until(ref, "starting")
    await runtime.aclose()
    await eventually(lambda: follower.ended)


async def test_a_pod_that_others_make_with_our_labels_is_told_too(
    runtime: KubernetesRuntime,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    follow: Callable[[KubernetesRuntime], _Follower],
) -> None:
    """Another replica launches, this one watches."""
    follower = follow(runtime)
    ref = await launched(runtime)
    await follower.until(ref, "starting")
    cluster_api.delete(f"/api/v1/namespaces/{cluster_namespace}/pods/{ref.pod_name}")
    await follower.until(ref, "exited")
