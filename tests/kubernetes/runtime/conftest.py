"""A Kubernetes runtime over a real API server, in a namespace of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_platform.clock import Clock, SystemClock
from tests.kubernetes.cluster import stages
from tests.kubernetes.cluster.control_plane import ControlPlane

OpenRuntime = Callable[..., KubernetesRuntime]


@pytest.fixture
def options(control_plane: ControlPlane, cluster_namespace: str) -> KubernetesOptions:
    """Options for Pods that fake nodes run."""
    return KubernetesOptions(
        namespace=cluster_namespace,
        config_file=control_plane.kubeconfig,
        runner_image="any:1",
        tolerations=(stages.FAKE_TOLERATION,),
        grace_seconds=2,
        lost_seconds=2.0,
        call_seconds=5.0,
    )


@pytest.fixture
async def open_runtime(options: KubernetesOptions) -> AsyncIterator[OpenRuntime]:
    """Make runtimes, as replicas would; each is closed behind the test."""
    made: list[KubernetesRuntime] = []

    def make(own: KubernetesOptions = options, clock: Clock | None = None) -> KubernetesRuntime:
        runtime = KubernetesRuntime(KubernetesApi(own), own, clock or SystemClock())
        made.append(runtime)
        return runtime

    yield make
    for runtime in made:
        await runtime.aclose()


@pytest.fixture
def runtime(open_runtime: OpenRuntime) -> KubernetesRuntime:
    """One of them."""
    return open_runtime()
