"""A process that dies at any of the runtime's fault points leaves nothing that another one cannot bring to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef
from ccplant_platform.faults import FAULT_POINTS, VARIABLE
from tests.contract.runtime_place import new_ref, no_volumes, owned
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.runtime.steps import in_phase, launched, objects

pytestmark = pytest.mark.kubernetes

_BEFORE_THE_END = (
    "kube.launch.begun",
    "kube.secret.created",
    "kube.pvc.created",
    "kube.pod.created",
    "kube.secret.owned",
)
PLACES = [name for name in FAULT_POINTS if name.startswith("kube.")]
VOLUME = "session-tester-kept"
_LIFE = Path(__file__).with_name("whole_life.py")


async def _die_at(name: str, options: KubernetesOptions, ref: LaunchRef) -> None:
    """Let another process do everything that can be done with a launch, and die at this place."""
    assert options.config_file is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_LIFE), options.namespace, str(options.config_file), ref.launch_id),
        env={**os.environ, VARIABLE: f"{name}:1", "PYTHONPATH": str(Path.cwd())},
    )
    async with asyncio.timeout(40):
        assert await process.wait() == -signal.SIGKILL, f"nothing visited {name}"


@pytest.mark.parametrize("name", PLACES)
async def test_a_launch_is_brought_to_its_end_whoever_died_on_the_way(
    options: KubernetesOptions,
    runtime: KubernetesRuntime,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    kwok: Kwok,
    name: str,
) -> None:
    ref = new_ref()
    await _die_at(name, options, ref)
    # nobody provides the volume, so the Pod stays where it is
    began = name in _BEFORE_THE_END
    await launched(runtime, ref, volume=VOLUME)
    if began:
        await in_phase(runtime, ref, "starting")
        assert objects(cluster_api, cluster_namespace, ref) == ["pods", "secrets"]
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    await runtime.delete_volume(VOLUME)
    assert await runtime.get(ref) is None
    assert objects(cluster_api, cluster_namespace, ref) == ["secrets (fence)"]


@pytest.mark.parametrize("name", PLACES)
async def test_a_sweep_alone_brings_it_to_its_end(
    options: KubernetesOptions,
    runtime: KubernetesRuntime,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    kwok: Kwok,
    name: str,
) -> None:
    ref = new_ref()
    await _die_at(name, options, ref)
    await runtime.sweep(owned(), no_volumes)
    await runtime.sweep(owned(), no_volumes)
    nothing_was_made = name == "kube.launch.begun"
    assert objects(cluster_api, cluster_namespace, ref) == ([] if nothing_was_made else ["secrets (fence)"])
    claims = cluster_api.items(f"/api/v1/namespaces/{cluster_namespace}/persistentvolumeclaims")
    assert claims == []
