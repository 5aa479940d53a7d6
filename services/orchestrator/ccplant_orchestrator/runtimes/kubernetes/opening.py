"""From the environment's settings to a runtime."""

from __future__ import annotations

from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.kubernetes.settings import KubernetesSettings
from ccplant_platform.clock import Clock


def open_kubernetes_runtime(clock: Clock) -> KubernetesRuntime:
    """Make the runtime; it connects at its first call, so that an API server that is away stops no start."""
    options = KubernetesSettings().options()
    return KubernetesRuntime(KubernetesApi(options), options, clock)
