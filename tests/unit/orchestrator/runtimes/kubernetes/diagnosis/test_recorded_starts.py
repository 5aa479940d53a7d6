"""Every start that fails on a real cluster is said by its code, with what a person needs to mend it (D1)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ccplant_contracts.messages import CATALOGUE
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import diagnose_refusal, diagnose_start
from tests.unit.orchestrator.runtimes.kubernetes.diagnosis import recordings

HOPELESS = True
MAY_COME = False

STARTS = [
    ("no-nodes", "no_nodes", MAY_COME, ""),
    ("cpu-larger-than-any-node", "insufficient_cpu", MAY_COME,
     "requests 64 cores, and 3 of 3 nodes have too little (even the largest has only 32: 32 are missing)"),
    ("memory-larger-than-any-node", "insufficient_memory", MAY_COME,
     "requests 300Gi, and 3 of 3 nodes have too little (even the largest has only 256Gi: 44Gi are missing)"),
    ("cpu-and-memory", "insufficient_memory", MAY_COME, "44Gi are missing"),
    ("memory-used-by-others", "insufficient_memory", MAY_COME,
     "1 of 4 nodes have too little (even the one with most room lacks at least 2Gi)"),
    ("cpu-used-by-others", "insufficient_cpu", MAY_COME,
     "requests 1.5 cores, and 1 of 4 nodes have too little (even the one with most room lacks at least 0.5)"),
    ("graphics-card", "insufficient_resource", MAY_COME, "Not enough nvidia.com/gpu: it requests 1, and 3 of 3"),
    ("too-many-pods", "too_many_pods", MAY_COME, "1 of 4 nodes"),
    ("taints", "node_taints", MAY_COME, "3 of 3: kwok.x-k8s.io/node=fake:NoSchedule"),
    ("selector", "node_selector_mismatch", MAY_COME, "3 of 3 are not: pool=none"),
    ("selector-of-tainted-nodes", "node_taints", MAY_COME, "kwok.x-k8s.io/node=fake:NoSchedule"),
    ("cordoned", "nodes_cordoned", MAY_COME, "4 of 4"),
    ("scheduling-gate", "scheduling_gated", MAY_COME, "example.com/budget"),
    ("volume-without-class", "volume_class_missing", MAY_COME, "the cluster has no default class"),
    ("volume-of-unknown-class", "volume_class_missing", MAY_COME, "volume-of-unknown-class (nowhere)"),
    ("volume-without-persistent-volume", "volume_not_available", MAY_COME, "1Gi, storage class at-once"),
    ("volume-waiting-without-persistent-volume", "volume_not_available", MAY_COME, "storage class waiting"),
    ("volume-provisioned-elsewhere", "volume_provisioning", MAY_COME, "volume-provisioned-elsewhere"),
    ("volume-missing", "volume_missing", MAY_COME, "missing"),
    ("volume-deleting", "volume_deleting", HOPELESS, "going"),
    ("volume-lost", "volume_lost", HOPELESS, "volume-lost"),
    ("volume-zone", "volume_zone", MAY_COME, "not from 3 of 4"),
    ("volume-mount-failed", "volume_mount_failed", MAY_COME, "/nowhere/at/all"),
    ("image-not-found-once", "image_not_found", HOPELESS, "registry.test.invalid/team/absent:1"),
    ("image-not-found", "image_not_found", HOPELESS, "registry.test.invalid/team/absent:1"),
    ("image-access-denied", "image_access_denied", MAY_COME, "registry.test.invalid/team/private:1"),
    ("registry-failing", "registry_failing", MAY_COME, "503 Service Unavailable"),
    ("registry-unreachable", "registry_unreachable", MAY_COME, "registry.unknown.invalid"),
    ("image-pulling", "image_pulling", MAY_COME, "registry.test.invalid/team/slow:1"),
    ("image-name-invalid", "image_name_invalid", HOPELESS, "Not/AnImage:1"),
    ("image-not-on-node", "image_not_on_node", HOPELESS, "test.invalid/not-here:1"),
    ("secret-missing", "secret_missing", HOPELESS, "not found"),
    ("secret-missing-as-variable", "secret_missing", MAY_COME, "couldn't find key token"),
    ("image-runs-as-root", "image_runs_as_root", HOPELESS, "would run as root"),
    ("command-missing", "command_missing", HOPELESS, "no-such-program"),
    ("sandbox-failed", "sandbox_failed", MAY_COME, "runsc"),
    ("node-refused", "node_refused", HOPELESS, "OutOfcpu"),
    ("node-silent-while-starting", "node_not_responding", MAY_COME, "node-1"),
]  # fmt: skip
LATER = [
    ("volume-missing", 60, HOPELESS),
    ("secret-missing-as-variable", 60, HOPELESS),
    ("runner-not-registered", 60, MAY_COME),
]


def _english(code: str, problem: Any) -> str:
    assert problem is not None
    assert problem.diagnosis.code == code
    return str(problem.diagnosis.message["en"])


@pytest.mark.parametrize(("name", "code", "hopeless", "words"), STARTS, ids=[one[0] for one in STARTS])
def test_a_recorded_start_is_explained(name: str, code: str, hopeless: bool, words: str) -> None:
    problem = recordings.start(recordings.recorded(name))

    assert words in _english(code, problem)
    assert problem is not None
    assert problem.hopeless is hopeless
    assert "?" not in problem.diagnosis.message["en"] + problem.diagnosis.message["ja"]
    json.dumps(problem.diagnosis.evidence, allow_nan=False)
    assert len(problem.diagnosis.model_dump_json()) < 30_000


@pytest.mark.parametrize(("name", "seconds", "hopeless"), LATER, ids=[one[0] for one in LATER])
def test_what_may_come_at_first_is_given_up_later_by_rule(name: str, seconds: int, hopeless: bool) -> None:
    scene = recordings.recorded(name)
    begun = datetime.fromisoformat(scene["pod"]["metadata"]["creationTimestamp"])
    later = datetime.fromtimestamp(begun.timestamp() + seconds, UTC)

    problem = diagnose_start(scene["pod"], scene["events"], scene["pvc"], scene["nodes"], now=later)

    assert problem is not None
    assert problem.hopeless is hopeless


def test_an_image_that_is_not_there_is_so_without_its_events_too() -> None:
    scene = recordings.recorded("image-not-found-once")
    problem = recordings.start({**scene, "events": []})
    assert problem is not None
    assert (problem.diagnosis.code, problem.hopeless) == ("image_not_found", HOPELESS)


def test_an_image_that_is_not_allowed_is_asked_for_twice() -> None:
    scene = recordings.recorded("image-access-denied")
    twice = [{**event, "count": 2} if event["reason"] == "Failed" else event for event in scene["events"]]
    problem = recordings.start({**scene, "events": twice})
    assert problem is not None
    assert (problem.diagnosis.code, problem.hopeless) == ("image_access_denied", HOPELESS)


def test_an_image_that_is_not_allowed_is_given_up_in_time_without_events() -> None:
    scene = recordings.recorded("image-not-found-once")
    words = json.dumps(scene["pod"]).replace("absent:1: not found", "absent:1: 403 Forbidden")
    pod = json.loads(words.replace("code = NotFound", "code = Unknown"))
    begun = datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
    found = [
        diagnose_start(pod, [], None, scene["nodes"], now=datetime.fromtimestamp(begun + seconds, UTC))
        for seconds in (60, 600)
    ]
    assert [one and (one.diagnosis.code, one.hopeless) for one in found] == [
        ("image_access_denied", MAY_COME),
        ("image_access_denied", HOPELESS),
    ]


def test_every_recorded_start_is_in_the_table() -> None:
    told = {one[0] for one in STARTS} | {"runner-not-registered"}
    assert {name for name in recordings.names() if not name.startswith(("ended-", "refused-"))} == told


def test_a_sentence_stays_the_same_while_nothing_changes() -> None:
    """A new sentence is written down and told to everybody who watches."""
    for name, _, _, _ in STARTS:
        scene = recordings.recorded(name)
        now = datetime.fromisoformat(scene["now"])
        later = datetime.fromtimestamp(now.timestamp() + 5, UTC)
        found = [
            diagnose_start(scene["pod"], scene["events"], scene["pvc"], scene["nodes"], now=moment)
            for moment in (now, later)
        ]
        assert all(found)
        assert len({one.diagnosis.message["ja"] for one in found if one is not None}) == 1, name


REFUSALS = [
    ("refused-by-quota-for-ever", "quota_exceeded", HOPELESS, "limited: limits.memory=1Gi"),
    ("refused-by-quota-in-use", "quota_exceeded", MAY_COME, "used: limits.memory=2Gi"),
    ("refused-by-quota-of-pods", "quota_exceeded", HOPELESS, "limited: pods=0"),
    ("refused-by-quota-without-limit", "admission_refused", HOPELESS, "must specify limits.cpu"),
    ("refused-by-limit-range", "admission_refused", HOPELESS, "maximum memory usage per Container is 64Mi"),
    ("refused-by-pod-security", "admission_refused", HOPELESS, 'violates PodSecurity "restricted:latest"'),
    ("refused-runtime-class", "admission_refused", HOPELESS, 'RuntimeClass "gvisor" not found'),
    ("refused-priority-class", "admission_refused", HOPELESS, "no PriorityClass with name sessions"),
    ("refused-as-invalid", "admission_refused", HOPELESS, "spec.nodeSelector: Invalid value"),
]


@pytest.mark.parametrize(("name", "code", "hopeless", "words"), REFUSALS, ids=[one[0] for one in REFUSALS])
def test_a_recorded_refusal_is_explained(name: str, code: str, hopeless: bool, words: str) -> None:
    said = recordings.recorded(name)

    problem = diagnose_refusal(said["code"], said["reason"], said["message"], what="Pod")

    assert words in _english(code, problem)
    assert problem.hopeless is hopeless


def test_rights_that_are_missing_are_not_taken_for_a_rule() -> None:
    message = (
        'pods is forbidden: User "system:serviceaccount:a:b" cannot create resource "pods" in API group ""'
    )
    problem = diagnose_refusal(403, "Forbidden", message)
    assert (problem.diagnosis.code, problem.hopeless) == ("rights_missing", False)


def test_every_sentence_has_a_hint_in_both_languages() -> None:
    for code, entry in CATALOGUE.items():
        for text in (entry.message, entry.hint):
            assert text.ja.strip(), code
            assert text.en.strip(), code


def test_a_hint_names_only_settings_that_there_are() -> None:
    settings = (Path(__file__).parents[6] / "docs" / "configuration.md").read_text()
    for code, entry in CATALOGUE.items():
        for name in re.findall(r"CCPLANT_[A-Z_]+", entry.hint.ja + entry.hint.en):
            assert f"`{name}`" in settings, code
