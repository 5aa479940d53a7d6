"""A containerd of a node's own: its folders, sockets, network and mounts are shared with no other on the machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kubernetes.cluster import registry
from tests.kubernetes.cluster.host import HIDDEN, Claim
from tests.kubernetes.cluster.images import PAUSE, Image
from tests.support.live_processes import Known, known
from tests.support.programs import Binary
from tests.support.waiting import wait_until

_START_SECONDS = 60.0
_COMMAND_SECONDS = 120.0


@dataclass
class Containerd:
    """One daemon, and a mount namespace that ends with the node."""

    claim: Claim
    folder: Path
    registry_url: str
    """Stands in for the registry `registry.HOST`."""
    _program: Binary = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "cni").mkdir(parents=True)
        hosts = self.folder / "hosts" / registry.HOST
        hosts.mkdir(parents=True)
        (hosts / "hosts.toml").write_text(f'server = "{self.registry_url}"\n[host."{self.registry_url}"]\n')
        (self.folder / "config.toml").write_text(self._config())
        (self.folder / "cni" / "10-node.conflist").write_text(json.dumps(self._network()))
        # folders that the daemon, its shims and the network plugins take for granted, of our own in here
        hidden = " && ".join(f"mkdir -p {place} && mount -t tmpfs node {place}" for place in HIDDEN)
        self._program = Binary(
            [
                "unshare", "--mount", "--propagation", "private", "/bin/sh", "-c",
                f'{hidden} && mkdir -p /run/containerd && exec containerd --config "$1"', "sh",
                str(self.folder / "config.toml"),
            ],
            self.folder / "containerd.log",
        )  # fmt: skip

    @property
    def socket(self) -> Path:
        return self.folder / "c.sock"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._program.start()
        wait_until(self._answers, _START_SECONDS, f"containerd (its log is in {self.folder})")

    def process(self) -> Known:
        """Return the daemon, whose mount namespace the kubelet joins."""
        pid = self._program.pid
        found = known(pid) if pid is not None else None
        assert found is not None, "containerd does not run"
        return found

    def running(self) -> bool:
        return self._program.running()

    def kill(self) -> None:
        """End the daemon; containers go on."""
        self._program.kill()

    def lose(self) -> None:
        """Forget what ran, as a machine does that was switched off."""
        self.kill()
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        self.socket.unlink(missing_ok=True)

    def load(self, image: Image) -> None:
        """Have an image, as if it had been pulled."""
        self.ctr("images", "import", str(image.archive))

    def remove_all(self) -> None:
        """End every container, with its shim."""
        tasks = self.ctr("tasks", "list", "-q").split()
        if tasks:
            self.ctr("tasks", "delete", "--force", *tasks, check=False)
        containers = self.ctr("containers", "list", "-q").split()
        if containers:
            self.ctr("containers", "delete", *containers, check=False)

    def pid_of(self, container_id: str) -> int:
        """Return the pid, on this machine, of a container's first process; 0 where it does not run."""
        for line in self.ctr("tasks", "list").splitlines()[1:]:
            name, pid, state = line.split()[:3]
            if name == container_id and state == "RUNNING":
                return int(pid)
        return 0

    def ctr(self, *arguments: str, check: bool = True) -> str:
        """Ask the daemon by its command."""
        program = shutil.which("ctr") or "ctr"
        done = subprocess.run(
            [program, "-a", str(self.socket), "-n", "k8s.io", *arguments],
            check=False, capture_output=True, text=True, timeout=_COMMAND_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"ctr {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def _answers(self) -> bool:
        assert self._program.running(), (self.folder / "containerd.log").read_text(errors="replace")[-3_000:]
        return self.socket.exists() and "Server" in self.ctr("version", check=False)

    def _config(self) -> str:
        root = self.folder
        return f"""
version = 2
root = "{root}/root"
state = "{root}/state"
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{root}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{root}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{root}/hosts"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""

    def _network(self) -> Mapping[str, Any]:
        plugins: Sequence[Mapping[str, Any]] = (
            {
                "type": "bridge",
                "bridge": self.claim.name,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(self.folder / "addresses"),
                    "ranges": [[{"subnet": f"{self.claim.subnet}.0/24", "gateway": self.claim.address}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
        )
        return {"cniVersion": "0.4.0", "name": self.claim.name, "plugins": plugins}
