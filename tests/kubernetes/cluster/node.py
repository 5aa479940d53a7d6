"""One real node: kubelet, containerd, runc. Its Pods are real containers with limits, a network and an end of their own.

The machine is reachable from its Pods at `address`: that is where a test's servers listen.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kubernetes.cluster import host
from tests.kubernetes.cluster.binaries import find
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.containerd import Containerd
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.images import Image, pause_image, runner_image
from tests.kubernetes.cluster.kwok import ready_nodes
from tests.kubernetes.cluster.registry import RefusingRegistry
from tests.kubernetes.cluster.volumes import volume
from tests.support.programs import Binary, free_port
from tests.support.waiting import wait_until

_START_SECONDS = 90.0
_PROGRAMS = ("containerd", "ctr", "runc", "ip", "unshare", "nsenter", "mount", "ldd", "git")


@dataclass
class Node:
    """A node of a control plane, and everything on it.

    Raises:
        NotAvailableError: this machine cannot have one; says why.
    """

    plane: ControlPlane
    folder: Path = field(init=False)
    claim: host.Claim = field(init=False)
    containerd: Containerd = field(init=False)
    registry: RefusingRegistry = field(init=False)
    runner: Image = field(init=False)
    _kubelet_binary: Path = field(init=False)
    _kubelet: Binary | None = None

    def __post_init__(self) -> None:
        host.require(*_PROGRAMS)
        self._kubelet_binary = find(["kubelet"])["kubelet"]
        host.release_abandoned()
        # short: the path of a socket may have a hundred characters
        self.folder = Path(tempfile.mkdtemp(prefix="ccpn-"))
        self.folder.chmod(0o755)
        try:
            pause = pause_image(self.folder)
            self.runner = runner_image(self.folder)
            self.claim = host.claim(self.folder)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.registry = RefusingRegistry(self.address)
        self.containerd = Containerd(self.claim, self.folder / "c", self.registry.url)
        self._images = [pause, self.runner]

    @property
    def name(self) -> str:
        return self.claim.name

    @property
    def address(self) -> str:
        """Of this machine, as Pods see it."""
        return self.claim.address

    # --- running ---

    def start(self, api: ClusterApi) -> None:
        """Start it and wait until it takes Pods."""
        self.containerd.start()
        for image in self._images:
            self.containerd.load(image)
        self.start_kubelet()
        self.wait_ready(api)

    def wait_ready(self, api: ClusterApi) -> None:
        """Wait until Pods can be put on it."""
        wait_until(
            lambda: self.name in {node["metadata"]["name"] for node in ready_nodes(api)},
            _START_SECONDS,
            f"the node {self.name} (its logs are in {self.folder})",
        )

    def start_kubelet(self) -> None:
        """Start the kubelet, in the mounts of its containerd."""
        config = self.folder / "kubelet.json"
        config.write_text(json.dumps(self._kubelet_config()))
        self._kubelet = Binary(
            [
                "nsenter", "-t", str(self.containerd.process().pid), "-m", str(self._kubelet_binary),
                f"--config={config}", f"--kubeconfig={self.plane.kubeconfig}",
                f"--root-dir={self.folder / 'k'}", f"--cert-dir={self.folder / 'pki'}",
                f"--hostname-override={self.name}", f"--node-ip={self.address}",
            ],
            self.folder / "kubelet.log",
        )  # fmt: skip
        self._kubelet.start()

    def kill_kubelet(self) -> None:
        """The node falls silent; its containers go on."""
        if self._kubelet is not None:
            self._kubelet.kill()

    def lose(self) -> None:
        """The machine stops: kubelet, containerd and every container, at once and without a word."""
        host.kill_everything(self.claim)
        self.kill_kubelet()
        self.containerd.lose()

    def reset(self, api: ClusterApi) -> None:
        """Bring it back, whatever the last test did."""
        if not self.containerd.running():
            self.kill_kubelet()
            self.containerd.start()
        if self._kubelet is None or not self._kubelet.running():
            self.start_kubelet()
        self.wait_ready(api)

    def stop(self) -> None:
        """End it, and give the machine back as it was."""
        self.kill_kubelet()
        self.registry.close()
        try:
            if self.containerd.running():
                self.containerd.remove_all()
                self.containerd.kill()
        finally:
            host.release(self.claim)

    # --- what is on it ---

    def load_runner(self, tag: str, extra: Mapping[str, str]) -> Image:
        """Have one more image: the runner's with files on top."""
        image = runner_image(self.folder, tag=tag, extra=extra)
        self.containerd.load(image)
        return image

    def add_volume(self, api: ClusterApi, class_name: str, *, size: str = "1Gi") -> Path:
        """Offer a folder of this node as a volume; return it."""
        folder = Path(tempfile.mkdtemp(dir=self._volumes()))
        api.apply(volume(class_name, size=size, folder=folder, node=self.name))
        return folder

    def add_only_volume(self, api: ClusterApi, class_name: str, *, size: str = "1Gi") -> Path:
        """Offer a folder as the one that a claim gets: those that nobody took before are taken back."""
        for one in api.items("/api/v1/persistentvolumes"):
            free = one.get("status", {}).get("phase") == "Available"
            if free and one["spec"].get("storageClassName") == class_name:
                api.delete(f"/api/v1/persistentvolumes/{one['metadata']['name']}")
        return self.add_volume(api, class_name, size=size)

    def pid_of(self, pod: Mapping[str, Any]) -> int:
        """Return the pid, on this machine, of the first process of a Pod's container; 0 where it does not run."""
        statuses = pod.get("status", {}).get("containerStatuses", ())
        container = str(statuses[0].get("containerID", "")) if statuses else ""
        return self.containerd.pid_of(container.removeprefix("containerd://")) if container else 0

    def processes_of(self, pod: Mapping[str, Any]) -> list[int]:
        """Return the pids, on this machine, of all that runs for a Pod, whatever its object says."""
        return host.members_named(self.claim, f"pod{pod['metadata']['uid']}")

    def root_of(self, pod: Mapping[str, Any]) -> Path:
        """Return a Pod's own file system, as its first process sees it."""
        pid = self.pid_of(pod)
        assert pid, f"nothing runs in {pod['metadata']['name']}"
        return Path(f"/proc/{pid}/root")

    def signal(self, pod: Mapping[str, Any], number: signal.Signals) -> None:
        """Signal the first process of a Pod's container from outside."""
        pid = self.pid_of(pod)
        assert pid, f"nothing runs in {pod['metadata']['name']}"
        os.kill(pid, number)

    def _volumes(self) -> Path:
        folder = self.folder / "volumes"
        folder.mkdir(exist_ok=True)
        return folder

    def _kubelet_config(self) -> Mapping[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.address,
            "port": free_port(),
            "healthzPort": 0,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.name}",
            "failSwapOn": False,
            "containerRuntimeEndpoint": f"unix://{self.containerd.socket}",
            "enforceNodeAllocatable": [],
            "evictionHard": {"memory.available": "1Mi"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "localStorageCapacityIsolation": False,
            "makeIPTablesUtilChains": False,
            "oomScoreAdj": 0,
            "podLogsDir": str(self.folder / "logs"),
            "volumePluginDir": str(self.folder / "plugins"),
            "nodeStatusUpdateFrequency": "2s",
            "nodeLeaseDurationSeconds": 4,
            "registerNode": True,
            "clusterDomain": "cluster.local",
            "resolvConf": "",
        }
