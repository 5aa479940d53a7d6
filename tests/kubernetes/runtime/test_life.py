"""A launch from its Secret to the end of its Pod, against a real API server and fake nodes (S1, S10)."""

from __future__ import annotations

import asyncio

import pytest

from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import RuntimeFailedError
from tests.contract.runtime_place import new_ref
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.steps import in_phase, launched, objects
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes


@pytest.mark.smoke
async def test_a_launch_is_a_secret_and_a_pod_that_ends_and_goes_when_it_is_released(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str, kwok: Kwok
) -> None:
    ref = await launched(runtime)
    await in_phase(runtime, ref, "running")
    await runtime.destroy(ref, force=True)
    seen = await in_phase(runtime, ref, "exited")
    assert seen.exit is not None
    assert cluster_api.pod(cluster_namespace, ref.pod_name) is not None
    await runtime.release(ref)
    assert cluster_api.pod(cluster_namespace, ref.pod_name) is None
    assert await runtime.get(ref) is None
    assert objects(cluster_api, cluster_namespace, ref) == ["secrets (fence)"]


async def test_one_selector_finds_everything_of_a_session(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    ref = await launched(runtime, volume="session-tester-0123456789")
    assert objects(cluster_api, cluster_namespace, ref) == ["persistentvolumeclaims", "pods", "secrets"]


async def test_launches_by_several_replicas_make_one_of_each(
    open_runtime: OpenRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    ref = new_ref()
    replicas = [open_runtime() for _ in range(3)]
    await asyncio.gather(*(launched(one, ref, volume="session-kept") for one in replicas * 3))
    assert objects(cluster_api, cluster_namespace, ref) == ["pods", "secrets"]
    pod = cluster_api.pod(cluster_namespace, ref.pod_name)
    assert pod is not None
    (secret,) = cluster_api.items(f"/api/v1/namespaces/{cluster_namespace}/secrets")
    assert [owner["uid"] for owner in secret["metadata"]["ownerReferences"]] == [pod["metadata"]["uid"]]


async def test_a_pod_that_nobody_has_taken_yet_is_over_as_soon_as_it_is_deleted(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    """Without the fake nodes' server nothing is placed: no node will ever say that it ended."""
    ref = await launched(runtime)
    async with asyncio.timeout(20):
        await runtime.destroy(ref, force=False)
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.phase == "exited"
    await runtime.release(ref)
    assert await runtime.get(ref) is None


async def test_a_deletion_from_outside_keeps_the_evidence(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str, kwok: Kwok
) -> None:
    ref = await launched(runtime)
    await in_phase(runtime, ref, "running")
    cluster_api.delete(f"/api/v1/namespaces/{cluster_namespace}/pods/{ref.pod_name}")
    seen = await in_phase(runtime, ref, "exited")
    assert seen.exit is not None
    assert seen.exit.deleted_from_outside
    await runtime.release(ref)
    assert await runtime.get(ref) is None


async def test_a_deletion_of_ones_own_is_not_taken_for_one_from_outside(
    runtime: KubernetesRuntime, kwok: Kwok
) -> None:
    ref = await launched(runtime)
    await in_phase(runtime, ref, "running")
    await runtime.signal_stop(ref, grace_seconds=1)
    seen = await in_phase(runtime, ref, "exited")
    assert seen.exit is not None
    assert not seen.exit.deleted_from_outside


async def test_an_api_server_that_does_not_answer_is_no_absence(
    runtime: KubernetesRuntime, control_plane: ControlPlane
) -> None:
    """A session must never end as `pod_deleted` because nobody could be asked."""
    ref = await launched(runtime)
    control_plane.kill_api()
    with pytest.raises(RuntimeFailedError):
        await runtime.get(ref)
    with pytest.raises(RuntimeFailedError):
        await runtime.list()
    control_plane.start_api()
    assert await runtime.get(ref) is not None


async def test_a_frozen_api_server_is_not_waited_for_longer_than_a_call_may_take(
    runtime: KubernetesRuntime, control_plane: ControlPlane
) -> None:
    ref = await launched(runtime)
    control_plane.freeze_api()
    async with asyncio.timeout(15):
        with pytest.raises(RuntimeFailedError):
            await runtime.get(ref)
    control_plane.thaw_api()

    async def answers() -> bool:
        return await runtime.get(ref) is not None

    assert await eventually(answers)


async def test_every_end_may_be_repeated(runtime: KubernetesRuntime) -> None:
    ref = await launched(runtime)
    for _ in range(2):
        await runtime.destroy(ref, force=True)
    for _ in range(2):
        await runtime.release(ref)
    await runtime.destroy(ref, force=False)
    assert await runtime.get(ref) is None
