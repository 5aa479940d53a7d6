"""What a Pod's object says, as pure functions: whether its container runs, and whether anything of it still can.

A Pod is over when its containers are terminated. One whose node is lost never says that, so a Pod that was deleted is
over as well when its node is gone or not ready, or when its grace and some more has passed: a machine that does not
answer holds nobody's record back. Without a deletion a silent node means nothing: it may come back with everything
running.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from ccplant_contracts.session import Condition, ContainerStatus, PodStatus
from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.api import Json
from ccplant_orchestrator.runtimes.protocol import Phase

_FINAL = ("Succeeded", "Failed")
_PHASES = ("Pending", "Running", "Succeeded", "Failed")

Place = Literal["ready", "lost", "gone"]
"""Of a node: `lost` does not answer, `gone` has no object any more."""


def moment(text: object) -> datetime | None:
    """Read a time of the API server."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if isinstance(text, str) else None


def state_of(pod: Json) -> dict[str, Any]:
    """Return the state of the session's container: ``{"running": {…}}``; empty before a node took the Pod."""
    state = container_status(pod).get("state")
    return state if isinstance(state, dict) else {}


def container_status(pod: Json) -> dict[str, Any]:
    """Return what the node says about the session's container."""
    for status in pod.get("status", {}).get("containerStatuses") or ():
        if isinstance(status, dict) and status.get("name") == names.CONTAINER:
            return status
    return {}


def node_of(pod: Json) -> str | None:
    """Return the name of the node that the Pod was given to."""
    name = pod.get("spec", {}).get("nodeName")
    return str(name) if name else None


def deleted_at(pod: Json) -> datetime | None:
    """Return when the grace of the Pod's deletion is over (this is what its timestamp says)."""
    return moment(pod["metadata"].get("deletionTimestamp"))


def has_ended(pod: Json) -> bool:
    """Tell whether the Pod's own word is that nothing of it runs."""
    if state_of(pod).get("terminated") is not None:
        return True
    if pod.get("status", {}).get("phase") in _FINAL:
        return state_of(pod).get("running") is None
    # nobody was given it, so nobody will ever start it
    return deleted_at(pod) is not None and node_of(pod) is None


def is_over(pod: Json, place: Place, now: datetime, lost_after: timedelta) -> bool:
    """Tell whether nothing of the Pod is waited for any more."""
    if has_ended(pod):
        return True
    deletion = deleted_at(pod)
    if deletion is None:
        return False
    return place != "ready" or now >= deletion + lost_after


def place_of(node: Json | None) -> Place:
    """Judge a node by its object; None: there is none."""
    if node is None:
        return "gone"
    for condition in node.get("status", {}).get("conditions") or ():
        if condition.get("type") == "Ready":
            return "ready" if condition.get("status") == "True" else "lost"
    return "lost"


def phase_of(pod: Json, *, over: bool) -> Phase:
    """Return the phase that the runtime's seam knows."""
    if over:
        return "exited"
    if pod.get("status", {}).get("phase") == "Unknown":
        return "unknown"
    return "running" if state_of(pod).get("running") is not None else "starting"


def started_at(pod: Json) -> datetime | None:
    """Return when the container started, else when the Pod was made."""
    state = state_of(pod)
    for name in ("running", "terminated"):
        found = moment((state.get(name) or {}).get("startedAt"))
        if found is not None:
            return found
    return moment(pod["metadata"].get("creationTimestamp"))


def exited_at(pod: Json) -> datetime | None:
    """Return when the container ended; where nobody says it, when something last changed."""
    found = moment((state_of(pod).get("terminated") or {}).get("finishedAt"))
    if found is not None:
        return found
    times = [moment(one.get("lastTransitionTime")) for one in pod.get("status", {}).get("conditions") or ()]
    known = [one for one in (*times, deleted_at(pod)) if one is not None]
    return max(known) if known else moment(pod["metadata"].get("creationTimestamp"))


def pod_status(pod: Json) -> PodStatus:
    """Return what is shown of the Pod (S9)."""
    status = pod.get("status", {})
    return PodStatus.model_validate(
        {
            "phase": _shown_phase(pod),
            "conditions": tuple(_condition(one) for one in status.get("conditions") or ()),
            "container_statuses": tuple(_container(one) for one in status.get("containerStatuses") or ()),
        }
    )


def _shown_phase(pod: Json) -> str:
    """Return the Pod's phase; a node says that the container ended before it says so of the Pod."""
    phase = pod.get("status", {}).get("phase")
    ended = state_of(pod).get("terminated")
    if ended is not None and phase not in _FINAL:
        return "Succeeded" if ended.get("exitCode") == 0 else "Failed"
    return phase if phase in _PHASES else "Unknown"


def _condition(one: Json) -> Condition:
    return Condition(
        type=str(one.get("type")),
        status=str(one.get("status")),
        reason=one.get("reason"),
        message=one.get("message"),
        last_transition_time=moment(one.get("lastTransitionTime")),
    )


def _container(one: Json) -> ContainerStatus:
    state = one.get("state") or {}
    name: Literal["waiting", "running", "terminated"] = (
        "terminated" if state.get("terminated") else "running" if state.get("running") else "waiting"
    )
    facts = state.get(name) or {}
    # the termination message is the runner's own word, and evidence; it is not shown here
    return ContainerStatus(
        name=str(one.get("name")),
        state=name,
        ready=one.get("ready") is True,
        reason=facts.get("reason"),
        message=facts.get("message") if name == "waiting" else None,
        exit_code=facts.get("exitCode"),
        signal=facts.get("signal"),
        started_at=moment(facts.get("startedAt")),
        finished_at=moment(facts.get("finishedAt")),
    )
