"""Scenes of Pods that no node takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.cluster.stages import FAKE_TOLERATION
from tests.kubernetes.recording import Recorder

Json = dict[str, Any]

FAKE: dict[str, Any] = {"tolerations": [dict(FAKE_TOLERATION)]}


def record_without_nodes(recorder: Recorder) -> None:
    pod = recorder.pod()
    recorder.wait_unschedulable(pod)
    recorder.record("no-nodes", pod)


def record(recorder: Recorder, kwok: Kwok) -> None:
    def unplaced(title: str, *, others: list[Json] | None = None, **scene: Any) -> None:
        pod = recorder.pod(**scene)
        recorder.wait_unschedulable(pod)
        recorder.record(title, pod, others=others or [])

    unplaced("cpu-larger-than-any-node", requests={"cpu": "64", "memory": "1Gi"}, **FAKE)
    unplaced("memory-larger-than-any-node", requests={"cpu": "1", "memory": "300Gi"}, **FAKE)
    unplaced("cpu-and-memory", requests={"cpu": "64", "memory": "300Gi"}, **FAKE)
    unplaced("graphics-card", requests={"cpu": "1", "nvidia.com/gpu": "1"}, **FAKE)
    unplaced("taints")
    unplaced("selector", node_selector={"pool": "none"}, **FAKE)
    _small_pool(recorder, kwok, unplaced)
    gated = recorder.pod(change=_gate, **FAKE)
    recorder.record("scheduling-gate", gated)
    _cordoned(recorder, unplaced)


def _small_pool(recorder: Recorder, kwok: Kwok, unplaced: Callable[..., None]) -> None:
    small = {"pool": "small"}
    kwok.add_nodes(recorder.api, 1, cpu="4", memory="8Gi", pods=3, labels=small)
    filler = recorder.pod(requests={"cpu": "3", "memory": "6Gi"}, node_selector=small, **FAKE)
    recorder.wait_state(filler, "running")
    here = {"node_selector": small, "others": [filler], **FAKE}
    unplaced("memory-used-by-others", requests={"cpu": "100m", "memory": "4Gi"}, **here)
    unplaced("cpu-used-by-others", requests={"cpu": "1500m", "memory": "1Gi"}, **here)
    more = [recorder.pod(requests={"cpu": "10m"}, node_selector=small, **FAKE) for _ in range(2)]
    for one in more:
        recorder.wait_state(one, "running")
    unplaced("too-many-pods", requests={"cpu": "10m"}, **here)
    # meant for this pool, which is closed to it
    unplaced("selector-of-tainted-nodes", node_selector=small)
    for one in (filler, *more):
        recorder.release(one)


def _cordoned(recorder: Recorder, unplaced: Callable[..., None]) -> None:
    nodes = [one["metadata"]["name"] for one in recorder.api.items("/api/v1/nodes")]
    for name in nodes:
        recorder.api.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
    recorder.wait(
        "the taints of cordoned nodes",
        lambda: all(
            any(taint["key"].endswith("/unschedulable") for taint in one["spec"].get("taints", ()))
            for one in recorder.api.items("/api/v1/nodes")
        ),
    )
    unplaced("cordoned", **FAKE)
    for name in nodes:
        recorder.api.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": None}})


def _gate(pod: Json) -> None:
    pod["spec"]["schedulingGates"] = [{"name": "example.com/budget"}]
