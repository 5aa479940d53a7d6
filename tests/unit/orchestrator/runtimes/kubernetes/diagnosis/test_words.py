"""Words of other clusters than the one that was recorded: older schedulers, other runtimes, clouds."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ccplant_contracts.launch import LastWord
from ccplant_contracts.status import Reason
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import diagnose_start, placing, read_exit, room
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.images import kind_of_failure
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.scheduler import Refusal, read_verdict
from ccplant_orchestrator.runtimes.protocol import StartProblem
from tests.unit.orchestrator.runtimes.kubernetes.diagnosis import recordings

Json = dict[str, Any]


def _event(pod: Json, reason: str, message: str, at: datetime, **more: Any) -> Json:
    about = {"kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    stamp = at.isoformat(timespec="seconds")
    told = {"firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1, **more}
    return {"involvedObject": about, "reason": reason, "message": message, "type": "Warning", **told}


def _with_event(name: str, reason: str, message: str, **more: Any) -> StartProblem | None:
    scene = recordings.recorded(name)
    now = datetime.fromisoformat(scene["now"])
    scene["events"].append(_event(scene["pod"], reason, message, now, **more))
    return recordings.start(scene)


def _code(problem: StartProblem | None) -> str | None:
    return None if problem is None else problem.diagnosis.code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('failed to resolve reference "docker.io/library/nope:1": docker.io/library/nope:1: not found',
         "image_not_found"),
        ("manifest for example/x:9 not found: manifest unknown: manifest unknown", "image_not_found"),
        (("pull access denied, repository does not exist or may require authorization: server message:"
         " insufficient_scope: authorization failed"), "image_access_denied"),
        (("failed to authorize: failed to fetch anonymous token: unexpected status from GET request to"
         " https://auth.example/token: 401 Unauthorized"), "image_access_denied"),
        ("denied: requested access to the resource is denied", "image_access_denied"),
        ("unexpected status code 403 Forbidden", "image_access_denied"),
        ("no basic auth credentials", "image_access_denied"),
        ("toomanyrequests: You have reached your pull rate limit", "registry_failing"),
        ("unexpected status from HEAD request: 503 Service Unavailable", "registry_failing"),
        ("dial tcp: lookup registry.example on 10.0.0.10:53: no such host", "registry_unreachable"),
        ('failed to do request: Head "https://r.example/v2/": dial tcp 192.0.2.9:443: i/o timeout',
         "registry_unreachable"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority",
         "registry_unreachable"),
        ("no match for platform in manifest: not found", "image_wrong_platform"),
        ("something that nobody has seen yet", "image_pull_failed"),
    ],
)  # fmt: skip
def test_a_pulls_failure_is_told_by_the_registrys_words(words: str, code: str) -> None:
    assert kind_of_failure(words) == code


def test_a_name_that_sounds_like_a_failure_is_none() -> None:
    image = "registry.example/401-unauthorized/not-found:503"
    assert kind_of_failure(f'failed to pull "{image}": i/o timeout', image) == "registry_unreachable"


def test_the_nodes_that_came_furthest_say_what_is_missing() -> None:
    verdict = read_verdict(
        "0/6 nodes are available: 1 Insufficient memory, 2 node(s) didn't match Pod's node affinity/selector, "
        "3 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: 0/6 nodes are "
        "available: 5 Preemption is not helpful for scheduling, 1 No preemption victims found for incoming pod."
    )
    assert verdict is not None
    assert verdict.total == 6
    assert [one.nodes for one in verdict.refusals] == [1, 2, 3]
    assert verdict.foremost is not None
    assert verdict.foremost.reason == "Insufficient memory"


def _scheduled(message: str) -> StartProblem | None:
    scene = recordings.recorded("taints")
    for condition in scene["pod"]["status"]["conditions"]:
        condition["message"] = message
    return recordings.start({**scene, "nodes": [], "events": []})


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ("2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }", "nodes_not_ready"),
        ("2 node(s) had untolerated taint {dedicated: gpu}", "node_taints"),
        ("2 node(s) were unschedulable", "nodes_cordoned"),
        ("2 node(s) had volume node affinity conflict", "no_node_fits"),  # and no claim is in sight
        ("2 node(s) didn't match pod topology spread constraints", "no_node_fits"),
        ("2 Insufficient cpu", "insufficient_cpu"),
    ],
)
def test_the_schedulers_words_do_where_no_node_may_be_read(reasons: str, code: str) -> None:
    assert _code(_scheduled(f"0/2 nodes are available: {reasons}.")) == code


def test_a_pool_that_is_closed_is_said_before_the_nodes_that_were_never_meant() -> None:
    scene = recordings.recorded("selector-of-tainted-nodes")
    for condition in scene["pod"]["status"]["conditions"]:
        condition["message"] = (
            "0/4 nodes are available: 1 node(s) had untolerated taint(s), "
            "3 node(s) didn't match Pod's node affinity/selector."
        )
    assert _code(recordings.start(scene)) == "node_taints"


def test_without_nodes_no_figure_is_made_up() -> None:
    problem = _scheduled("0/2 nodes are available: 2 Insufficient cpu.")
    assert problem is not None
    assert "too little." in problem.diagnosis.message["en"]
    assert "missing" not in str(problem.diagnosis.evidence["shortages"])


def test_a_scheduler_that_says_nothing_is_said_after_a_while() -> None:
    scene = recordings.recorded("taints")
    scene["pod"]["status"] = {"phase": "Pending"}
    begun = datetime.fromisoformat(scene["pod"]["metadata"]["creationTimestamp"])
    for seconds, code in ((1, None), (60, "waiting_for_scheduler")):
        now = begun + timedelta(seconds=seconds)
        assert _code(diagnose_start(scene["pod"], [], None, [], now=now)) == code


def test_a_cluster_that_adds_a_node_says_so_and_why() -> None:
    message = "pod triggered scale-up: [{pool 1->2 (max: 5)}]"
    problem = _with_event("cpu-larger-than-any-node", "TriggeredScaleUp", message)
    assert problem is not None
    assert problem.diagnosis.code == "node_coming"
    assert problem.diagnosis.evidence["because"] == "insufficient_cpu"


def test_events_of_an_earlier_pod_of_that_name_do_not_count() -> None:
    scene = recordings.recorded("image-not-found")
    for event in scene["events"]:
        event["involvedObject"]["uid"] = "another"
    problem = recordings.start(scene)
    assert problem is not None
    assert "failed_pulls" not in problem.diagnosis.evidence


@pytest.mark.parametrize(
    ("reason", "message", "code"),
    [
        ("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a',
         "volume_in_use"),
        ("FailedAttachVolume", 'AttachVolume.Attach failed for volume "pvc-1" : rpc error', "volume_attach_failed"),
        ("FailedMount", "Unable to attach or mount volumes: unmounted volumes=[workspace], timed out",
         "volume_mount_failed"),
        ("FailedMount", 'MountVolume.SetUp failed for volume "spec" : references non-existent secret key: spec.json',
         "secret_missing"),
        ("FailedCreatePodSandBox", 'plugin type="calico" failed (add): error getting ClusterInformation',
         "sandbox_failed"),
    ],
)  # fmt: skip
def test_a_nodes_newest_event_says_where_a_start_stands(reason: str, message: str, code: str) -> None:
    scene = recordings.recorded("image-pulling")
    later = datetime.fromisoformat(scene["now"]) + timedelta(seconds=1)
    scene["events"].append(_event(scene["pod"], reason, message, later))
    assert _code(recordings.start(scene)) == code


def test_a_provisioners_failure_is_told_in_its_words_without_what_signs_its_urls() -> None:
    scene = recordings.recorded("volume-provisioned-elsewhere")
    claim = next(one for one in scene["events"] if one["involvedObject"]["kind"] == "PersistentVolumeClaim")
    failed = copy.deepcopy(claim)
    words = (
        "failed to provision: POST https://key:secret@storage.example/v1?sig=abc123: quota of disks reached"
    )
    later = (datetime.fromisoformat(scene["now"]) + timedelta(seconds=1)).isoformat()
    failed.update(reason="ProvisioningFailed", message=words, lastTimestamp=later, firstTimestamp=later)
    problem = recordings.start({**scene, "events": [*scene["events"], failed]})
    assert problem is not None
    assert problem.diagnosis.code == "volume_provisioning_failed"
    told = problem.diagnosis.model_dump_json()
    assert "quota of disks reached" in told
    assert "secret@" not in told
    assert "abc123" not in told


# --- a container that runs ---


def _running(log: list[str], seconds: float = 60) -> StartProblem | None:
    scene = recordings.recorded("runner-not-registered")
    begun = datetime.fromisoformat(
        scene["pod"]["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    )
    now = begun + timedelta(seconds=seconds)
    return diagnose_start(scene["pod"], scene["events"], None, scene["nodes"], now=now, log_tail=log)


def _line(**fields: Any) -> str:
    return json.dumps({"time": "2026-05-01T10:00:00Z", "level": "info", "service": "runner", **fields})


def test_what_the_runner_does_is_read_from_its_log() -> None:
    assert _code(_running([], seconds=5)) is None
    assert _code(_running([])) == "runner_not_registered"
    git = _line(service="git", line="Receiving objects: 10%")
    assert _code(_running([git])) == "cloning"
    assert (
        _code(_running([git, _line(event="cloned"), _line(service="setup", line="+ make")])) == "setting_up"
    )
    away = _line(event="bus_unreachable", server="nats://bus:4222", error="connection refused")
    problem = _running(["no JSON", away])
    assert _code(problem) == "bus_unreachable"
    assert problem is not None
    assert "nats://bus:4222" in problem.diagnosis.message["en"]
    assert problem.diagnosis.evidence["log_tail"]


def test_a_runner_that_is_registered_has_no_problem() -> None:
    scene = recordings.recorded("runner-not-registered")
    scene["pod"]["status"]["containerStatuses"][0]["ready"] = True
    later = datetime.fromisoformat(scene["now"]) + timedelta(hours=1)
    assert diagnose_start(scene["pod"], [], None, scene["nodes"], now=later) is None


# --- ends ---


def _with_message(message: str, name: str = "ended-crashed") -> Json:
    scene = recordings.recorded(name)
    scene["pod"]["status"]["containerStatuses"][0]["state"]["terminated"]["message"] = message
    return scene


def test_the_runners_last_word_is_heard() -> None:
    word = LastWord(
        reason=Reason.AGENT_CRASHED, detail="it died", log_tail=("a", "b"), evidence={"oom_kills": 2}
    )
    record = recordings.end(_with_message(word.model_dump_json()), with_log=False)
    assert record.last_word == word
    assert record.evidence["oom"] == {"of": "tool", "kills": 2}
    assert not record.oom_killed


def test_a_line_of_the_log_is_not_taken_for_a_last_word() -> None:
    """An object of JSON without any of its fields would pass for a runner that was told to stop."""
    line = _line(event="starting")
    record = recordings.end(_with_message(line), with_log=False)
    assert record.last_word is None
    assert record.log_tail == (line,)


def test_a_tool_that_was_killed_long_ago_does_not_make_an_end_a_lack_of_memory() -> None:
    scene = recordings.recorded("ended-out-of-memory")
    ended = scene["pod"]["status"]["containerStatuses"][0]["state"]["terminated"]
    ended["exitCode"] = 0
    record = recordings.end(scene)
    assert not record.oom_killed
    assert record.evidence["oom"] == {"of": "tool"}


@pytest.mark.parametrize(
    ("reason", "message", "fact"),
    [
        ("Evicted", "The node was low on resource: memory. Threshold quantity: 100Mi", "evicted"),
        ("Preempting", "Preempted in order to admit critical pod", "evicted"),
        ("Terminated", "Pod was terminated in response to imminent node shutdown.", "node_shutdown"),
        ("NodeShutdown", "Pod was rejected as the node is shutting down.", "node_shutdown"),
        ("NodeLost", "Node a which was running pod b is unresponsive", "node_shutdown"),
    ],
)
def test_what_a_kubelet_did_is_on_the_pod(reason: str, message: str, fact: str) -> None:
    scene = recordings.recorded("ended-crashed")
    scene["pod"]["status"].update(reason=reason, message=message)
    record = recordings.end(scene)
    assert getattr(record, fact) is True
    assert message in (record.detail or "")


def test_a_container_of_which_nobody_saw_the_end_has_no_exit_code() -> None:
    scene = recordings.recorded("ended-crashed")
    ended = scene["pod"]["status"]["containerStatuses"][0]["state"]["terminated"]
    ended.update(reason="ContainerStatusUnknown", exitCode=137, startedAt=None, finishedAt=None)
    record = recordings.end(scene)
    assert (record.exit_code, record.signal, record.oom_killed) == (None, None, False)


def test_a_container_that_never_ran_has_no_exit_code_of_the_runner() -> None:
    record = recordings.end(recordings.recorded("command-missing"))
    assert (record.exit_code, record.signal) == (None, None)
    assert record.evidence["never_started"] is True
    assert "no-such-program" in (record.detail or "")


def test_an_end_of_which_the_node_has_not_told_is_incomplete() -> None:
    scene = recordings.recorded("runner-not-registered")
    assert not recordings.end(scene).complete


def test_a_drain_is_only_said_of_a_node_that_was_closed() -> None:
    scene = recordings.recorded("ended-drained")
    open_node = copy.deepcopy(scene["nodes"][0])
    open_node["spec"]["unschedulable"] = False
    assert read_exit(scene["pod"], scene["nodes"][0]).evidence["disruption"] == "drained"
    assert read_exit(scene["pod"], open_node).evidence["disruption"] == "evicted"


def test_secrets_do_not_pass_from_a_log_into_the_evidence() -> None:
    record = read_exit(recordings.recorded("ended-well")["pod"], None, ["token sk-ant-abcdefgh12345678 used"])
    assert record.log_tail == ("token sk-ant-*** used",)


def test_now_may_be_before_what_is_told() -> None:
    scene = recordings.recorded("image-pulling")
    problem = diagnose_start(
        scene["pod"], scene["events"], None, scene["nodes"], now=datetime(2020, 1, 1, tzinfo=UTC)
    )
    assert problem is not None
    assert problem.diagnosis.evidence["seconds"] == 0


def _node(name: str, memory: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "status": {"allocatable": {"memory": memory}}}


def _pod(node: str, memory: str) -> dict[str, object]:
    container = {"name": "a", "resources": {"requests": {"memory": memory}}}
    return {"spec": {"nodeName": node, "containers": [container]}, "status": {"phase": "Running"}}


def test_the_room_of_each_node_is_told_without_its_name_that_with_most_first() -> None:
    nodes = [
        _node("full", "4Gi"),
        _node("half", "8Gi"),
        *(_node(f"n{number}", "1Gi") for number in range(20)),
    ]
    others = [_pod("full", "6Gi"), _pod("half", "4Gi")]
    short = room.shortage(_pod("", "8Gi"), "memory", nodes, others)
    assert (short.largest, short.most_free) == (Decimal(8 * 2**30), Decimal(4 * 2**30))
    told = placing.told(short, Refusal("resources", "Insufficient memory", 22))
    rooms = told["rooms"]
    assert isinstance(rooms, list)
    assert rooms[:2] == [{"has": "8Gi", "free": "4Gi"}, {"has": "1Gi", "free": "1Gi"}]
    assert len(rooms) == 8, "bounded"
    assert "half" not in str(told)
    crowded = placing.told(
        room.shortage(_pod("", "8Gi"), "memory", nodes[:2], others), Refusal("resources", "x", 2)
    )
    assert crowded["rooms"] == [{"has": "8Gi", "free": "4Gi"}, {"has": "4Gi", "free": "0"}], (
        "never less than none"
    )
    unknown = placing.told(
        room.shortage(_pod("", "8Gi"), "memory", nodes[:2], []), Refusal("resources", "x", 2)
    )
    assert unknown["rooms"] == [{"has": "8Gi"}, {"has": "4Gi"}]
