"""What ccplant did not make is never touched, and what it needs is never taken from anybody (S3)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRefusedError, RuntimeFailedError
from tests.contract.runtime_place import new_ref, no_volumes, owned
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.steps import launched

pytestmark = pytest.mark.kubernetes

VOLUME = "session-tester-kept"


def _stranger(kind: str, namespace: str, name: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "somebody-elses"}},
    }
    if kind == "Pod":
        body["spec"] = {"containers": [{"name": "session", "image": "any:1"}]}
    if kind == "Secret":
        body["stringData"] = {"spec.json": "somebody's own"}
    if kind == "PersistentVolumeClaim":
        body["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return body


PLURAL = {"Pod": "pods", "Secret": "secrets", "PersistentVolumeClaim": "persistentvolumeclaims"}


@pytest.mark.parametrize("kind", ["Pod", "Secret", "PersistentVolumeClaim"])
async def test_a_strangers_object_of_the_same_name_is_an_error_and_stays_as_it_is(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str, kind: str
) -> None:
    ref = new_ref()
    name = VOLUME if kind == "PersistentVolumeClaim" else ref.pod_name
    cluster_api.apply(_stranger(kind, cluster_namespace, name))
    path = f"/api/v1/namespaces/{cluster_namespace}/{PLURAL[kind]}/{name}"
    before = cluster_api.get(path)

    with pytest.raises(LaunchRefusedError) as refused:
        await launched(runtime, ref, volume=VOLUME)
    assert name in refused.value.diagnosis.message["ja"]

    assert await runtime.get(ref) is None
    await runtime.signal_stop(ref, grace_seconds=1)
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    await runtime.delete_volume(VOLUME)
    await runtime.sweep(owned(), no_volumes)
    after = cluster_api.get(path)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in after["metadata"]
    assert after.get("data") == before.get("data")


async def test_the_pod_of_another_launch_is_neither_shown_nor_ended(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    """The name may be the same: the launch is what counts."""
    first = await launched(runtime)
    second = dataclasses.replace(first, launch_id=new_ref().launch_id)

    assert await runtime.get(second) is None
    with pytest.raises(RuntimeFailedError):
        await launched(runtime, second)
    await runtime.destroy(second, force=True)
    await runtime.release(second)

    pod = cluster_api.pod(cluster_namespace, first.pod_name)
    assert pod is not None
    assert "deletionTimestamp" not in pod["metadata"]
    (secret,) = cluster_api.items(f"/api/v1/namespaces/{cluster_namespace}/secrets")
    assert "spec.json" in secret["data"]


async def test_two_installations_in_one_namespace_leave_each_other_alone(
    options: KubernetesOptions, runtime: KubernetesRuntime, open_runtime: OpenRuntime
) -> None:
    other = open_runtime(dataclasses.replace(options, instance="other"))
    ref = await launched(runtime, volume=VOLUME)
    assert await other.list() == []
    assert await other.get(ref) is None
    assert await other.sweep(owned(), no_volumes) == 0
    await other.destroy(ref, force=True)
    assert [one.ref for one in await runtime.list()] == [ref]
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.phase == "starting"
