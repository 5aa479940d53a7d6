"""Scenes of Pods that something outside ends: the control plane does it as ever, the fake nodes obey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ccplant_orchestrator.runtimes.kubernetes import names
from tests.kubernetes.cluster import stages
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.recorded_scenes.placing import FAKE
from tests.kubernetes.recording import Recorder

Json = dict[str, Any]


def record(recorder: Recorder, kwok: Kwok) -> None:
    recorder.api.patch("/api/v1/nodes/fake-1", {"spec": {"unschedulable": True}})
    drained = _running(recorder, change=lambda pod: _put(pod, "fake-1"))
    _evict(recorder, drained)
    _ended(recorder, "ended-drained", drained)
    recorder.api.patch("/api/v1/nodes/fake-1", {"spec": {"unschedulable": None}})

    evicted = _running(recorder)
    _evict(recorder, evicted)
    _ended(recorder, "ended-evicted-through-api", evicted)

    deleted = _running(recorder)
    _delete(recorder, deleted)
    _ended(recorder, "ended-deleted-from-outside", deleted)

    ours = _running(recorder)
    path = _path(recorder, ours)
    recorder.api.patch(path, {"metadata": {"annotations": {names.ENDED_BY: "ccplant"}}})
    _delete(recorder, ours)
    _ended(recorder, "ended-deleted-by-us", ours)

    late = recorder.pod(image=stages.CRASHES, **FAKE)
    recorder.wait_state(late, "terminated")
    recorder.wait("two seconds", _after(recorder, late, 3))
    _delete(recorder, late)
    recorder.record("ended-crashed-then-deleted", late)

    _preempted(recorder, kwok)
    _tainted(recorder)
    _node_removed(recorder)


def _preempted(recorder: Recorder, kwok: Kwok) -> None:
    lone = {"pool": "lone"}
    kwok.add_nodes(recorder.api, 1, cpu="2", memory="4Gi", labels=lone)
    recorder.api.apply(
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "high"},
            "value": 1000,
        }
    )
    victim = _running(recorder, requests={"cpu": "2", "memory": "1Gi"}, node_selector=lone)
    other = recorder.pod(
        requests={"cpu": "2", "memory": "1Gi"}, node_selector=lone, priority_class="high", **FAKE
    )
    _ended(recorder, "ended-preempted", victim)
    recorder.release(other)


def _tainted(recorder: Recorder) -> None:
    pod = _running(recorder, change=lambda body: _put(body, "fake-2"))
    taint = {"key": "example.com/maintenance", "effect": "NoExecute"}
    before = recorder.api.get("/api/v1/nodes/fake-2")["spec"]["taints"]
    recorder.api.patch("/api/v1/nodes/fake-2", {"spec": {"taints": [*before, taint]}})
    _ended(recorder, "ended-by-a-taint", pod)
    recorder.api.patch("/api/v1/nodes/fake-2", {"spec": {"taints": before}})


def _node_removed(recorder: Recorder) -> None:
    pod = _running(recorder, change=lambda body: _put(body, "fake-2"))
    recorder.api.delete("/api/v1/nodes/fake-2", grace=0)
    recorder.wait(
        "its deletion",
        lambda: bool(recorder.read(pod)["metadata"].get("deletionTimestamp")),
        seconds=180,
    )
    recorder.record("ended-node-removed", pod)


def _running(recorder: Recorder, **scene: Any) -> Json:
    pod = recorder.pod(**scene, **FAKE)
    recorder.wait_state(pod, "running")
    return pod


def _ended(recorder: Recorder, title: str, pod: Json) -> None:
    recorder.wait_state(pod, "terminated")
    recorder.record(title, pod)


def _after(recorder: Recorder, pod: Json, seconds: int) -> Any:
    def passed() -> bool:
        ended = recorder.read(pod)["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"]
        then = datetime.fromisoformat(ended.replace("Z", "+00:00"))
        return datetime.now(UTC) - then > timedelta(seconds=seconds)

    return passed


def _evict(recorder: Recorder, pod: Json) -> None:
    named = {"name": pod["metadata"]["name"], "namespace": recorder.namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": named}
    recorder.api.create(f"{_path(recorder, pod)}/eviction", body)


def _delete(recorder: Recorder, pod: Json) -> None:
    recorder.api.delete(_path(recorder, pod))


def _path(recorder: Recorder, pod: Json) -> str:
    return f"/api/v1/namespaces/{recorder.namespace}/pods/{pod['metadata']['name']}"


def _put(pod: Json, node: str) -> None:
    pod["spec"]["nodeName"] = node
