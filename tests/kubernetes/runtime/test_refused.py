"""What the cluster refuses by rule fails the launch at once, in the cluster's own words (D1)."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRefusedError, RuntimeFailedError
from tests.contract.runtime_place import new_ref, spec_for
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.runtime.conftest import OpenRuntime
from tests.kubernetes.runtime.steps import launched
from tests.support.waiting import eventually

pytestmark = pytest.mark.kubernetes


async def test_a_quota_that_is_used_up_is_told_with_its_numbers(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    cluster_api.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "few", "namespace": cluster_namespace},
            "spec": {"hard": {"pods": "0"}},
        }
    )
    with pytest.raises(LaunchRefusedError) as refused:
        await launched(runtime)
    assert refused.value.diagnosis.code == "quota_exceeded"
    assert "exceeded quota: few" in refused.value.diagnosis.message["en"]


async def test_a_limit_range_that_forbids_the_size_is_told(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    cluster_api.apply(
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "small", "namespace": cluster_namespace},
            "spec": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]},
        }
    )
    with pytest.raises(LaunchRefusedError) as refused:
        await launched(runtime)
    assert refused.value.diagnosis.code == "admission_refused"
    assert "maximum memory usage" in refused.value.diagnosis.message["ja"]


async def test_pods_meet_the_restricted_profile(
    runtime: KubernetesRuntime, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster_api.patch(f"/api/v1/namespaces/{cluster_namespace}", {"metadata": {"labels": enforce}})
    await launched(runtime, volume="session-tester-kept")
    assert len(cluster_api.pods(cluster_namespace)) == 1


async def test_a_specification_that_no_secret_can_hold_is_refused(runtime: KubernetesRuntime) -> None:
    ref = new_ref()
    with pytest.raises(LaunchRefusedError) as refused:
        await runtime.launch(spec_for(ref, "x" * 1_500_000), ref, SessionConfig(), None)
    assert "a Secret holds" in refused.value.diagnosis.message["en"]


async def test_a_runtime_class_that_is_not_there_is_told(
    options: KubernetesOptions, open_runtime: OpenRuntime
) -> None:
    runtime = open_runtime(dataclasses.replace(options, runtime_class="gvisor"))
    with pytest.raises(LaunchRefusedError) as refused:
        await launched(runtime)
    assert "gvisor" in refused.value.diagnosis.message["en"]


async def test_a_namespace_that_is_not_there_is_told(
    options: KubernetesOptions, open_runtime: OpenRuntime
) -> None:
    with pytest.raises(LaunchRefusedError) as refused:
        await launched(open_runtime(dataclasses.replace(options, namespace="nowhere")))
    assert "nowhere" in refused.value.diagnosis.message["en"]


async def test_missing_rights_are_no_fault_of_the_session(
    options: KubernetesOptions,
    open_runtime: OpenRuntime,
    control_plane: ControlPlane,
    cluster_namespace: str,
) -> None:
    """They may come: roles are not known for a moment after an API server's start."""
    nobody = control_plane.kubeconfig_for(cluster_namespace, "default")
    runtime = open_runtime(dataclasses.replace(options, config_file=nobody))
    with pytest.raises(RuntimeFailedError, match="cannot create resource"):
        await launched(runtime)


@pytest.mark.parametrize("content", [None, "", "no: kubeconfig", "{{{"])
async def test_a_kubeconfig_that_makes_no_sense_is_told(
    options: KubernetesOptions,
    open_runtime: OpenRuntime,
    tmp_path_factory: pytest.TempPathFactory,
    content: str | None,
) -> None:
    file = tmp_path_factory.mktemp("config") / "config"
    if content is not None:
        file.write_text(content)
    runtime = open_runtime(dataclasses.replace(options, config_file=file))
    with pytest.raises(RuntimeFailedError, match="no access to a Kubernetes cluster"):
        await runtime.list()


async def test_credentials_that_were_replaced_are_read_again(
    options: KubernetesOptions, open_runtime: OpenRuntime, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Tokens of plugins and mounted files run out while the orchestrator runs."""
    assert options.config_file is not None
    good = options.config_file.read_text()
    file = tmp_path_factory.mktemp("config") / "config"
    bad = json.loads(good)
    bad["users"][0]["user"]["token"] = "run-out"
    file.write_text(json.dumps(bad))
    runtime = open_runtime(dataclasses.replace(options, config_file=file))
    with pytest.raises(RuntimeFailedError, match="401"):
        await runtime.list()
    file.write_text(good)

    async def works() -> bool:
        try:
            return await runtime.list() == []
        except RuntimeFailedError:
            return False

    assert await eventually(works, interval=0.1)
