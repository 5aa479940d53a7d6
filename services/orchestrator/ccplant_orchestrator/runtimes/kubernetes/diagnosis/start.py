"""Why a Pod does not run: one judgement, in the order in which a start goes on.

What stands furthest along the way is said, because what came before it is done. `hopeless` is true only where waiting
cannot help; everything else has until the time limit of a start.

| Where | Codes | Hopeless |
|---|---|---|
| no node | `waiting_for_scheduler` `insufficient_cpu` `insufficient_memory` `insufficient_resource` `too_many_pods` |
  never: room comes when others end |
| no node | `node_taints` `nodes_not_ready` `nodes_cordoned` `node_selector_mismatch` `no_nodes` `no_node_fits`
  `node_coming` `scheduling_gated` | never: nodes come back, and are added |
| volume | `volume_deleting` `volume_lost` | at once: its data are gone |
| volume | `volume_missing` | 30 s after the Pod was made |
| volume | `volume_class_missing` `volume_not_available` `volume_provisioning` `volume_provisioning_failed` `volume_zone`
  `volume_waiting_for_consumer` `volume_in_use` `volume_attach_failed` `volume_mount_failed` | never |
| image | `image_name_invalid` `image_not_on_node` | at once |
| image | `image_not_found` `image_wrong_platform` | at once |
| image | `image_access_denied` | with the second failed pull, without events 120 s after the node got the Pod |
| image | `image_pulling` `registry_unreachable` `registry_failing` `image_pull_failed` | never |
| container | `image_runs_as_root` `command_missing` | at once |
| container | `secret_missing` | when mounted for the third time, as variable 30 s after the node got the Pod |
| container | `container_config_failed` `container_creating` `sandbox_failed` | never |
| container | `container_start_failed` | at once where the container has ended by it |
| node | `node_refused` | at once: the Pod is over |
| node | `node_not_responding` | never: it may come back |
| runner | `runner_not_registered` `bus_unreachable` `cloning` `setting_up` | never |
| server | `quota_exceeded` | where more is asked than the quota has in all |
| server | `admission_refused` | at once |
| server | `rights_missing` | never |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ccplant_orchestrator.runtimes.kubernetes.diagnosis import claims, containers, images, placing, raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.events import latest
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence, problem
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.situation import Situation
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import StartProblem

_CREATING_SECONDS = 20
"""A node that is well has made a container by then, once it has the image."""
_PROGRESS = (
    "FailedAttachVolume", "FailedMount", "FailedMapVolume", "FailedCreatePodSandBox", "NetworkNotReady", "Pulling",
    "Pulled", "Created", "Started", "Failed", "BackOff", "SuccessfulAttachVolume",
)  # fmt: skip
"""Events of a node that tell how far it is: the newest counts."""
_NOT_A_REFUSAL = (
    "Evicted",
    "Shutdown",
    "NodeShutdown",
    "Terminated",
    "Preempting",
    "NodeLost",
    "DeadlineExceeded",
)


def diagnose_start(
    pod: raw.Json | None,
    events: Sequence[raw.Json],
    pvc: raw.Json | None,
    nodes: Sequence[raw.Json],
    *,
    now: datetime,
    others: Sequence[raw.Json] = (),
    log_tail: Sequence[str] = (),
) -> StartProblem | None:
    """Say why a Pod does not run; None: nothing is wrong so far, or nobody can tell.

    Args:
        pod: the Pod as the API server has it; None where there is none.
        events: those about the Pod and about its claim, in any order.
        pvc: the claim that the Pod uses, where it was read.
        nodes: the cluster's nodes, or only the Pod's own; none where they may not be read.
        now: the time, by which ages are told.
        others: further Pods that take room on the nodes, as far as known.
        log_tail: the last lines of the container, where it runs.
    """
    if not isinstance(pod, Mapping) or raw.text(pod, "metadata", "deletionTimestamp"):
        return None
    situation = Situation.read(pod, events, pvc, nodes, others, now, log_tail)
    if raw.mapping(situation.status, "state", "terminated"):
        return containers.never_started(situation)
    if raw.text(pod, "status", "phase") == "Failed":
        return _refused_by_node(situation)
    if raw.mapping(situation.status, "state", "running"):
        return _not_responding(situation) or containers.not_registered(situation)
    if not situation.node_name:
        return placing.unplaced(situation) or claims.waiting_for_consumer(situation)
    return (
        _not_responding(situation)
        or images.not_pulled(situation)
        or containers.not_created(situation)
        or _on_its_way(situation)
    )


def _refused_by_node(situation: Situation) -> StartProblem | None:
    """A node that has no room after all fails the Pod itself; it is never tried again there."""
    reason = raw.name(situation.pod, "status", "reason")
    if not reason or reason in _NOT_A_REFUSAL:
        return None
    return problem(
        "node_refused",
        {"reason": reason, "detail": shown(raw.text(situation.pod, "status", "message"))},
        hopeless=True,
        evidence={"node": situation.node_name or None},
    )


def _not_responding(situation: Situation) -> StartProblem | None:
    own = (one for one in situation.nodes if raw.text(one, "metadata", "name") == situation.node_name)
    node = next(own, None)
    if node is None:
        return None
    ready = raw.condition(node, "Ready")
    if not ready or ready.get("status") == "True":
        return None
    return problem(
        "node_not_responding",
        {"node": situation.node_name, "detail": shown(raw.text(ready, "message")) or None},
        evidence={"ready": raw.name(ready, "status"), "reason": raw.name(ready, "reason")},
    )


def _on_its_way(situation: Situation) -> StartProblem | None:
    event = latest(situation.events, *_PROGRESS)
    if event is not None and event.reason in ("FailedAttachVolume", "FailedMount", "FailedMapVolume"):
        return claims.not_mounted(situation, event)
    if event is not None and event.reason in ("FailedCreatePodSandBox", "NetworkNotReady"):
        evidence: dict[str, Evidence] = {"times": event.count}
        facts = {"node": situation.node_name, "detail": event.shown}
        return problem("sandbox_failed", facts, evidence=evidence)
    found = images.pulling(situation)
    if found is not None:
        return found
    if situation.node_seconds < _CREATING_SECONDS:
        return None
    return problem(
        "container_creating",
        {"node": situation.node_name},
        evidence={"event": None if event is None else event.shown, "seconds": situation.node_seconds},
    )
