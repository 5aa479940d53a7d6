"""Pods and nodes as the API server writes them, as far as these tests look."""

from __future__ import annotations

from typing import Any

from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef

Body = dict[str, Any]
OPTIONS = KubernetesOptions(namespace="sessions", instance="here")
REF = LaunchRef("session-tester-0123456789", "l0123", 1, "session-tester-0123456789")
RUNNING = {"running": {"startedAt": "2026-05-01T10:00:00Z"}}


def ended(code: int) -> Body:
    return {
        "terminated": {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": "2026-05-01T10:00:00Z",
            "finishedAt": "2026-05-01T10:01:00Z",
        }
    }


def pod(
    state: Body | None = None,
    *,
    phase: str = "Pending",
    ref: LaunchRef = REF,
    uid: str = "uid-1",
    node: str | None = "node-1",
    deleted: str | None = None,
    version: str = "1",
    options: KubernetesOptions = OPTIONS,
) -> Body:
    metadata: Body = {
        "name": ref.pod_name,
        "namespace": options.namespace,
        "uid": uid,
        "resourceVersion": version,
        "creationTimestamp": "2026-05-01T09:59:58Z",
        "labels": names.launch_labels(options, ref, "tester"),
        "annotations": {names.ATTEMPT: str(ref.attempt)},
        "finalizers": [names.FINALIZER],
    }
    if deleted is not None:
        metadata["deletionTimestamp"] = deleted
    status: Body = {"phase": phase, "conditions": []}
    if state is not None:
        status["containerStatuses"] = [{"name": names.CONTAINER, "state": state, "ready": False}]
    return {"metadata": metadata, "spec": {"nodeName": node} if node else {}, "status": status}


def node(ready: str) -> Body:
    return {"metadata": {"name": "node-1"}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}
