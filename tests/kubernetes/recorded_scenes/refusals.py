"""Scenes of Pods that the API server refuses."""

from __future__ import annotations

from typing import Any

from tests.kubernetes.recording import Recorder

Json = dict[str, Any]


def record(recorder: Recorder) -> None:
    named = {"namespace": recorder.namespace}
    recorder.refusal("refused-runtime-class", runtime_class="gvisor")
    recorder.refusal("refused-priority-class", priority_class="sessions")
    recorder.refusal("refused-as-invalid", node_selector={"not a key": "x"})
    quota = {"hard": {"limits.memory": "1Gi", "limits.cpu": "4"}}
    _with(
        recorder,
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small", **named}, "spec": quota},
        lambda: recorder.refusal("refused-by-quota-for-ever", requests={"cpu": "1", "memory": "2Gi"}),
    )
    used = {"hard": {"pods": "0"}}
    _with(
        recorder,
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", **named}, "spec": used},
        lambda: recorder.refusal("refused-by-quota-of-pods"),
    )
    both = {"hard": {"limits.memory": "10Gi", "limits.cpu": "10"}}
    _with(
        recorder,
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "both", **named}, "spec": both},
        lambda: recorder.refusal("refused-by-quota-without-limit", change=_without_limits),
    )
    most = {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]}
    _with(
        recorder,
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small", **named}, "spec": most},
        lambda: recorder.refusal("refused-by-limit-range"),
    )
    _used_quota(recorder)
    path = f"/api/v1/namespaces/{recorder.namespace}"
    label = "pod-security.kubernetes.io/enforce"
    recorder.api.patch(path, {"metadata": {"labels": {label: "restricted"}}})
    recorder.refusal("refused-by-pod-security", change=_privileged)
    recorder.api.patch(path, {"metadata": {"labels": {label: None}}})


def _used_quota(recorder: Recorder) -> None:
    """A quota with room for one, which another has."""
    body = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "used", "namespace": recorder.namespace},
        "spec": {"hard": {"limits.memory": "3Gi"}},
    }

    def refused() -> None:
        other = recorder.pod(requests={"cpu": "1", "memory": "2Gi"})
        recorder.refusal("refused-by-quota-in-use", requests={"cpu": "1", "memory": "2Gi"})
        recorder.release(other)

    _with(recorder, body, refused)


def _with(recorder: Recorder, rule: Json, scene: Any) -> None:
    recorder.api.apply(rule)
    plural = f"{rule['kind'].lower()}s"
    path = f"/api/v1/namespaces/{recorder.namespace}/{plural}/{rule['metadata']['name']}"
    if rule["kind"] == "ResourceQuota":
        recorder.wait("the quota's sums", lambda: "used" in recorder.api.get(path).get("status", {}))
    scene()
    recorder.api.delete(path)
    recorder.wait("the rule's end", lambda: recorder.api.find(path) is None)


def _privileged(pod: Json) -> None:
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}


def _without_limits(pod: Json) -> None:
    pod["spec"]["containers"][0]["resources"] = {}
