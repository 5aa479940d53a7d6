"""What the Kubernetes runtime can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ccplant_orchestrator.runtimes.kubernetes.api import Json

_RUNNER = ("python", "-m", "ccplant_runner")


@dataclass(frozen=True)
class KubernetesOptions:
    """Settings of one Kubernetes runtime."""

    namespace: str = "default"
    instance: str = "ccplant"
    """Two installations in one namespace never touch each other's things."""
    config_file: Path | None = None
    """None: `KUBECONFIG` or the service account of the Pod that the orchestrator runs in."""
    context: str | None = None
    runner_image: str = "ccplant/runner"
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: Sequence[str] = ()
    cpu_request_ratio: Decimal = Decimal("0.25")
    """Of the limit; below 1 more sessions fit on a node than can be busy at once."""
    memory_request_ratio: Decimal = Decimal("0.5")
    ephemeral_storage_limit: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Json] = ()
    runtime_class: str | None = None
    priority_class: str | None = None
    storage_class: str | None = None
    """None: the cluster's default."""
    volume_access_mode: str = "ReadWriteOnce"
    extra_labels: Mapping[str, str] = field(default_factory=dict)
    runner_command: Sequence[str] = _RUNNER
    """``--spec PATH`` is appended."""
    call_seconds: float = 10.0
    """One call to the API server."""
    log_seconds: float = 5.0
    """Reading a log; an end is not held up longer for it."""
    grace_seconds: int = 30
    """Between SIGTERM and SIGKILL, when a session is destroyed without force."""
    lost_seconds: float = 30.0
    """How long after its grace a Pod whose node does not answer counts as gone."""
    fence_life_seconds: float = 3_600.0
    connections: int = 64
    """Calls at the same time."""
