"""From a Pod's object to an `Observation`."""

from __future__ import annotations

from ccplant_contracts.session import PodStatus
from ccplant_orchestrator.runtimes.kubernetes import names, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Json
from ccplant_orchestrator.runtimes.protocol import ExitRecord, LaunchRef, Observation


def observation(pod: Json, ref: LaunchRef, *, over: bool, exit_record: ExitRecord | None) -> Observation:
    """Say what a Pod shows; the record of its end is there when it is over."""
    return Observation(
        ref=ref,
        uid=names.uid_of(pod),
        phase=pod_state.phase_of(pod, over=over),
        started_at=pod_state.started_at(pod),
        exited_at=pod_state.exited_at(pod) if over else None,
        exit=exit_record if over else None,
        pod_status=pod_state.pod_status(pod),
    )


def vanished(ref: LaunchRef, uid: str) -> Observation:
    """A Pod whose object is gone: whether that is an end is for a direct read to say."""
    return Observation(
        ref=ref,
        uid=uid,
        phase="unknown",
        started_at=None,
        exited_at=None,
        exit=None,
        pod_status=PodStatus(phase="Unknown"),
    )
