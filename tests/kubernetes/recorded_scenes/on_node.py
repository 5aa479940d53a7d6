"""Scenes on a real node: real pulls, real containers, real ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kubernetes.cluster import registry
from tests.kubernetes.cluster.node import Node
from tests.kubernetes.cluster.volumes import volume
from tests.kubernetes.recording import Recorder

Json = dict[str, Any]

_TOOL_DIES = (
    "import subprocess, sys\n"
    "done = subprocess.run([sys.executable, '-c', 'bytearray(300 << 20)'])\n"
    "print('the tool ended with', done.returncode, flush=True)\n"
)
_IGNORES = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)\n"


def record(recorder: Recorder, node: Node) -> None:
    _images(recorder)
    _containers(recorder, node)
    _ends(recorder, node)
    _silence(recorder, node)


def _images(recorder: Recorder) -> None:
    unknown = "registry.unknown.invalid/team/image:1"
    for title, image in (
        ("image-not-found", registry.ABSENT),
        ("image-access-denied", registry.PRIVATE),
        ("registry-failing", registry.BROKEN),
        ("registry-unreachable", unknown),
    ):
        pod = recorder.pod(image=image)
        name = pod["metadata"]["name"]
        recorder.wait_event(name, "Failed", words="Failed to pull image")
        if title == "image-not-found":
            recorder.wait_state(pod, "waiting", "ImagePullBackOff")
            recorder.record("image-not-found-once", pod, keep=True)
            recorder.wait_event(name, "Failed", 3, words="Failed to pull image")
        recorder.record(title, pod)
    pulling = recorder.pod(image=registry.SLOW)
    recorder.wait_event(pulling["metadata"]["name"], "Pulling")
    recorder.record("image-pulling", pulling)
    invalid = recorder.pod(image="Not/AnImage:1")
    recorder.wait_state(invalid, "waiting", "InvalidImageName")
    recorder.record("image-name-invalid", invalid)
    never = recorder.pod(image="test.invalid/not-here:1", image_pull_policy="Never")
    recorder.wait_state(never, "waiting", "ErrImageNeverPull")
    recorder.record("image-not-on-node", never)


def _containers(recorder: Recorder, node: Node) -> None:
    here = node.runner.name
    missing = recorder.pod(image=here, secret=False)
    recorder.wait_event(missing["metadata"]["name"], "FailedMount", 3)
    recorder.record("secret-missing", missing)

    variable = recorder.pod(image=here, change=_variable)
    recorder.wait_state(variable, "waiting", "CreateContainerConfigError")
    recorder.record("secret-missing-as-variable", variable)

    root = recorder.pod(image=here, change=_as_root)
    recorder.wait_state(root, "waiting", "CreateContainerConfigError")
    recorder.record("image-runs-as-root", root)

    absent = recorder.pod(image=here, command=["no-such-program"])
    recorder.wait_state(absent, "terminated")
    recorder.record("command-missing", absent)

    silent = recorder.pod(image=here, command=["python", "-c", "import time; time.sleep(600)"])
    recorder.wait_state(silent, "running")
    recorder.record("runner-not-registered", silent)

    _not_mounted(recorder, node)
    _no_sandbox(recorder, node)
    refused = recorder.pod(
        image=here,
        requests={"cpu": "5000"},
        change=lambda pod: pod["spec"].update(nodeName=node.name),
    )
    recorder.wait("the node refuses it", lambda: recorder.read(refused)["status"]["phase"] == "Failed")
    recorder.record("node-refused", refused)


def _ends(recorder: Recorder, node: Node) -> None:
    def ends(title: str, program: str, *, log: bool = True, **scene: Any) -> None:
        pod = recorder.pod(image=node.runner.name, command=["python", "-c", program], **scene)
        recorder.wait_state(pod, "terminated")
        recorder.record(title, pod, log=log)

    ends("ended-out-of-memory", "bytearray(300 << 20)")
    ends("ended-well-after-a-tool-ran-out-of-memory", _TOOL_DIES)
    ends("ended-crashed", "import sys; print('before the end'); sys.exit('it went wrong')")
    ends("ended-crashed-without-log", "import sys; sys.exit('told as termination message')", log=False)
    ends("ended-segmentation-fault", "import ctypes; ctypes.string_at(0)")
    ends("ended-with-139", "import os; os._exit(139)")
    ends("ended-well", "print('all done')")
    stubborn = recorder.pod(image=node.runner.name, command=["python", "-c", _IGNORES])
    recorder.wait_state(stubborn, "running")
    recorder.wait("it ignores", lambda: "up" in _log(recorder, stubborn))
    path = f"/api/v1/namespaces/{recorder.namespace}/pods/{stubborn['metadata']['name']}"
    recorder.api.delete(path, grace=2)
    recorder.wait_state(stubborn, "terminated")
    recorder.record("ended-by-the-end-of-a-grace", stubborn, log=True)


def _silence(recorder: Recorder, node: Node) -> None:
    """The machine is gone for a while; what ran on it is given up, or found dead afterwards."""
    sleeps: dict[str, Any] = {
        "image": node.runner.name,
        "command": ["python", "-c", "import time; time.sleep(600)"],
    }
    pod = recorder.pod(**sleeps)
    given_up = recorder.pod(**sleeps, tolerations=[*_soon("not-ready"), *_soon("unreachable")])
    waiting = recorder.pod(image=registry.SLOW)
    for one in (pod, given_up):
        recorder.wait_state(one, "running")
    recorder.wait_event(waiting["metadata"]["name"], "Pulling")
    node.lose()
    recorder.wait("its node shows as unreachable", lambda: _ready(recorder, node) == "Unknown", 90)
    recorder.wait(
        "its deletion", lambda: bool(recorder.read(given_up)["metadata"].get("deletionTimestamp")), seconds=60
    )
    recorder.record("ended-node-silent", given_up)
    recorder.record("node-silent-while-starting", waiting)
    node.reset(recorder.api)
    recorder.wait_state(pod, "terminated")
    recorder.record("ended-by-a-restart-of-its-node", pod)


def _ready(recorder: Recorder, node: Node) -> str:
    conditions = recorder.api.get(f"/api/v1/nodes/{node.name}")["status"]["conditions"]
    return next(str(one["status"]) for one in conditions if one["type"] == "Ready")


def _log(recorder: Recorder, pod: Json) -> str:
    return recorder.api.text(f"/api/v1/namespaces/{recorder.namespace}/pods/{pod['metadata']['name']}/log")


def _variable(pod: Json) -> None:
    pod["spec"]["containers"][0]["env"] = [
        {
            "name": "TOKEN",
            "valueFrom": {"secretKeyRef": {"name": pod["metadata"]["name"], "key": "token"}},
        }
    ]


def _as_root(pod: Json) -> None:
    """What a rule of the cluster may do to a Pod."""
    pod["spec"]["securityContext"] = {"runAsNonRoot": True, "runAsUser": 0}


def _not_mounted(recorder: Recorder, node: Node) -> None:
    """A volume whose folder is not there."""
    recorder.api.apply(volume("at-once", size="1Gi", folder=Path("/nowhere/at/all"), node=node.name))
    recorder.claim("not-there", "at-once")
    pod = recorder.pod(image=node.runner.name, claim="not-there")
    recorder.wait_event(pod["metadata"]["name"], "FailedMount")
    recorder.record("volume-mount-failed", pod)


def _no_sandbox(recorder: Recorder, node: Node) -> None:
    """A runtime class that the node has not."""
    body = {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "gvisor"},
        "handler": "runsc",
    }
    recorder.api.create("/apis/node.k8s.io/v1/runtimeclasses", body)
    pod = recorder.pod(image=node.runner.name, runtime_class="gvisor")
    recorder.wait_event(pod["metadata"]["name"], "FailedCreatePodSandBox")
    recorder.record("sandbox-failed", pod)


def _soon(key: str) -> list[Json]:
    return [
        {
            "key": f"node.kubernetes.io/{key}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 1,
        }
    ]
