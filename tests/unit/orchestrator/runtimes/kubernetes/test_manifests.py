"""What is asked of the cluster for a launch: isolated, bounded, and nothing secret outside of the Secret (S1, S3)."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.quantities import parse_quantity
from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes import manifests, names
from ccplant_orchestrator.runtimes.protocol import Volume
from tests.contract.runtime_place import spec_for
from tests.unit.orchestrator.runtimes.kubernetes.objects import OPTIONS, REF

NOW = datetime(2026, 5, 1, tzinfo=UTC)
VOLUME = Volume("session-tester-kept", "tester", "10Gi")


def _pod(**changes: Any) -> Any:
    options = dataclasses.replace(OPTIONS, **changes)
    return manifests.pod(options, REF, "tester", SessionConfig())


def test_a_pod_has_one_container_that_may_do_nothing_special() -> None:
    spec = _pod()["spec"]
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["restartPolicy"] == "Never"
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_nothing_of_the_specification_is_in_the_pod() -> None:
    """Whoever may read Pods must not thereby read secrets; the node's process list shows commands."""
    spec = spec_for(REF, "wait")
    text = json.dumps(manifests.pod(OPTIONS, REF, spec.owner, SessionConfig()))
    assert "hidden-in-the-spec" not in text
    assert "nats://" not in text
    secret = manifests.secret(OPTIONS, REF, spec)
    assert json.loads(secret["stringData"]["spec.json"])["bus"]["password"] == "hidden-in-the-spec"


def test_the_runner_starts_where_no_repository_can_put_a_module_before_it() -> None:
    """`python -m` looks for modules where it is started: in a kept workspace that would be anybody's code."""
    (container,) = _pod()["spec"]["containers"]
    assert container["workingDir"] == "/"
    assert {"name": "PYTHONSAFEPATH", "value": "1"} in container["env"]


def test_a_pod_cannot_start_without_its_specification() -> None:
    """The fence stands on this: an emptied Secret must be an obstacle and not an empty folder."""
    (volume,) = [one for one in _pod()["spec"]["volumes"] if one["name"] == "spec"]
    assert volume["secret"]["optional"] is False
    assert [item["key"] for item in volume["secret"]["items"]] == ["spec.json"]
    assert "spec.json" not in manifests.fence(OPTIONS, REF, NOW).get("data", {})


@given(
    limit=st.sampled_from(["10m", "500m", "1", "1.0005", "2", "256"]),
    memory=st.sampled_from(["32Mi", "1.5Gi", "4Gi", "1G", "4Ti"]),
    ratio=st.decimals(min_value="0.01", max_value="1", places=2),
)
def test_requests_are_never_above_limits_and_never_nothing(limit: str, memory: str, ratio: Decimal) -> None:
    options = dataclasses.replace(OPTIONS, cpu_request_ratio=ratio, memory_request_ratio=ratio)
    config = SessionConfig(cpu_limit=limit, memory_limit=memory)
    resources = manifests.pod(options, REF, "tester", config)["spec"]["containers"][0]["resources"]
    for name in ("cpu", "memory"):
        asked = parse_quantity(resources["requests"][name])
        assert 0 < asked <= parse_quantity(resources["limits"][name])


def test_settings_of_the_place_are_in_the_pod() -> None:
    made = _pod(
        node_selector={"pool": "sessions"},
        tolerations=({"key": "only", "operator": "Exists"},),
        runtime_class="gvisor",
        priority_class="low",
        image_pull_secrets=("registry",),
        extra_labels={"team": "a", names.INSTANCE: "forged"},
        ephemeral_storage_limit="20Gi",
    )
    spec = made["spec"]
    assert spec["nodeSelector"] == {"pool": "sessions"}
    assert spec["tolerations"] == [{"key": "only", "operator": "Exists"}]
    assert spec["runtimeClassName"] == "gvisor"
    assert spec["priorityClassName"] == "low"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["containers"][0]["resources"]["limits"]["ephemeral-storage"] == "20Gi"
    assert made["metadata"]["labels"]["team"] == "a"
    assert made["metadata"]["labels"][names.INSTANCE] == "here"


def test_a_volume_holds_workspace_and_home_beside_each_other() -> None:
    made = manifests.pod(OPTIONS, REF, "tester", SessionConfig(), VOLUME)
    mounts = {one["mountPath"]: one for one in made["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["/workspace"]["subPath"] == "workspace"
    assert mounts["/var/lib/ccplant/home"]["subPath"] == "home"
    assert mounts["/workspace"]["name"] == mounts["/var/lib/ccplant/home"]["name"]
    assert made["metadata"]["labels"][names.VOLUME] == VOLUME.id


def test_the_image_is_the_sessions_own_or_the_default() -> None:
    config = SessionConfig(image="example/other:1")
    assert manifests.pod(OPTIONS, REF, "t", config)["spec"]["containers"][0]["image"] == "example/other:1"
    assert _pod()["spec"]["containers"][0]["image"] == OPTIONS.runner_image


@pytest.mark.parametrize("storage_class", [None, "fast"])
def test_a_claim_asks_for_the_class_of_the_setting_or_for_the_clusters_default(
    storage_class: str | None,
) -> None:
    options = dataclasses.replace(OPTIONS, storage_class=storage_class)
    spec = manifests.claim(options, VOLUME)["spec"]
    assert spec.get("storageClassName") == storage_class
    assert spec["resources"]["requests"]["storage"] == "10Gi"


def test_one_selector_finds_everything_of_a_session() -> None:
    made = [
        manifests.pod(OPTIONS, REF, "tester", SessionConfig()),
        manifests.secret(OPTIONS, REF, spec_for(REF, "wait")),
        manifests.fence(OPTIONS, REF, NOW),
        manifests.claim(OPTIONS, Volume(REF.session_id, "tester", "1Gi")),
    ]
    assert {one["metadata"]["labels"][names.SESSION] for one in made} == {REF.session_id}
    assert all(names.is_ours(OPTIONS, one) for one in made)
