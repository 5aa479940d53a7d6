"""How a session's container ended, as facts.

| Fact | When |
|---|---|
| `exit_code`, `signal` | as the node says; above 128 the number of the signal; neither where the node did not see the end
  (`ContainerStatusUnknown`, `Unknown`) or the container never ran (`StartError`) |
| `oom_killed` | the node says OOMKilled, and the first process died by SIGKILL, which was not the end of a grace (after a
  deletion was asked for, nobody can tell). The kubelet says OOMKilled also where a tool was killed and the runner ended
  well later: that is evidence only |
| `evicted` | by the kubelet, by the eviction API, preempted, or by a taint |
| `node_shutdown` | drained, shut down, lost, gone, or restarted |
| `deleted_from_outside` | deleted before it ended, by nobody of the above and not by its orchestrator |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ccplant_contracts.launch import LastWord
from ccplant_orchestrator.runtimes import plain
from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import disruption, raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.containers import NEVER_STARTED
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import ExitRecord

_SIGKILL = 9
_HIGHEST_SIGNAL = 64
_UNSEEN = ("ContainerStatusUnknown", "Unknown")
_EVICTED = ("evicted", "preempted")
_NODE = ("drained", "node_shutdown", "node_lost", "node_gone", "node_restarted")
_NOTHING: raw.Json = {}


def read_exit(
    pod: raw.Json, node: raw.Json | None, log_tail: Sequence[str] = (), *, node_gone: bool = False
) -> ExitRecord:
    """Read how the container of a Pod that is over ended.

    Args:
        pod: the Pod as the API server has it.
        node: its node, where it was read.
        log_tail: the last lines of the log, where they could be read.
        node_gone: the API server says that there is no such node.
    """
    pod, node = raw.given(pod), raw.given(node)
    status = _own(pod)
    ended = raw.mapping(status, "state", "terminated")
    reason = raw.text(ended, "reason")
    finished = raw.moment(ended, "finishedAt")
    seen = bool(ended) and reason not in _UNSEEN
    deletion = disruption.deletion_of(pod)
    happened = disruption.disruption_of(
        pod, node, finished=finished if seen else None, vanished=not seen, node_gone=node_gone
    )
    code, signal = _code_and_signal(ended) if seen and reason not in NEVER_STARTED else (None, None)
    starved = (
        reason == "OOMKilled"
        and signal == _SIGKILL
        and not disruption.may_be_end_of_grace(deletion, finished)
    )
    message = raw.text(ended, "message")
    word = plain.last_word(message)
    kind = None if happened is None else happened.kind
    return ExitRecord(
        exit_code=code,
        signal=signal,
        oom_killed=starved,
        evicted=kind in _EVICTED,
        node_shutdown=kind in _NODE,
        deleted_from_outside=kind == "deleted",
        last_word=word,
        log_tail=plain.lines(list(log_tail)) or (plain.lines(message) if word is None else ()),
        output_readable=False,
        detail=_detail(pod, ended, happened, raw.name(pod, "spec", "nodeName")),
        evidence=_evidence(pod, node, ended, deletion, happened, starved=starved, word=word),
        complete=seen or happened is not None or not raw.text(pod, "spec", "nodeName"),
    )


def _own(pod: raw.Json) -> raw.Json:
    found = raw.objects(pod, "status", "containerStatuses")
    return next((one for one in found if one.get("name") == names.CONTAINER), _NOTHING)


def _code_and_signal(ended: raw.Json) -> tuple[int | None, int | None]:
    code, signal = raw.number(ended, "exitCode"), raw.number(ended, "signal")
    if signal is not None and 0 < signal <= _HIGHEST_SIGNAL:
        return None, signal
    if code is not None and 128 < code <= 128 + _HIGHEST_SIGNAL:
        return None, code - 128
    return (code if code is not None and 0 <= code <= 255 else None), None


def _detail(pod: raw.Json, ended: raw.Json, happened: disruption.Disruption | None, node: str) -> str | None:
    if happened is not None:
        where = f" (node {node})" if node and happened.kind in (*_NODE, *_EVICTED) else ""
        return f"{happened.words or happened.kind}{where}"
    if raw.text(ended, "reason") in (*NEVER_STARTED, *_UNSEEN):
        return shown(raw.text(ended, "message")) or None
    return shown(raw.text(pod, "status", "message")) or None


def _evidence(
    pod: raw.Json,
    node: raw.Json,
    ended: raw.Json,
    deletion: disruption.Deletion | None,
    happened: disruption.Disruption | None,
    *,
    starved: bool,
    word: LastWord | None,
) -> dict[str, Evidence]:
    known: dict[str, Evidence] = {
        "pod_phase": raw.name(pod, "status", "phase"),
        "pod_reason": raw.name(pod, "status", "reason"),
        "container_reason": raw.name(ended, "reason"),
        "never_started": raw.text(ended, "reason") in NEVER_STARTED,
        "started_at": _time(raw.moment(ended, "startedAt")),
        "finished_at": _time(raw.moment(ended, "finishedAt")),
        "memory_limit": _memory_limit(pod),
        "node": raw.name(pod, "spec", "nodeName"),
        "node_conditions": _conditions(node),
        "disruption": None if happened is None else happened.kind,
        "oom": _oom(ended, starved=starved, word=word),
    }
    if deletion is not None:
        known["deletion"] = {
            "asked_at": _time(deletion.asked_at),
            "by_ccplant": deletion.ours,
        }
    return {key: value for key, value in known.items() if value not in (None, "", [], False)}


def _oom(ended: raw.Json, *, starved: bool, word: LastWord | None) -> Evidence:
    """Say what was killed for want of memory: the whole session, or something that it had started."""
    counted = None if word is None else word.evidence.get("oom_kills")
    kills = counted if isinstance(counted, int) and counted > 0 else None
    if starved:
        return {"of": "session"}
    if kills is not None or raw.text(ended, "reason") == "OOMKilled":
        return {"of": "tool"} if kills is None else {"of": "tool", "kills": kills}
    return None


def _memory_limit(pod: raw.Json) -> str:
    for container in raw.objects(pod, "spec", "containers"):
        if container.get("name") == names.CONTAINER:
            return shown(raw.text(container, "resources", "limits", "memory"), 40)
    return ""


def _conditions(node: raw.Json) -> list[Evidence]:
    """Return the node's conditions that are not as they should be, and whether it is ready."""
    found: list[Evidence] = []
    for one in raw.objects(node, "status", "conditions"):
        kind, status = raw.name(one, "type"), raw.name(one, "status")
        if kind == "Ready" or (status == "True" and kind):
            found.append(
                {
                    "type": kind,
                    "status": status,
                    "reason": raw.name(one, "reason"),
                    "message": shown(raw.text(one, "message"), 300),
                }
            )
    if raw.at(node, "spec", "unschedulable") is True:
        found.append({"type": "Cordoned", "status": "True"})
    return found[:10]


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")
