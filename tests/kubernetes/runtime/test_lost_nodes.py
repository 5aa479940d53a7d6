"""A node that does not answer holds nobody's record back, and its Pods are collected all the same (S10)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from ccplant_orchestrator.runtimes.kubernetes import manifests
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Volume, VolumeInUseError
from tests.contract.runtime_place import new_ref, no_volumes, owned
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.steps import launched
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes

NODE = "/api/v1/nodes/lonely"
VOLUME = "session-tester-kept"


def _told(ready: str) -> dict[str, Any]:
    return {
        "status": {
            "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "100"},
            "conditions": [{"type": "Ready", "status": ready, "reason": "Told", "message": "by a test"}],
        }
    }


@pytest.fixture
def lonely_node(cluster_api: ClusterApi) -> Iterator[str]:
    """A node that says that it is ready, and behind which nobody is."""
    cluster_api.delete(NODE)
    labels = {"lonely": "yes"}
    cluster_api.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "lonely", "labels": labels}})
    cluster_api.patch(f"{NODE}/status", _told("True"))
    yield "lonely"
    cluster_api.delete(NODE)


@pytest.fixture
def runtime(options: KubernetesOptions, open_runtime: OpenRuntime, lonely_node: str) -> KubernetesRuntime:
    """A runtime whose Pods go to that node; a lost Pod is waited for far longer than any test."""
    tolerations = ({"operator": "Exists"},)
    return open_runtime(
        dataclasses.replace(
            options, node_selector={"lonely": "yes"}, tolerations=tolerations, lost_seconds=500.0
        )
    )


async def _placed(api: ClusterApi, namespace: str, ref: LaunchRef) -> None:
    """Wait until the Pod is on the node, and have it say that it runs."""

    def given() -> bool:
        pod = api.pod(namespace, ref.pod_name)
        return pod is not None and pod["spec"].get("nodeName") == "lonely"

    await eventually(given, 20)
    running = {
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "session",
                    "image": "any:1",
                    "imageID": "any",
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": "2026-05-01T10:00:00Z"}},
                }
            ],
        }
    }
    api.patch(f"/api/v1/namespaces/{namespace}/pods/{ref.pod_name}/status", running)


@pytest.mark.parametrize("gone", [False, True], ids=["not ready", "gone"])
async def test_an_end_does_not_wait_for_a_node_that_is_lost(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str, gone: bool
) -> None:
    ref = await launched(runtime)
    await _placed(cluster_api, cluster_namespace, ref)
    if gone:
        cluster_api.delete(NODE)
    else:
        cluster_api.patch(f"{NODE}/status", _told("Unknown"))
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.phase == "running", "silence alone is no end"

    async with asyncio.timeout(30):
        await runtime.destroy(ref, force=False)
    seen = await runtime.get(ref)
    assert seen is not None
    assert (seen.phase, seen.exit is not None) == ("exited", True)

    async with asyncio.timeout(30):
        await runtime.release(ref)
    pod = cluster_api.pod(cluster_namespace, ref.pod_name)
    if gone:
        assert pod is None
    else:
        assert pod is not None
        assert not pod["metadata"].get("finalizers"), "its node ends it when it is back"
    assert await runtime.sweep(owned(), no_volumes) == 0


async def test_a_silent_node_that_answers_again_in_time_ends_its_pod_as_usual(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    ref = await launched(runtime)
    await _placed(cluster_api, cluster_namespace, ref)
    ending = asyncio.create_task(runtime.destroy(ref, force=True))

    async def asked() -> bool:
        pod = cluster_api.pod(cluster_namespace, ref.pod_name)
        return pod is not None and "deletionTimestamp" in pod["metadata"]

    await eventually(asked)
    assert not ending.done(), "the node is ready and has not said that it is done"
    ended = {"terminated": {"exitCode": 0, "finishedAt": "2026-05-01T10:00:00Z"}}
    status = {"containerStatuses": [_container(ended)], "phase": "Succeeded"}
    cluster_api.patch(
        f"/api/v1/namespaces/{cluster_namespace}/pods/{ref.pod_name}/status", {"status": status}
    )
    async with asyncio.timeout(30):
        await ending


def _container(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "session", "image": "any:1", "imageID": "any", "ready": False, "restartCount": 0, "state": state,
    }  # fmt: skip


async def test_a_volume_stays_in_use_while_the_pod_of_a_lost_node_is_not_gone(
    options: KubernetesOptions, runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    """Two writers on one workspace would spoil it: the lost machine may still write."""
    ref = await launched(runtime, new_ref("session-tester-first"))
    await _placed(cluster_api, cluster_namespace, ref)
    labels = {"metadata": {"labels": {"ccplant.dev/volume": VOLUME}}}
    cluster_api.patch(f"/api/v1/namespaces/{cluster_namespace}/pods/{ref.pod_name}", labels)
    cluster_api.patch(f"{NODE}/status", _told("Unknown"))
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    cluster_api.apply(manifests.claim(options, Volume(VOLUME, "tester", "1Gi")))
    with pytest.raises(VolumeInUseError) as in_use:
        await launched(runtime, new_ref("session-tester-second"), volume=VOLUME)
    assert in_use.value.diagnosis is not None
    assert in_use.value.diagnosis.code == "volume_in_use"
    told = in_use.value.diagnosis.evidence
    assert told == {"volume": VOLUME, "pod": ref.pod_name, "node": NODE.rpartition("/")[2]}
    with pytest.raises(VolumeInUseError):
        await runtime.delete_volume(VOLUME)
