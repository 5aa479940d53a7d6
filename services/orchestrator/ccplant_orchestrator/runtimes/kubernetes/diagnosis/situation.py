"""What is known around a Pod that does not run, read once for all rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.events import Event, events_of

_EMPTY: raw.Json = {}


@dataclass(frozen=True)
class Situation:
    """A Pod, its events, its claim, and the nodes."""

    pod: raw.Json
    events: tuple[Event, ...]
    claim: raw.Json
    """Empty where there is none, or where it was not read."""
    claim_events: tuple[Event, ...]
    nodes: tuple[raw.Json, ...]
    """Empty where they were not read."""
    others: tuple[raw.Json, ...]
    """Further Pods that are known of."""
    now: datetime
    log_tail: tuple[str, ...] = ()

    @staticmethod
    def read(
        pod: raw.Json,
        events: Sequence[raw.Json],
        pvc: raw.Json | None,
        nodes: Sequence[raw.Json],
        others: Sequence[raw.Json],
        now: datetime,
        log_tail: Sequence[str],
    ) -> Situation:
        """Sort the events by what they are about."""
        claim = raw.given(pvc)
        told = raw.given_objects(events)
        return Situation(
            pod=pod,
            events=events_of(pod, "Pod", told),
            claim=claim,
            claim_events=events_of(claim, "PersistentVolumeClaim", [one for one in told if _of_claim(one)]),
            nodes=raw.given_objects(nodes),
            others=raw.given_objects(others),
            now=now,
            log_tail=tuple(log_tail),
        )

    @property
    def container(self) -> raw.Json:
        """What the session's container is to be."""
        return _ours(self.pod, "spec", "containers")

    @property
    def status(self) -> raw.Json:
        """What the node says about it."""
        return _ours(self.pod, "status", "containerStatuses")

    @property
    def waiting(self) -> raw.Json:
        return raw.mapping(self.status, "state", "waiting")

    @property
    def image(self) -> str:
        return raw.name(self.container, "image") or raw.name(self.status, "image")

    @property
    def node_name(self) -> str:
        return raw.name(self.pod, "spec", "nodeName")

    @property
    def claim_name(self) -> str:
        """Of the claim that the Pod uses; empty where it uses none."""
        for volume in raw.objects(self.pod, "spec", "volumes"):
            found = raw.name(volume, "persistentVolumeClaim", "claimName")
            if found:
                return found
        return ""

    @property
    def scheduled_at(self) -> datetime | None:
        found = raw.condition(self.pod, "PodScheduled")
        return raw.moment(found, "lastTransitionTime") if found.get("status") == "True" else None

    @property
    def node_seconds(self) -> int:
        """How long a node has had it, as far as known."""
        then = self.scheduled_at or raw.moment(self.pod, "status", "startTime")
        return raw.seconds_since(then, self.now) or 0

    @property
    def age_seconds(self) -> int:
        return raw.seconds_since(raw.moment(self.pod, "metadata", "creationTimestamp"), self.now) or 0


def _ours(pod: raw.Json, *path: str) -> raw.Json:
    found = list(raw.objects(pod, *path))
    # a mutating webhook may add containers of its own
    return next((one for one in found if one.get("name") == names.CONTAINER), _EMPTY)


def _of_claim(one: raw.Json) -> bool:
    kind = raw.text(one, "involvedObject", "kind") or raw.text(one, "regarding", "kind")
    return kind == "PersistentVolumeClaim"
