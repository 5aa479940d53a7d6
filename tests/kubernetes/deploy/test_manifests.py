"""The manifests are taken by a real API server, their Pods pass Pod security, and nothing in them is more than needed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.deploy.manifests import CONTROL, SESSIONS, of_kind, template
from tests.support.waiting import eventually

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(180)]

WORKLOADS = {"nats": 1, "mongodb": 1, "ccplant-api": 2, "ccplant-orchestrator": 2,
    "ccplant-webhook-ingest": 2, "ccplant-scheduler": 2,
}  # fmt: skip


def workloads(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return of_kind(manifests, "Deployment") | of_kind(manifests, "StatefulSet")


def containers(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        container
        for one in workloads(manifests).values()
        for container in [*template(one)["containers"], *template(one).get("initContainers", [])]
    ]


async def test_the_cluster_makes_every_pod_under_its_strictest_profile(applied: ClusterApi) -> None:
    """A Pod that Pod security refuses is never made: its controller only writes an event."""

    def all_made() -> bool:
        names = [pod["metadata"]["name"] for pod in applied.pods(CONTROL)]
        made = {one: sum(name.startswith(f"{one}-") for name in names) for one in WORKLOADS}
        assert made == WORKLOADS, [event["message"] for event in failed_to_make(applied)]
        return True

    await eventually(all_made, 60)
    assert failed_to_make(applied) == []


def failed_to_make(api: ClusterApi) -> list[dict[str, Any]]:
    events = api.items(f"/api/v1/namespaces/{CONTROL}/events")
    return [event for event in events if event["reason"] == "FailedCreate"]


def test_namespaces_enforce_that_profile(applied: ClusterApi) -> None:
    for name in (CONTROL, SESSIONS):
        labels = applied.get(f"/api/v1/namespaces/{name}")["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_container_has_requests_and_a_limit_of_memory(manifests: list[dict[str, Any]]) -> None:
    assert len(containers(manifests)) == 8
    for container in containers(manifests):
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), container["name"]
        assert "memory" in container["resources"]["limits"], container["name"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, container["name"]


def test_every_server_is_probed(manifests: list[dict[str, Any]]) -> None:
    for name, one in workloads(manifests).items():
        main = template(one)["containers"][0]
        assert {"startupProbe", "livenessProbe"} <= main.keys(), name


def test_only_the_orchestrator_has_a_token(manifests: list[dict[str, Any]]) -> None:
    having = {
        name for name, one in workloads(manifests).items() if template(one)["automountServiceAccountToken"]
    }
    assert having == {"ccplant-orchestrator"}


def test_each_program_mounts_its_own_secret_alone(manifests: list[dict[str, Any]]) -> None:
    mounted = {
        name: {
            volume["secret"]["secretName"].rsplit("-", 1)[0]
            for volume in template(one)["volumes"]
            if "secret" in volume
        }
        for name, one in workloads(manifests).items()
    }
    assert mounted == {
        "nats": {"ccplant-nats"},
        "mongodb": {"ccplant-mongodb"},
        "ccplant-api": {"ccplant-api"},
        "ccplant-orchestrator": {"ccplant-orchestrator"},
        "ccplant-webhook-ingest": {"ccplant-webhook-ingest"},
        "ccplant-scheduler": {"ccplant-scheduler"},
    }
    for secret in of_kind(manifests, "Secret").values():
        assert not {"operator.json", "operator_seed"} & secret["data"].keys()


def test_what_has_two_replicas_keeps_one_through_a_drain(manifests: list[dict[str, Any]]) -> None:
    budgets = of_kind(manifests, "PodDisruptionBudget")
    two = {name for name, one in workloads(manifests).items() if one["spec"]["replicas"] > 1}
    assert set(budgets) == two
    for name, budget in budgets.items():
        labels = workloads(manifests)[name]["spec"]["template"]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_a_session_reaches_neither_private_addresses_nor_the_metadata_address(
    manifests: list[dict[str, Any]],
) -> None:
    policy = of_kind(manifests, "NetworkPolicy")["sessions"]
    assert policy["metadata"]["namespace"] == SESSIONS
    assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    assert not policy["spec"].get("ingress")
    blocks = [to["ipBlock"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]
    four = next(block for block in blocks if block["cidr"] == "0.0.0.0/0")
    assert {"169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(four["except"])
    six = next(block for block in blocks if block["cidr"] == "::/0")
    assert {"fc00::/7", "fe80::/10"} <= set(six["except"])


@pytest.mark.parametrize("name", ["webhook-ingest", "scheduler"])
def test_what_takes_in_triggers_reaches_names_the_bus_and_the_database_alone(
    manifests: list[dict[str, Any]], name: str
) -> None:
    egress = of_kind(manifests, "NetworkPolicy")[name]["spec"]["egress"]
    assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 4222, 27017}
    assert not [to for rule in egress for to in rule["to"] if "ipBlock" in to]
    for server in ("nats", "mongodb"):
        ingress = of_kind(manifests, "NetworkPolicy")[server]["spec"]["ingress"]
        let_in = ingress[0]["from"][0]["podSelector"]["matchExpressions"][0]["values"]
        assert f"ccplant-{name}" in let_in


def test_the_policies_choose_pods_that_there_are(manifests: list[dict[str, Any]]) -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in workloads(manifests).values()]
    for name, policy in of_kind(manifests, "NetworkPolicy").items():
        if policy["metadata"]["namespace"] == CONTROL:
            wanted = policy["spec"]["podSelector"].get("matchLabels", {}).items()
            assert any(wanted <= one.items() for one in labels), name
