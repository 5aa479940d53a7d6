"""The Kubernetes runtime's place: a namespace of a real node, seen through its cgroups and an API client of its own.

The stand-in runner lies in an image of its own on the node. Pods hold more than what the runner started (what holds the Pod
open, a probe that looks for a file): only programs of the runner's kind count as its processes.
"""

from __future__ import annotations

import dataclasses
import signal
from pathlib import Path

from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef
from ccplant_platform.clock import SystemClock
from tests.contract.runtime_place import no_volumes, owned
from tests.kubernetes.cluster.client import ClusterApi, Json
from tests.kubernetes.cluster.images import Image
from tests.kubernetes.cluster.node import Node

STANDIN = Path(__file__).with_name("standin_runner.py")
_IN_IMAGE = "/opt/standin_runner.py"
_FENCED = "ccplant.dev/fenced"


def standin_image(node: Node) -> Image:
    """Have the image with the stand-in runner on the node."""
    return node.load_runner("standin", {_IN_IMAGE: STANDIN.read_text()})


class NodePlace:
    """A namespace of its own; remembers each Pod that it has seen."""

    def __init__(self, node: Node, api: ClusterApi, namespace: str, image: Image, storage_class: str) -> None:
        self.node = node
        self.options = KubernetesOptions(
            namespace=namespace,
            config_file=node.plane.kubeconfig,
            runner_image=image.name,
            storage_class=storage_class,
            runner_command=("python", "-I", "-S", _IN_IMAGE),
            cpu_request_ratio=KubernetesOptions.cpu_request_ratio / 10,
            memory_request_ratio=KubernetesOptions.memory_request_ratio / 10,
            grace_seconds=2,
            lost_seconds=5.0,
        )
        self._api = api
        self._runtimes: list[KubernetesRuntime] = []
        self._pods: dict[str, dict[str, Json]] = {}

    def open(self, **changes: object) -> KubernetesRuntime:
        options = dataclasses.replace(self.options, **changes)  # type: ignore[arg-type]
        runtime = KubernetesRuntime(KubernetesApi(options), options, SystemClock())
        self._runtimes.append(runtime)
        return runtime

    def _seen(self, ref: LaunchRef) -> list[Json]:
        """Return all Pods that this launch has had, by what was seen last of each."""
        known = self._pods.setdefault(ref.launch_id, {})
        for pod in self._api.pods(self.options.namespace, f"ccplant.dev/launch={ref.launch_id}"):
            known[pod["metadata"]["uid"]] = pod
        return list(known.values())

    def processes(self, ref: LaunchRef) -> list[int]:
        return sorted(
            pid for pod in self._seen(ref) for pid in self.node.processes_of(pod) if _is_runners(pid)
        )

    def starts(self, ref: LaunchRef) -> int:
        return sum(
            log.read_text(errors="replace").count("runner started")
            for pod in self._seen(ref)
            for log in (self.node.folder / "logs").glob(f"*_{pod['metadata']['uid']}/session/*.log")
        )

    def kill_runner(self, ref: LaunchRef) -> None:
        (pod,) = self._seen(ref)
        self.node.signal(pod, signal.SIGKILL)

    def traces(self, ref: LaunchRef) -> list[str]:
        namespace, selector = self.options.namespace, f"ccplant.dev/launch={ref.launch_id}"
        return [
            f"{kind} {one['metadata']['name']}"
            for kind in ("pods", "secrets")
            for one in self._api.items(f"/api/v1/namespaces/{namespace}/{kind}", labelSelector=selector)
            if (one["metadata"].get("annotations") or {}).get(_FENCED) != "true" or one.get("data")
        ]

    async def close(self) -> None:
        await self.open().sweep(owned(), no_volumes)
        for one in self._runtimes:
            await one.aclose()


def _is_runners(pid: int) -> bool:
    """Tell whether it is a Python program that runs, and neither a probe nor what holds the Pod open."""
    try:
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0]
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"python" in program and state != "Z"
