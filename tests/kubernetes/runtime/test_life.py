"""A launch from its Secret to the end of its Pod, against a real API server and fake nodes."""

from __future__ import annotations

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation
from tests.contract.runtime_place import new_ref, spec_for
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.kwok import Kwok
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes


async def launched(runtime: KubernetesRuntime, ref: LaunchRef | None = None) -> LaunchRef:
    ref = ref or new_ref()
    await runtime.launch(spec_for(ref, "wait"), ref, SessionConfig(), None)
    return ref


async def in_phase(runtime: KubernetesRuntime, ref: LaunchRef, phase: str) -> Observation:
    async def look() -> Observation:
        seen = await runtime.get(ref)
        assert seen is not None
        assert seen.phase == phase, seen
        return seen

    return await eventually(look, 20)


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
