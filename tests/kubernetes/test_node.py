"""The node that scenarios stand on runs real containers, with limits that kill and a network that reaches this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.cluster import registry
from tests.kubernetes.cluster.client import ClusterApi, conditions
from tests.kubernetes.cluster.node import Node
from tests.support.waiting import eventually

pytestmark = pytest.mark.node

_SECONDS = 30.0


def _pod(node: Node, namespace: str, *command: str, **spec: object) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one", "namespace": namespace},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
            "containers": [
                {
                    "name": "session",
                    "image": node.runner.name,
                    "command": list(command),
                    "resources": {"limits": {"memory": "128Mi", "cpu": "1"}},
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    **spec,
                }
            ],
        },
    }


async def _ended(api: ClusterApi, namespace: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        found = api.pod(namespace, "one")
        assert found is not None
        assert found["status"]["phase"] in ("Succeeded", "Failed"), found["status"]
        state: dict[str, Any] = found["status"]["containerStatuses"][0]["state"]["terminated"]
        return state

    state = await eventually(over, _SECONDS, interval=0.05)
    assert state is not None
    return state


@pytest.fixture
def listener(node: Node) -> Iterator[socket.socket]:
    """A server of this machine where Pods reach it."""
    with socket.create_server((node.address, 0)) as server:
        server.settimeout(_SECONDS)
        yield server


@pytest.mark.smoke
async def test_a_pod_holds_our_runner_and_reaches_this_machine(
    node: Node, cluster_api: ClusterApi, cluster_namespace: str, listener: socket.socket
) -> None:
    program = (
        "import ccplant_runner, os, socket, subprocess, sys\n"
        "subprocess.run(['git', '--version'], check=True)\n"
        "server = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)\n"
        "server.sendall(f'uid {os.getuid()} pid {os.getpid()}'.encode())\n"
    )
    address = [str(part) for part in listener.getsockname()]
    cluster_api.apply(_pod(node, cluster_namespace, "python", "-c", program, *address))

    state = await _ended(cluster_api, cluster_namespace)

    assert state["exitCode"] == 0, state
    connection, _ = listener.accept()
    with connection:
        assert connection.recv(100) == b"uid 1000 pid 1"


async def test_memory_beyond_the_limit_is_what_kills_a_container(
    node: Node, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    cluster_api.apply(_pod(node, cluster_namespace, "python", "-c", "bytearray(300 << 20)"))

    state = await _ended(cluster_api, cluster_namespace)

    assert (state["reason"], state["exitCode"]) == ("OOMKilled", 137)


async def test_a_volume_of_the_node_keeps_what_a_pod_wrote_as_an_ordinary_user(
    node: Node, cluster_api: ClusterApi, cluster_namespace: str, manual_storage_class: str
) -> None:
    folder: Path = node.add_only_volume(cluster_api, manual_storage_class)
    cluster_api.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "kept", "namespace": cluster_namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": manual_storage_class,
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    )
    pod = _pod(
        node,
        cluster_namespace,
        *("sh", "-c", "echo kept > /workspace/file"),
        volumeMounts=[{"name": "work", "mountPath": "/workspace"}],
    )
    pod["spec"]["volumes"] = [{"name": "work", "persistentVolumeClaim": {"claimName": "kept"}}]
    cluster_api.apply(pod)

    state = await _ended(cluster_api, cluster_namespace)

    assert state["exitCode"] == 0, state
    assert (folder / "file").read_text() == "kept\n"


async def test_a_node_that_falls_silent_shows_as_such_and_comes_back(
    node: Node, cluster_api: ClusterApi
) -> None:
    def ready() -> str:
        return conditions(cluster_api.get(f"/api/v1/nodes/{node.name}"))["Ready"]

    node.kill_kubelet()
    await eventually(lambda: ready() == "Unknown", _SECONDS, interval=0.2)

    node.reset(cluster_api)
    assert ready() == "True"


@pytest.mark.parametrize(
    ("image", "words"),
    [(registry.ABSENT, "not found"), (registry.PRIVATE, "401"), (registry.BROKEN, "503")],
)
async def test_a_registry_that_refuses_is_told_of_in_the_kubelets_own_words(
    node: Node, cluster_api: ClusterApi, cluster_namespace: str, image: str, words: str
) -> None:
    cluster_api.apply(_pod(node, cluster_namespace, "sh", image=image))

    def told() -> str:
        messages = [event["message"] for event in cluster_api.events(cluster_namespace, "one")]
        return next((message for message in messages if words in message), "")

    assert image in await eventually(told, _SECONDS, interval=0.1)
