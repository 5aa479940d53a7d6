"""What happened to a Pod from outside: evicted, preempted, drained, its node shut down or lost, or deleted.

The cluster says most of it on the Pod (the condition ``DisruptionTarget``, the Pod's reason). A Pod that was deleted
without such a word, and not by its own orchestrator, was deleted by somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.plain import shown

Kind = Literal[
    "evicted", "preempted", "drained", "node_shutdown", "node_lost", "node_gone", "node_restarted", "deleted"
]
_BY_REASON: dict[str, Kind] = {
    "Evicted": "evicted",
    "Preempting": "preempted",
    "Shutdown": "node_shutdown",
    "NodeShutdown": "node_shutdown",
    "NodeLost": "node_lost",
}
_SHUTDOWN_WORDS = ("node shutdown", "node is shutting down")
_AWAY = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/out-of-service",
)
_SLACK = timedelta(seconds=1)
"""The API server keeps whole seconds."""


@dataclass(frozen=True)
class Deletion:
    """That somebody asked for the end of a Pod.

    How long the grace was is not known afterwards: the node shortens it to nothing when it is done.
    """

    asked_at: datetime
    ours: bool


@dataclass(frozen=True)
class Disruption:
    """What happened, in the cluster's own words."""

    kind: Kind
    words: str


def deletion_of(pod: raw.Json) -> Deletion | None:
    """Return the Pod's deletion; its timestamp says when the grace is over, not when it was asked for."""
    over = raw.moment(pod, "metadata", "deletionTimestamp")
    if over is None:
        return None
    grace = raw.number(pod, "metadata", "deletionGracePeriodSeconds") or 0
    try:
        asked = over - timedelta(seconds=grace)
    except OverflowError:
        asked = over
    ours = names.ENDED_BY in raw.mapping(pod, "metadata", "annotations")
    return Deletion(asked, ours)


def ended_before(deletion: Deletion | None, finished: datetime | None) -> bool:
    """Tell whether the container had ended when its deletion was asked for."""
    return deletion is not None and finished is not None and finished < deletion.asked_at - _SLACK


def may_be_end_of_grace(deletion: Deletion | None, finished: datetime | None) -> bool:
    """Tell whether a SIGKILL at that time may have been the end of a deletion's grace."""
    return deletion is not None and not ended_before(deletion, finished)


def disruption_of(
    pod: raw.Json, node: raw.Json, *, finished: datetime | None, vanished: bool, node_gone: bool
) -> Disruption | None:
    """Say what happened from outside; `vanished`: nobody says how the container ended."""
    said = _said_on_pod(pod, node, node_gone=node_gone)
    deletion = deletion_of(pod)
    if said is not None:
        return said
    if vanished and node_gone:
        return Disruption("node_gone", "the node does not exist any more")
    if vanished and _away(node):
        ready = raw.condition(node, "Ready")
        return Disruption("node_lost", shown(raw.text(ready, "message")) or "the node does not answer")
    if _restarted(pod, node):
        return Disruption("node_restarted", "the node was away, and had lost the container when it came back")
    if deletion is not None and not deletion.ours and not ended_before(deletion, finished):
        return Disruption("deleted", "the Pod was deleted from outside")
    return None


def _said_on_pod(pod: raw.Json, node: raw.Json, *, node_gone: bool) -> Disruption | None:
    condition = raw.condition(pod, "DisruptionTarget")
    target = condition if condition.get("status") == "True" else {}
    reason, message = raw.text(pod, "status", "reason"), raw.text(pod, "status", "message")
    words = shown(message or raw.text(target, "message"))
    if any(part in words for part in _SHUTDOWN_WORDS):
        return Disruption("node_shutdown", words)
    if reason in _BY_REASON:
        return Disruption(_BY_REASON[reason], words)
    told = shown(raw.text(target, "message"))
    match raw.text(target, "reason"):
        case "TerminationByKubelet":
            return Disruption("evicted", words)
        case "PreemptionByScheduler":
            return Disruption("preempted", told)
        case "EvictionByEvictionAPI":
            # whoever drains a node closes it first
            drained = raw.at(node, "spec", "unschedulable") is True
            return Disruption("drained" if drained else "evicted", told)
        case "DeletionByTaintManager":
            return Disruption("node_lost" if node_gone or _away(node) else "evicted", told)
        case "DeletionByPodGC":
            lost = node_gone or "node" in told
            return Disruption("node_gone" if lost else "deleted", told)
        case _:
            return None


def _away(node: raw.Json) -> bool:
    ready = raw.condition(node, "Ready")
    if ready and ready.get("status") != "True":
        return True
    return any(taint.get("key") in _AWAY for taint in raw.objects(node, "spec", "taints"))


def _restarted(pod: raw.Json, node: raw.Json) -> bool:
    """A container runtime that finds a container dead after its machine's restart says Unknown and 255."""
    for status in raw.objects(pod, "status", "containerStatuses"):
        ended = raw.mapping(status, "state", "terminated")
        began = raw.moment(ended, "startedAt")
        back = raw.moment(raw.condition(node, "Ready"), "lastTransitionTime")
        if status.get("name") == names.CONTAINER and raw.text(ended, "reason") == "Unknown":
            return began is not None and back is not None and back > began
    return False
