"""The sweep takes what no current launch owns, whatever a death left of it, and nothing else (S10)."""

from __future__ import annotations

import asyncio

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes import manifests
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import Volume, VolumeInUseError
from tests.contract.runtime_place import new_ref, no_volumes, owned, recorded, spec_for
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.runtime.steps import launched, objects

pytestmark = pytest.mark.kubernetes

VOLUME = "session-tester-kept"


@pytest.mark.parametrize("left", ["secret", "pod", "both"])
async def test_whatever_a_death_left_is_collected(
    options: KubernetesOptions,
    runtime: KubernetesRuntime,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    left: str,
) -> None:
    ref = new_ref()
    if left in ("secret", "both"):
        cluster_api.apply(manifests.secret(options, ref, spec_for(ref, "wait")))
    if left in ("pod", "both"):
        cluster_api.apply(manifests.pod(options, ref, "tester", SessionConfig()))
    assert await runtime.sweep(owned(ref.launch_id), no_volumes) == 0
    assert await runtime.sweep(owned(), no_volumes) == 1
    assert objects(cluster_api, cluster_namespace, ref) == ["secrets (fence)"]
    assert await runtime.sweep(owned(), no_volumes) == 0


async def test_a_launch_that_comes_up_while_it_is_asked_is_no_garbage(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    young = new_ref("session-tester-young")
    old = await launched(runtime, new_ref("session-tester-old"))

    async def current() -> frozenset[str]:
        await launched(runtime, young)
        return frozenset()

    assert await runtime.sweep(current, no_volumes) == 1
    assert objects(cluster_api, cluster_namespace, old) == ["secrets (fence)"]
    assert objects(cluster_api, cluster_namespace, young) == ["pods", "secrets"]


async def test_a_volume_without_a_record_goes_and_one_with_a_record_stays(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    ref = await launched(runtime, volume=VOLUME)
    path = f"/api/v1/namespaces/{cluster_namespace}/persistentvolumeclaims/{VOLUME}"
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    assert await runtime.sweep(owned(), recorded(VOLUME)) == 0
    assert cluster_api.find(path) is not None
    assert await runtime.sweep(owned(), no_volumes) == 1
    assert cluster_api.find(path) is None


async def test_a_volume_in_use_is_not_taken_away(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    ref = await launched(runtime, volume=VOLUME)
    assert await runtime.sweep(owned(ref.launch_id), no_volumes) == 0
    with pytest.raises(VolumeInUseError):
        await runtime.delete_volume(VOLUME)
    claim = cluster_api.get(f"/api/v1/namespaces/{cluster_namespace}/persistentvolumeclaims/{VOLUME}")
    assert "deletionTimestamp" not in claim["metadata"]


async def test_a_volume_serves_one_launch_at_a_time(runtime: KubernetesRuntime) -> None:
    first = await launched(runtime, new_ref("session-tester-first"), volume=VOLUME)
    second = new_ref("session-tester-second")
    with pytest.raises(VolumeInUseError):
        await launched(runtime, second, volume=VOLUME)
    await runtime.destroy(first, force=True)
    await runtime.release(first)
    await launched(runtime, second, volume=VOLUME)


async def test_many_are_collected_in_one_go(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    refs = [new_ref(f"session-tester-{number}") for number in range(40)]
    await asyncio.gather(*(launched(runtime, ref) for ref in refs))
    assert await runtime.sweep(owned(refs[0].launch_id), no_volumes) == 39
    assert len(cluster_api.pods(cluster_namespace)) == 1


async def test_a_claim_that_somebody_made_by_hand_for_a_volume_of_ours_is_used(
    options: KubernetesOptions, runtime: KubernetesRuntime, cluster_api: ClusterApi
) -> None:
    """A claim with our labels is ours, whoever made it: an operator may restore one from a backup."""
    cluster_api.apply(manifests.claim(options, Volume(VOLUME, "tester", "2Gi")))
    await launched(runtime, volume=VOLUME)
