"""With the Role's token what sessions need works, and nothing else does; `ccplant doctor` sees the difference."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.doctor.rights import EXPLAINING, NEEDED, Right, allowed
from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import Volume
from ccplant_platform.clock import SystemClock
from tests.contract.runtime_place import new_ref, owned, recorded, spec_for
from tests.kubernetes.cluster import stages
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.deploy.manifests import CONTROL, SESSIONS

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(180)]

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
RESOURCES = (
    ("", "pods", ""), ("", "pods", "log"), ("", "pods", "exec"), ("", "pods", "attach"), ("", "pods", "portforward"),
    ("", "pods", "ephemeralcontainers"), ("", "pods", "eviction"), ("", "pods", "status"), ("", "secrets", ""),
    ("", "persistentvolumeclaims", ""), ("", "events", ""), ("", "configmaps", ""), ("", "services", ""),
    ("", "serviceaccounts", ""), ("", "serviceaccounts", "token"), ("apps", "deployments", ""), ("batch", "jobs", ""),
    ("rbac.authorization.k8s.io", "roles", ""), ("rbac.authorization.k8s.io", "rolebindings", ""),
    ("networking.k8s.io", "networkpolicies", ""), ("coordination.k8s.io", "leases", ""),
)  # fmt: skip
OF_CLUSTER = (
    ("", "nodes", ""), ("", "nodes", "proxy"), ("", "namespaces", ""), ("", "persistentvolumes", ""),
    ("", "secrets", ""), ("", "pods", ""), ("storage.k8s.io", "storageclasses", ""),
    ("rbac.authorization.k8s.io", "clusterroles", ""), ("rbac.authorization.k8s.io", "clusterrolebindings", ""),
)  # fmt: skip


@pytest.fixture
def orchestrator(orchestrators_kubeconfig: Path, control_plane: ControlPlane) -> Iterator[ClusterApi]:
    """The API server as the orchestrator's service account meets it."""
    token = json.loads(orchestrators_kubeconfig.read_text())["users"][0]["user"]["token"]
    api = control_plane.api(token)
    yield api
    api.close()


def may(api: ClusterApi, right: Right, namespace: str) -> bool:
    return allowed(api.create(REVIEWS, right.question(namespace)))


@pytest.mark.smoke
def test_the_role_allows_exactly_what_sessions_need(orchestrator: ClusterApi) -> None:
    asked = [
        Right(name, verb, sub, group) for (group, name, sub), verb in itertools.product(RESOURCES, VERBS)
    ]
    assert set(NEEDED) <= set(asked)
    assert {right for right in asked if may(orchestrator, right, SESSIONS)} == set(NEEDED)


def test_the_role_of_the_cluster_lets_it_look_and_no_more(orchestrator: ClusterApi) -> None:
    asked = [
        Right(name, verb, sub, group, namespaced=False)
        for (group, name, sub), verb in itertools.product(OF_CLUSTER, VERBS)
    ]
    assert {right for right in asked if may(orchestrator, right, SESSIONS)} == set(EXPLAINING)


def test_it_can_do_nothing_beside_its_own_secrets_and_in_other_namespaces(orchestrator: ClusterApi) -> None:
    for namespace in (CONTROL, "default", "kube-system"):
        assert [right for right in NEEDED if may(orchestrator, right, namespace)] == []


@pytest.mark.parametrize("account", ["ccplant-api", "ccplant-triggers", "ccplant-servers"])
def test_the_others_have_no_rights_at_all(
    applied: ClusterApi, control_plane: ControlPlane, account: str
) -> None:
    kubeconfig = control_plane.kubeconfig_for(CONTROL, account)
    api = control_plane.api(json.loads(kubeconfig.read_text())["users"][0]["user"]["token"])
    try:
        assert [right for right in (*NEEDED, *EXPLAINING) if may(api, right, SESSIONS)] == []
    finally:
        api.close()


@pytest.fixture
def options(orchestrators_kubeconfig: Path) -> KubernetesOptions:
    return KubernetesOptions(
        namespace=SESSIONS,
        config_file=orchestrators_kubeconfig,
        runner_image="any:1",
        tolerations=(stages.FAKE_TOLERATION,),
        grace_seconds=1,
        lost_seconds=2.0,
    )


async def test_a_whole_life_of_a_session_needs_no_other_right(
    applied: ClusterApi, options: KubernetesOptions, kwok: Kwok
) -> None:
    """Under the restricted profile of its namespace, too."""
    runtime = KubernetesRuntime(KubernetesApi(options), options, SystemClock())
    ref = new_ref()
    volume = Volume("session-tester-kept", "tester", "1Gi")
    try:
        await runtime.launch(spec_for(ref, "wait"), ref, SessionConfig(), volume)
        assert applied.pod(SESSIONS, ref.pod_name) is not None
        assert await runtime.get(ref) is not None
        assert [one.ref for one in await runtime.list()] == [ref]
        await runtime.diagnose(ref)
        await runtime.log_tail(ref, 10)
        await runtime.signal_stop(ref, grace_seconds=1)
        await runtime.destroy(ref, force=True)
        await runtime.release(ref)
        assert applied.pod(SESSIONS, ref.pod_name) is None
        await runtime.delete_volume(volume.id)
        await runtime.sweep(owned(), recorded())
    finally:
        await runtime.aclose()


# --- ccplant doctor ---


def doctor(
    kubeconfig: Path, tmp_path: Path, *more: str, **settings: str
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "KUBECONFIG": str(kubeconfig),
        "CCPLANT_RUNTIME": "kubernetes", "CCPLANT_KUBERNETES_NAMESPACE": SESSIONS, **settings,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "ccplant_cli", "doctor", "--json", *more],
        env=environment, capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["findings"] if done.stdout.startswith("{") else ():
        found.setdefault(one["check"], []).append(one)
    return done.returncode, found


def codes(found: dict[str, list[dict[str, Any]]], check: str) -> list[str]:
    return [one["code"] for one in found[check]]


def test_doctor_finds_the_manifests_rights_right(
    orchestrators_kubeconfig: Path, tmp_path: Path, kwok: Kwok, manual_storage_class: str
) -> None:
    _, found = doctor(
        orchestrators_kubeconfig, tmp_path, CCPLANT_KUBERNETES_STORAGE_CLASS=manual_storage_class
    )
    assert codes(found, "cluster") == ["cluster_ok"]
    assert codes(found, "rights") == ["rights_ok"]
    assert codes(found, "pod") == ["pod_ok"]
    assert codes(found, "storage") == ["storage_ok"]
    assert codes(found, "image") == ["image_not_pulled"]


def test_doctor_names_each_right_that_is_missing(
    applied: ClusterApi, tmp_path: Path, control_plane: ControlPlane
) -> None:
    _, found = doctor(control_plane.kubeconfig_for(CONTROL, "ccplant-api"), tmp_path)
    rights = {one["code"]: one for one in found["rights"]}
    for right in NEEDED:
        assert str(right) in rights["rights_missing"]["message"]["en"]
    assert "rbac.yaml" in rights["rights_missing"]["hint"]["ja"]
    assert rights["rights_explaining"]["state"] == "warning"
    assert codes(found, "storage") == ["storage_unknown"]
    assert codes(found, "image") == ["image_unknown"]


def test_doctor_warns_of_an_administrators_rights(
    applied: ClusterApi, tmp_path: Path, control_plane: ControlPlane
) -> None:
    _, found = doctor(control_plane.kubeconfig, tmp_path)
    assert "rights_excessive" in codes(found, "rights")


def test_doctor_names_a_storage_class_and_a_namespace_that_are_not_there(
    orchestrators_kubeconfig: Path, control_plane: ControlPlane, tmp_path: Path
) -> None:
    code, found = doctor(orchestrators_kubeconfig, tmp_path, CCPLANT_KUBERNETES_STORAGE_CLASS="not-there")
    assert (code, codes(found, "storage")) == (1, ["storage_missing"])
    code, found = doctor(control_plane.kubeconfig, tmp_path, CCPLANT_KUBERNETES_NAMESPACE="not-there")
    assert (code, codes(found, "pod")) == (1, ["namespace_missing"])


def test_doctor_sees_that_admission_refuses_sessions(
    applied: ClusterApi, cluster_namespace: str, control_plane: ControlPlane, tmp_path: Path
) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight", "namespace": cluster_namespace},
        "spec": {"hard": {"limits.cpu": "1m"}},
    }
    applied.apply(quota)
    code, found = doctor(control_plane.kubeconfig, tmp_path, CCPLANT_KUBERNETES_NAMESPACE=cluster_namespace)
    assert (code, codes(found, "pod")) == (1, ["pod_refused"])
    assert applied.pods(cluster_namespace) == []


async def test_doctor_lets_go_of_the_pods_of_one_installation_alone(
    applied: ClusterApi,
    options: KubernetesOptions,
    orchestrators_kubeconfig: Path,
    tmp_path: Path,
    kwok: Kwok,
) -> None:
    mine, others = new_ref("session-tester-mine"), new_ref("session-tester-others")
    for instance, ref in (("leaving", mine), ("staying", others)):
        own = KubernetesOptions(**{**vars(options), "instance": instance})
        runtime = KubernetesRuntime(KubernetesApi(own), own, SystemClock())
        await runtime.launch(spec_for(ref, "wait"), ref, SessionConfig(), None)
        await runtime.aclose()
    path = f"/api/v1/namespaces/{SESSIONS}/pods/{mine.pod_name}"
    applied.patch(path, {"metadata": {"finalizers": ["ccplant.dev/evidence", "example.com/others"]}})

    code, found = doctor(orchestrators_kubeconfig, tmp_path, "--release-finalizers", "--instance", "leaving")
    assert (code, found) == (2, {}), "nobody could be asked, so nothing is done"

    code, found = doctor(
        orchestrators_kubeconfig, tmp_path, "--release-finalizers", "--instance", "leaving", "--yes"
    )

    assert (code, found["finalizers"][0]["facts"]["count"]) == (0, "1")
    left, kept = applied.pod(SESSIONS, mine.pod_name), applied.pod(SESSIONS, others.pod_name)
    assert left is not None
    assert kept is not None
    assert left["metadata"]["finalizers"] == ["example.com/others"]
    assert kept["metadata"]["finalizers"] == ["ccplant.dev/evidence"]
