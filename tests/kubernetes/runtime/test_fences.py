"""An orchestrator that was frozen in the middle of a launch, and goes on after its end, starts nothing (S10, C4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_platform.clock import SystemClock
from tests.contract.runtime_place import new_ref, no_volumes, owned
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.pausing_api import PausingApi
from tests.kubernetes.runtime.steps import launched, objects
from tests.support.clock import FakeClock

pytestmark = pytest.mark.kubernetes

Frozen = Callable[[str], tuple[KubernetesRuntime, PausingApi]]


@pytest.fixture
async def frozen(options: KubernetesOptions) -> AsyncIterator[Frozen]:
    """Make a runtime whose process stops before a call."""
    made: list[KubernetesRuntime] = []

    def make(call: str) -> tuple[KubernetesRuntime, PausingApi]:
        api = PausingApi(KubernetesApi(options), call)
        made.append(KubernetesRuntime(api, options, SystemClock()))
        return made[-1], api

    yield make
    for runtime in made:
        await runtime.aclose()


@pytest.mark.parametrize("call", ["create secrets", "create pods", "merge secrets"])
async def test_a_launch_that_was_ended_meanwhile_starts_nothing(
    frozen: Frozen,
    runtime: KubernetesRuntime,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    call: str,
) -> None:
    stale, api = frozen(call)
    ref = new_ref()
    launching = asyncio.create_task(launched(stale, ref))
    await api.reached.wait()
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    api.go_on.set()
    await launching

    path = f"/api/v1/namespaces/{cluster_namespace}/secrets/{ref.pod_name}"
    secret = cluster_api.get(path)
    assert not secret.get("data"), "a Pod that comes late would find its specification"
    assert not secret["metadata"].get("ownerReferences"), "the fence would go with a Pod"
    late = cluster_api.pod(cluster_namespace, ref.pod_name)
    assert (late is not None) is (call == "create pods")
    assert await runtime.sweep(owned(), no_volumes) == (1 if late else 0)
    assert objects(cluster_api, cluster_namespace, ref) == ["secrets (fence)"]


async def test_a_deletion_that_comes_late_does_not_hit_the_pod_that_has_the_name_now(
    frozen: Frozen, runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    ref = await launched(runtime)
    stale, api = frozen("delete pods")
    ending = asyncio.create_task(stale.destroy(ref, force=True))
    await api.reached.wait()
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    path = f"/api/v1/namespaces/{cluster_namespace}/secrets/{ref.pod_name}"
    cluster_api.delete(path)
    another = await launched(runtime, new_ref())
    assert another.pod_name == ref.pod_name
    before = cluster_api.pod(cluster_namespace, ref.pod_name)
    api.go_on.set()
    await ending
    assert before is not None
    after = cluster_api.pod(cluster_namespace, ref.pod_name)
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in after["metadata"]


async def test_a_fence_stands_for_its_time_and_goes_after_it(
    open_runtime: OpenRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    clock = FakeClock()
    runtime = open_runtime(clock=clock)
    ref = new_ref()
    await runtime.destroy(ref, force=True)
    clock.jump(timedelta(minutes=59).total_seconds())
    await runtime.sweep(owned(), no_volumes)
    assert objects(cluster_api, cluster_namespace, ref) == ["secrets (fence)"]
    clock.jump(timedelta(minutes=2).total_seconds())
    await runtime.sweep(owned(), no_volumes)
    assert objects(cluster_api, cluster_namespace, ref) == []
