"""What a real API server and a real scheduler say about a start is gathered and explained (D1), and cheaply."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, StartProblem
from ccplant_platform.clock import SystemClock
from tests.contract.runtime_place import new_ref
from tests.kubernetes.cluster import stages
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.pausing_api import PausingApi
from tests.kubernetes.runtime.steps import in_phase, launched
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes

HUGE = SessionConfig(memory_limit="4Ti")


async def _problem(runtime: KubernetesRuntime, ref: LaunchRef, code: str) -> StartProblem:
    async def look() -> StartProblem:
        found = await runtime.diagnose(ref)
        assert found is not None
        assert found.diagnosis.code == code, found
        return found

    return await eventually(look, 30, interval=0.1)


async def test_no_room_is_told_with_what_is_missing(runtime: KubernetesRuntime, kwok: Kwok) -> None:
    ref = await launched(runtime, config=HUGE)
    found = await _problem(runtime, ref, "insufficient_memory")
    assert not found.hopeless
    assert found.diagnosis.message["ja"]


async def test_a_taint_that_nobody_tolerates_is_told(
    options: KubernetesOptions, open_runtime: OpenRuntime, kwok: Kwok
) -> None:
    runtime = open_runtime(dataclasses.replace(options, tolerations=()))
    await _problem(runtime, await launched(runtime), "node_taints")


async def test_a_volume_that_nobody_provides_is_told(
    options: KubernetesOptions, open_runtime: OpenRuntime, kwok: Kwok
) -> None:
    runtime = open_runtime(dataclasses.replace(options, storage_class="no-such-class"))
    ref = await launched(runtime, volume="session-tester-kept")
    await _problem(runtime, ref, "volume_class_missing")


async def test_what_runs_well_has_no_problem(runtime: KubernetesRuntime, kwok: Kwok) -> None:
    ref = await launched(runtime)
    await in_phase(runtime, ref, "running")
    found = await runtime.diagnose(ref)
    assert found is None or found.diagnosis.code == "runner_not_registered"
    assert await runtime.diagnose(new_ref("session-tester-never")) is None


async def test_an_end_by_want_of_memory_is_on_the_record(
    options: KubernetesOptions, open_runtime: OpenRuntime, kwok: Kwok
) -> None:
    runtime = open_runtime(dataclasses.replace(options, runner_image=stages.OOM_KILLED))
    seen = await in_phase(runtime, await launched(runtime), "exited")
    assert seen.exit is not None
    assert seen.exit.oom_killed


async def test_without_rights_beyond_the_namespace_sessions_run_and_end_all_the_same(
    options: KubernetesOptions,
    open_runtime: OpenRuntime,
    control_plane: ControlPlane,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    kwok: Kwok,
) -> None:
    """Nodes are the cluster's, and not everybody may read them."""
    rules = [
        {"apiGroups": [""], "resources": ["pods", "secrets", "persistentvolumeclaims"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    ]
    meta = {"name": "few", "namespace": cluster_namespace}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": cluster_namespace}
    cluster_api.apply(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "few"},
        },
    )
    limited = control_plane.kubeconfig_for(cluster_namespace, "default")
    runtime = open_runtime(dataclasses.replace(options, config_file=limited))

    async def allowed() -> LaunchRef:
        try:
            return await launched(runtime)
        except Exception as error:
            raise AssertionError(str(error)) from error  # roles take a moment to be known

    ref = await eventually(allowed)
    await in_phase(runtime, ref, "running")
    await runtime.diagnose(ref)
    waiting = await launched(runtime, new_ref("session-tester-huge"), config=HUGE)
    await _problem(runtime, waiting, "insufficient_memory")
    await runtime.destroy(ref, force=True)
    assert (await in_phase(runtime, ref, "exited")).exit is not None
    await runtime.release(ref)


async def test_a_hundred_that_wait_for_room_do_not_list_the_cluster_a_hundred_times(
    options: KubernetesOptions, kwok: Kwok
) -> None:
    api = PausingApi(KubernetesApi(options))
    runtime = KubernetesRuntime(api, options, SystemClock())
    refs = [new_ref(f"session-tester-{number}") for number in range(30)]
    await asyncio.gather(*(launched(runtime, ref, config=HUGE) for ref in refs))
    api.counted.clear()
    await asyncio.gather(*(runtime.diagnose(ref) for ref in refs))
    assert api.counted["page nodes"] <= 2
    assert api.counted["page pods"] <= 2
    await runtime.aclose()
