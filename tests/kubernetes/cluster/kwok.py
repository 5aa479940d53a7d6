"""Many fake nodes on a real control plane, so that scheduling, watching and collecting are tried at any size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.kubernetes.cluster.binaries import find
from tests.kubernetes.cluster.client import ClusterApi, conditions
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.stages import all_stages, fake_node
from tests.support.programs import Binary, free_port
from tests.support.waiting import wait_until

_START_SECONDS = 60.0
_LEASE_SECONDS = 12


@dataclass
class Kwok:
    """One kwok over a control plane; a test may kill it, and start it with other scenes.

    Raises:
        NotAvailableError: it is not built.
    """

    plane: ControlPlane
    folder: Path
    lease_seconds: int = _LEASE_SECONDS
    _binary: Path = field(init=False)
    _program: Binary | None = None
    _nodes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._binary = find(["kwok"])["kwok"]
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, stages: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Start it with scenes, and wait until it answers."""
        config = self.folder / "stages.yaml"
        chosen = all_stages() if stages is None else stages
        config.write_text("\n---\n".join(json.dumps(stage) for stage in chosen))
        port = free_port()
        self._program = Binary(
            [
                str(self._binary), f"--kubeconfig={self.plane.kubeconfig}", f"--config={config}",
                "--manage-nodes-with-label-selector=type=kwok", f"--server-address=127.0.0.1:{port}",
                f"--node-lease-duration-seconds={self.lease_seconds}",
            ],
            self.folder / "kwok.log",
        )  # fmt: skip
        self._program.start()
        wait_until(lambda: _answers(port), _START_SECONDS, f"kwok (its log is in {self.folder})")

    def kill(self) -> None:
        """End it: its nodes go on as if their machines had stopped."""
        if self._program is not None:
            self._program.kill()

    def running(self) -> bool:
        return self._program is not None and self._program.running()

    def restart(self, stages: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Start it again, with other scenes if any are given."""
        self.kill()
        self.start(stages)

    def add_nodes(
        self,
        api: ClusterApi,
        count: int = 1,
        *,
        cpu: str = "32",
        memory: str = "256Gi",
        pods: int = 500,
        labels: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Add nodes and wait until they are ready; return their names."""
        first = len(self._nodes)
        names = [f"fake-{number}" for number in range(first, first + count)]
        for name in names:
            api.apply(fake_node(name, cpu=cpu, memory=memory, pods=pods, labels=labels or {}))
        self._nodes += names
        wait_until(
            lambda: set(names) <= {node["metadata"]["name"] for node in ready_nodes(api)},
            _START_SECONDS,
            "fake nodes",
        )
        return names


def ready_nodes(api: ClusterApi) -> list[dict[str, Any]]:
    """Return the nodes that Pods can be put on."""
    return [
        node
        for node in api.items("/api/v1/nodes")
        if conditions(node).get("Ready") == "True" and not _closed(node)
    ]


def _closed(node: Mapping[str, Any]) -> bool:
    taints = node.get("spec", {}).get("taints", ())
    return any(str(taint["key"]).startswith("node.kubernetes.io/") for taint in taints)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False
