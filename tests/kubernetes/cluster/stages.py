"""What fake nodes do with a Pod: scenes for kwok, as facts of a kubelet would look from the API server's side.

A Pod's part is chosen by its image (`standin/oom-killed`, ...), because an image is what whoever makes a Pod is free to
name; every other image simply runs. Finalizers are left alone, as a kubelet leaves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

RUNS = "standin/runs"
"""Named for tests that want to say it; any image without a part does this."""
OOM_KILLED = "standin/oom-killed"
CRASHES = "standin/crashes"
ENDS_WELL = "standin/ends-well"
NEVER_PULLED = "standin/never-pulled"
STILL_PULLING = "standin/still-pulling"
EVICTED = "standin/evicted"
SLOW = "standin/slow"

_LABEL = {"type": "kwok"}
_IMAGE = ".spec.containers.[].image"
_HERE = {"key": ".spec.nodeName", "operator": "Exists"}
_STAYS = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_LEAVES = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
_NEW = {"key": ".status.containerStatuses", "operator": "DoesNotExist"}
_RUNNING = {"key": ".status.phase", "operator": "In", "values": ["Running"]}
_OPEN = {"key": ".status.phase", "operator": "NotIn", "values": ["Succeeded", "Failed"]}
_OVER = {"key": ".status.phase", "operator": "In", "values": ["Succeeded", "Failed"]}


@dataclass(frozen=True)
class End:
    """How a container of a part ends."""

    exit_code: int
    reason: str
    after_ms: int = 300


_ENDS: Mapping[str, End] = {
    OOM_KILLED: End(137, "OOMKilled"),
    CRASHES: End(1, "Error"),
    ENDS_WELL: End(0, "Completed"),
}
_WAITS: Mapping[str, tuple[str, str]] = {
    NEVER_PULLED: ("ImagePullBackOff", 'Back-off pulling image "standin/never-pulled": not found'),
    STILL_PULLING: ("ContainerCreating", ""),
}


def all_stages(*, start_ms: int = 0, jitter_ms: int = 0, slow_ms: int = 5_000) -> list[Json]:
    """Return the scenes of nodes and Pods; `start_ms` is how long an ordinary start takes."""
    special = [*_WAITS, SLOW, EVICTED]
    ordinary = {"key": _IMAGE, "operator": "NotIn", "values": special}
    return [
        _node_ready(),
        _pod("starts", [_HERE, _STAYS, _NEW, ordinary], _status("Running", _started()), start_ms, jitter_ms),
        _pod("starts-slowly", [_HERE, _STAYS, _NEW, _with(SLOW)], _status("Running", _started()), slow_ms),
        *(
            _pod(f"waits-{number}", [_HERE, _STAYS, _NEW, _with(image)], _status("Pending", _waiting(*words)))
            for number, (image, words) in enumerate(_WAITS.items())
        ),
        *(
            _pod(
                f"ends-{number}",
                [_HERE, _STAYS, _RUNNING, _with(image)],
                _status("Failed" if end.exit_code else "Succeeded", _ended(end), ready=False),
                end.after_ms,
            )
            for number, (image, end) in enumerate(_ENDS.items())
        ),
        _pod("evicted", [_HERE, _STAYS, _NEW, _with(EVICTED)], _eviction()),
        # as a kubelet: first the containers end, then the Pod is given up
        _pod(
            "is-ended",
            [_HERE, _LEAVES, _OPEN],
            _status("Failed", _ended(End(143, "Error")), ready=False),
        ),
        _removal("is-removed", [_HERE, _LEAVES, _OVER]),
    ]


def fake_node(name: str, *, cpu: str, memory: str, pods: int, labels: Mapping[str, str]) -> Json:
    """Return a node that kwok plays; what does not tolerate it is not put there."""
    room = {"cpu": cpu, "memory": memory, "pods": str(pods), "ephemeral-storage": "100Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {**_LABEL, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **labels},
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
        "spec": {"taints": [FAKE_TAINT]},
        "status": {"allocatable": room, "capacity": room},
    }


FAKE_TAINT: Mapping[str, str] = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}
FAKE_TOLERATION: Mapping[str, str] = {
    "key": "kwok.x-k8s.io/node",
    "operator": "Equal",
    "value": "fake",
    "effect": "NoSchedule",
}


def _with(image: str) -> Json:
    return {"key": _IMAGE, "operator": "In", "values": [image]}


def _stage(name: str, kind: str, selector: Sequence[Mapping[str, Any]], following: Json) -> Json:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": f"{kind.lower()}-{name}"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {"matchExpressions": list(selector)},
            "next": following,
        },
    }


def _node_ready() -> Json:
    unready = {"key": '.status.conditions.[] | select( .type == "Ready" ) | .status', "operator": "NotIn"}
    template = """
conditions:
- {type: Ready, status: "True", reason: KubeletReady, message: "", lastHeartbeatTime: {{ Now | Quote }},
   lastTransitionTime: {{ Now | Quote }}}
- {type: MemoryPressure, status: "False", reason: HasSufficientMemory, message: "",
   lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }}}
- {type: DiskPressure, status: "False", reason: HasNoDiskPressure, message: "",
   lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }}}
phase: Running
"""
    return _stage("ready", "Node", [{**unready, "values": ["True"]}], {"statusTemplate": template})


def _pod(
    name: str, selector: Sequence[Mapping[str, Any]], template: str, delay_ms: int = 0, jitter_ms: int = 0
) -> Json:
    stage = _stage(name, "Pod", selector, {"statusTemplate": template})
    if delay_ms:
        stage["spec"]["delay"] = {"durationMilliseconds": delay_ms}
        if jitter_ms:
            stage["spec"]["delay"]["jitterDurationMilliseconds"] = delay_ms + jitter_ms
    return stage


def _removal(name: str, selector: Sequence[Mapping[str, Any]]) -> Json:
    return _stage(name, "Pod", selector, {"delete": True})


def _status(phase: str, state: str, *, ready: bool | None = None) -> str:
    is_ready = (phase == "Running") if ready is None else ready
    word = "True" if is_ready else "False"
    return f"""
{{{{ $now := Now }}}}
phase: {phase}
startTime: {{{{ or .status.startTime $now | Quote }}}}
conditions:
- {{type: Initialized, status: "True", lastTransitionTime: {{{{ $now | Quote }}}}}}
- {{type: Ready, status: "{word}", lastTransitionTime: {{{{ $now | Quote }}}}}}
- {{type: ContainersReady, status: "{word}", lastTransitionTime: {{{{ $now | Quote }}}}}}
containerStatuses:
{{{{ $began := or .status.startTime $now }}}}
{{{{ range .spec.containers }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: ""
  ready: {str(is_ready).lower()}
  restartCount: 0
  started: {str(phase == "Running").lower()}
  state: {state}
{{{{ end }}}}
"""


def _started() -> str:
    return "{running: {startedAt: {{ $now | Quote }}}}"


def _ended(end: End) -> str:
    return (
        f"{{terminated: {{exitCode: {end.exit_code}, reason: {end.reason}, "
        "startedAt: {{ $began | Quote }}, finishedAt: {{ $now | Quote }}}}"
    )


def _waiting(reason: str, message: str) -> str:
    return f"{{waiting: {{reason: {reason}, message: '{message}'}}}}"


def _eviction() -> str:
    return """
phase: Failed
reason: Evicted
message: "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi."
startTime: {{ Now | Quote }}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: false, restartCount: 0,
   state: {terminated: {exitCode: 137, reason: ContainerStatusUnknown, startedAt: null, finishedAt: null,
   message: "The container could not be located when the pod was terminated"}}}
{{ end }}
"""
