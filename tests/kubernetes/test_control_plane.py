"""The cluster that other tests stand on behaves like one: Pods are placed, run, end and leave as on real nodes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kubernetes.cluster import stages
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes

FINALIZER = "ccplant.dev/evidence"


def _pod(namespace: str, name: str, image: str, **metadata: object) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "tolerations": [stages.FAKE_TOLERATION],
            "containers": [{"name": "session", "image": image}],
        },
    }


async def _in_phase(api: ClusterApi, namespace: str, name: str, phase: str) -> dict[str, Any]:
    def reached() -> dict[str, Any] | None:
        found = api.pod(namespace, name)
        assert found is not None
        assert found["status"]["phase"] == phase, found["status"]
        return found

    found = await eventually(reached, 20, interval=0.05)
    assert found is not None
    return found


@pytest.mark.smoke
async def test_a_pod_runs_on_a_fake_node_and_leaves_only_without_its_finalizer(
    cluster_api: ClusterApi, cluster_namespace: str, kwok: Kwok
) -> None:
    """What the product's evidence rests on: a deleted Pod stays readable, ended, until its finalizer goes."""
    path = f"/api/v1/namespaces/{cluster_namespace}/pods/one"
    cluster_api.apply(_pod(cluster_namespace, "one", "any:1", finalizers=[FINALIZER]))
    await _in_phase(cluster_api, cluster_namespace, "one", "Running")

    cluster_api.delete(path)
    found = await _in_phase(cluster_api, cluster_namespace, "one", "Failed")

    assert found["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 143
    cluster_api.patch(path, {"metadata": {"finalizers": None}})
    await eventually(lambda: cluster_api.pod(cluster_namespace, "one") is None)


@pytest.mark.parametrize(
    ("image", "phase", "reason"),
    [
        (stages.OOM_KILLED, "Failed", "OOMKilled"),
        (stages.CRASHES, "Failed", "Error"),
        (stages.ENDS_WELL, "Succeeded", "Completed"),
        (stages.EVICTED, "Failed", "ContainerStatusUnknown"),
    ],
)
async def test_an_image_that_has_a_part_plays_it(
    cluster_api: ClusterApi, cluster_namespace: str, kwok: Kwok, image: str, phase: str, reason: str
) -> None:
    cluster_api.apply(_pod(cluster_namespace, "one", image))

    found = await _in_phase(cluster_api, cluster_namespace, "one", phase)

    assert found["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] == reason


async def test_an_image_that_cannot_be_pulled_keeps_its_pod_waiting(
    cluster_api: ClusterApi, cluster_namespace: str, kwok: Kwok
) -> None:
    cluster_api.apply(_pod(cluster_namespace, "one", stages.NEVER_PULLED))

    def reason() -> str:
        found = cluster_api.pod(cluster_namespace, "one")
        assert found is not None
        states = found["status"].get("containerStatuses") or [{}]
        return str(states[0].get("state", {}).get("waiting", {}).get("reason", ""))

    await eventually(lambda: reason() == "ImagePullBackOff", 20)


async def test_the_api_server_comes_back_on_its_port_with_what_it_had(
    control_plane: ControlPlane, cluster_api: ClusterApi, cluster_namespace: str, kwok: Kwok
) -> None:
    cluster_api.apply(_pod(cluster_namespace, "one", "any:1"))
    await _in_phase(cluster_api, cluster_namespace, "one", "Running")

    control_plane.kill_api()
    control_plane.start_api()

    assert cluster_api.pod(cluster_namespace, "one") is not None
    cluster_api.apply(_pod(cluster_namespace, "two", "any:1"))
    await _in_phase(cluster_api, cluster_namespace, "two", "Running")


def test_a_service_account_may_do_what_its_roles_say_and_no_more(
    control_plane: ControlPlane, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    named = {"name": "reader", "namespace": cluster_namespace}
    group = "rbac.authorization.k8s.io"
    cluster_api.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named},
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": named,
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": named,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", **named}],
        },
    )

    file = control_plane.kubeconfig_for(cluster_namespace, "reader")

    assert file.stat().st_mode & 0o077 == 0
    reader = control_plane.api(json.loads(file.read_text())["users"][0]["user"]["token"])
    try:
        assert reader.pods(cluster_namespace) == []
        refused = reader.request("GET", f"/api/v1/namespaces/{cluster_namespace}/secrets")
        assert refused.status_code == 403
    finally:
        reader.close()
