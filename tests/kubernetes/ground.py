"""Where sessions run as Pods of a real node: what a scenario looks at beside the product's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.node import Node
from tests.support.system import System
from tests.support.waiting import eventually

Json = dict[str, Any]

_SESSION = "ccplant.dev/session"
_FENCED = "ccplant.dev/fenced"


@dataclass(frozen=True)
class Ground:
    """A node, and the namespace of an installation on it."""

    node: Node
    api: ClusterApi
    namespace: str
    storage_class: str

    def environment(self) -> Mapping[str, str]:
        """Return what makes `ccplant up` run its sessions here; times are short, requests small."""
        return {
            "CCPLANT_KUBERNETES_CONFIG_FILE": str(self.node.plane.kubeconfig),
            "CCPLANT_KUBERNETES_NAMESPACE": self.namespace,
            "CCPLANT_KUBERNETES_STORAGE_CLASS": self.storage_class,
            "CCPLANT_KUBERNETES_CPU_REQUEST_RATIO": "0.05",
            "CCPLANT_KUBERNETES_MEMORY_REQUEST_RATIO": "0.05",
            "CCPLANT_RUNNER_IMAGE": self.node.runner.name,
            "CCPLANT_ALLOWED_IMAGES": "test.invalid/*,registry.test.invalid/*,*",
            "CCPLANT_RESYNC_SECONDS": "1",
            "CCPLANT_SWEEP_SECONDS": "3",
            "CCPLANT_STOP_GRACE_SECONDS": "10",
        }

    def system(self, data_dir: Path, environment: Mapping[str, str] | None = None) -> System:
        """Return a system whose sessions run here; it is not started."""
        told = {**self.environment(), **(environment or {})}
        return System(data_dir, told, ("--runtime", "kubernetes"), self.node.address)

    # --- looking ---

    def pods(self, session_id: str) -> list[Json]:
        """Return the Pods of a session, by the one label that an operator needs."""
        return self.api.pods(self.namespace, f"{_SESSION}={session_id}")

    async def pod(self, session_id: str, timeout: float = 30) -> Json:
        """Wait for the Pod of a session."""
        return (await eventually(lambda: self.pods(session_id), timeout, interval=0.05))[0]

    async def running(self, session_id: str, timeout: float = 60) -> Json:
        """Wait until the container of a session runs."""

        def runs() -> Json | None:
            (pod,) = self.pods(session_id) or [{}]
            return pod if pod and self.node.pid_of(pod) else None

        pod = await eventually(runs, timeout, interval=0.1)
        assert pod is not None
        return pod

    def traces(self, session_id: str) -> list[str]:
        """Name everything of a session but for the empty Secret that keeps it from starting again."""
        found = []
        for kind in ("pods", "secrets", "persistentvolumeclaims"):
            path = f"/api/v1/namespaces/{self.namespace}/{kind}"
            made = self.api.items(path, labelSelector=f"{_SESSION}={session_id}")
            found += [f"{kind} {one['metadata']['name']}" for one in made if not _is_fence(one)]
        return found

    async def gone(self, pod: Json, timeout: float = 40) -> None:
        """Wait until nothing of a Pod runs on the machine, and the Pod is no more."""
        await eventually(lambda: not self.node.processes_of(pod), timeout, interval=0.05)
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]

        def is_gone() -> bool:
            found = self.api.pod(self.namespace, name)
            assert found is None or found["metadata"]["uid"] != uid, found["metadata"]
            return True

        await eventually(is_gone, timeout, interval=0.05)


def _is_fence(one: Json) -> bool:
    fenced = (one["metadata"].get("annotations") or {}).get(_FENCED) == "true"
    return fenced and "spec" not in one and not one.get("data")
