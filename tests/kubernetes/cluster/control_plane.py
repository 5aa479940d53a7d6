"""A real control plane on loopback: etcd, API server, controllers, scheduler.

Each is a child that dies with this process and keeps its data in one temporary folder, so nothing is left behind. The API
server can be killed, frozen and started again on its port: what clients do while it is away is part of what is tested.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.kubernetes.cluster.binaries import CONTROL_PLANE, find
from tests.kubernetes.cluster.client import ClusterApi
from tests.support.programs import Binary, NotAvailableError, free_port
from tests.support.waiting import wait_until

_START_SECONDS = 90.0
_HOST = "127.0.0.1"
_AUDIT: Mapping[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [
        {
            "level": "Metadata",
            "verbs": ["create", "delete"],
            "resources": [{"group": "", "resources": ["pods", "secrets", "persistentvolumeclaims"]}],
        },
        {"level": "None"},
    ],
}


@dataclass(frozen=True)
class PlaneOptions:
    """What a suite may want otherwise."""

    node_grace_seconds: int = 12
    """Silence after which a node shows as unreachable."""
    fast_scheduler: bool = False
    """Lift the scheduler's own rate limit, which is the floor of every figure about many Pods."""
    apiserver_flags: Sequence[str] = ()


@dataclass
class ControlPlane:
    """One cluster without nodes.

    Raises:
        NotAvailableError: a program is missing.
    """

    folder: Path
    options: PlaneOptions = field(default_factory=PlaneOptions)
    port: int = field(default_factory=free_port)
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    _etcd_port: int = field(default_factory=free_port)
    _programs: dict[str, Binary] = field(default_factory=dict)
    _paths: Mapping[str, Path] = field(init=False)

    def __post_init__(self) -> None:
        self._paths = find(CONTROL_PLANE)
        if shutil.which("openssl") is None:
            raise NotAvailableError("openssl is not installed here: it makes the key of service accounts")
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"https://{_HOST}:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "pki" / "apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """A file with the administrator's rights."""
        return self.folder / "admin.kubeconfig"

    def api(self, token: str | None = None) -> ClusterApi:
        """Return a client of its own, the administrator's by default; the caller closes it."""
        return ClusterApi(self.url, self.ca_file, token or self.token)

    # --- running ---

    def start(self) -> None:
        """Start everything and wait until Pods can be made."""
        self._prepare()
        self._run("etcd", self._etcd_arguments())
        self.start_api()
        self._run("kube-controller-manager", self._controller_arguments())
        self._run("kube-scheduler", self._scheduler_arguments())
        api = self.api()
        try:
            wait_until(
                lambda: api.find("/api/v1/namespaces/default/serviceaccounts/default") is not None,
                _START_SECONDS,
                "the first service account",
            )
        finally:
            api.close()

    def kill(self) -> None:
        """End everything at once: the API server alone would drain for many seconds."""
        for name in ("kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd"):
            if name in self._programs:
                self._programs[name].kill()

    def start_api(self) -> None:
        """Start the API server on its port, and wait until it answers."""
        self._run("kube-apiserver", self._api_arguments())
        wait_until(self._ready, _START_SECONDS, f"the API server (its log is in {self.folder})")
        self._write_kubeconfig(self.kubeconfig, self.token)

    def kill_api(self) -> None:
        """End the API server as a crash does."""
        self._programs["kube-apiserver"].kill()

    def freeze_api(self) -> None:
        """Stop the API server in its tracks: connections stay, nobody answers."""
        self._programs["kube-apiserver"].freeze()

    def thaw_api(self) -> None:
        """Let it go on."""
        self._programs["kube-apiserver"].thaw()

    def reset(self) -> None:
        """Bring everything back to running, whatever the last test did."""
        for program in self._programs.values():
            program.thaw()
        if not self._programs["kube-apiserver"].running():
            self.start_api()
        for name in ("kube-controller-manager", "kube-scheduler"):
            if not self._programs[name].running():
                self._programs[name].start()

    def asked(self, verb: str, namespace: str, since: datetime) -> list[tuple[str, int]]:
        """Return what was asked for in a namespace since then: resources and how it was answered."""
        found = []
        for line in self._audit_log.read_text().splitlines():
            event = json.loads(line)
            target = event.get("objectRef", {})
            at = datetime.fromisoformat(event["requestReceivedTimestamp"])
            if event["verb"] == verb and target.get("namespace") == namespace and at >= since:
                found.append((str(target["resource"]), int(event["responseStatus"]["code"])))
        return found

    # --- who may do what ---

    def kubeconfig_for(self, namespace: str, service_account: str) -> Path:
        """Write a file with the rights of a service account (which exists)."""
        api = self.api()
        try:
            path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
            body: dict[str, Any] = {"spec": {"expirationSeconds": 3_600}}
            token = str(api.create(path, body)["status"]["token"])
        finally:
            api.close()
        file = self.folder / f"{namespace}-{service_account}.kubeconfig"
        self._write_kubeconfig(file, token, namespace)
        return file

    def _write_kubeconfig(self, file: Path, token: str, namespace: str = "default") -> None:
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [
                {"name": "test", "cluster": {"server": self.url, "certificate-authority": str(self.ca_file)}}
            ],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [
                {"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}
            ],
        }
        file.touch(mode=0o600)
        file.write_text(json.dumps(content))

    # --- its programs ---

    def _prepare(self) -> None:
        (self.folder / "audit.json").write_text(json.dumps(_AUDIT))
        (self.folder / "tokens.csv").write_text(f'{self.token},admin,admin,"system:masters"\n')
        subprocess.run(
            ["openssl", "genrsa", "-out", str(self._key), "2048"], check=True, capture_output=True, timeout=60
        )

    @property
    def _audit_log(self) -> Path:
        return self.folder / "audit.log"

    @property
    def _key(self) -> Path:
        return self.folder / "service-accounts.key"

    def _run(self, name: str, arguments: Sequence[str]) -> None:
        self._programs[name] = Binary([str(self._paths[name]), *arguments], self.folder / f"{name}.log")
        self._programs[name].start()

    def _etcd_arguments(self) -> Sequence[str]:
        url, peer = f"http://{_HOST}:{self._etcd_port}", f"http://{_HOST}:{free_port()}"
        return (
            "--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync", "--log-level=warn",
            f"--listen-client-urls={url}", f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        )  # fmt: skip

    def _api_arguments(self) -> Sequence[str]:
        return (
            f"--etcd-servers=http://{_HOST}:{self._etcd_port}", f"--secure-port={self.port}",
            f"--bind-address={_HOST}", f"--cert-dir={self.ca_file.parent}",
            f"--service-account-key-file={self._key}", f"--service-account-signing-key-file={self._key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.folder / 'tokens.csv'}", "--authorization-mode=Node,RBAC",
            "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
            f"--audit-policy-file={self.folder / 'audit.json'}", f"--audit-log-path={self._audit_log}",
            "--kubelet-preferred-address-types=InternalIP", "--profiling=false",
            *self.options.apiserver_flags,
        )  # fmt: skip

    def _controller_arguments(self) -> Sequence[str]:
        return (
            f"--kubeconfig={self.kubeconfig}", f"--service-account-private-key-file={self._key}",
            f"--root-ca-file={self.ca_file}", "--leader-elect=false", f"--secure-port={free_port()}",
            f"--bind-address={_HOST}", f"--node-monitor-grace-period={self.options.node_grace_seconds}s",
            "--node-monitor-period=1s", f"--flex-volume-plugin-dir={self.folder / 'plugins'}",
            "--kube-api-qps=500", "--kube-api-burst=1000",
        )  # fmt: skip

    def _scheduler_arguments(self) -> Sequence[str]:
        rate = ("--kube-api-qps=500", "--kube-api-burst=1000") if self.options.fast_scheduler else ()
        return (
            f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", f"--secure-port={free_port()}",
            f"--bind-address={_HOST}", *rate,
        )  # fmt: skip

    def _ready(self) -> bool:
        if not self._programs["kube-apiserver"].running():
            log = (self.folder / "kube-apiserver.log").read_text(errors="replace")
            raise AssertionError(f"the API server ended:\n{log[-4_000:]}")
        try:
            answer = httpx.get(f"{self.url}/readyz", verify=False, trust_env=False, timeout=2)  # noqa: S501
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK and self.ca_file.exists()
