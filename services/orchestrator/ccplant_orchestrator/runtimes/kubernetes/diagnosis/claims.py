"""What is wrong with a session's volume: its claim is not bound, or its node cannot attach or mount it."""

from __future__ import annotations

import re

from ccplant_contracts.messages import phrase
from ccplant_contracts.session import Diagnosis
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.events import Event, latest
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence, Fact, problem
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.scheduler import Verdict
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.situation import Situation
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import StartProblem

_MISSING_SECONDS = 30
"""A scheduler may be that late in seeing a claim that was made just before its Pod."""
_PROVISIONING = ("Provisioning", "ExternalProvisioning", "WaitForPodScheduled")
_NO_CLASS = re.compile(r"storageclass\S* \"([^\"]*)\" not found", re.IGNORECASE)
_SECRET_GONE = re.compile(
    r"(secret|configmap) \"[^\"]*\" not found|references non-existent (secret|config) key", re.IGNORECASE
)
_SECRET_TIMES = 3
"""So often a missing Secret is looked for again: the kubelet may see it later than its Pod."""


def unbound(situation: Situation, verdict: Verdict | None, message: str) -> StartProblem | None:
    """Say why the volume keeps a Pod from getting a node; None: the volume does not."""
    name = situation.claim_name
    if not name:
        return None
    claim = situation.claim
    facts: dict[str, Fact] = {"volume": name, "size": _size(claim), "class_name": _class_name(claim)}
    evidence: dict[str, Evidence] = {"claim_phase": raw.name(claim, "status", "phase") or None}
    if message:
        evidence["scheduler"] = shown(message)
    if claim and raw.text(claim, "metadata", "deletionTimestamp"):
        return problem("volume_deleting", facts, hopeless=True, evidence=evidence)
    if raw.text(claim, "status", "phase") == "Lost":
        return problem("volume_lost", facts, hopeless=True, evidence=evidence)
    if not claim and f'persistentvolumeclaim "{name}" not found' in message:
        hopeless = situation.age_seconds >= _MISSING_SECONDS
        return problem("volume_missing", facts, hopeless=hopeless, evidence=evidence)
    of_claim = _pending(situation, facts, evidence)
    if of_claim is not None:
        return of_claim
    return _refused(verdict, facts, evidence)


def _pending(
    situation: Situation, facts: dict[str, Fact], evidence: dict[str, Evidence]
) -> StartProblem | None:
    """Judge a claim that is not bound by the newest event about it."""
    if raw.text(situation.claim, "status", "phase") != "Pending":
        return None
    event = latest(situation.claim_events, "ProvisioningFailed", "FailedBinding", *_PROVISIONING)
    if event is None:
        return None
    evidence = {**evidence, "event": event.shown}
    missing = _NO_CLASS.search(event.message)
    if missing is not None:
        return problem(
            "volume_class_missing", {**facts, "class_name": shown(missing[1], 253)}, evidence=evidence
        )
    match event.reason:
        case "FailedBinding" if "no storage class is set" in event.message:
            facts = {**facts, "class_name": phrase("no_default_class")}
            return problem("volume_class_missing", facts, evidence=evidence)
        case "FailedBinding":
            return problem("volume_not_available", facts, evidence=evidence)
        case "ProvisioningFailed" if "no volume plugin matched" in event.message:
            # a class whose volumes are made by hand
            return problem("volume_not_available", facts, evidence=evidence)
        case "ProvisioningFailed":
            return problem("volume_provisioning_failed", {**facts, "detail": event.shown}, evidence=evidence)
        case "WaitForPodScheduled":
            return None
        case _:
            seconds = raw.seconds_since(event.first, situation.now)
            return problem("volume_provisioning", facts, evidence={**evidence, "seconds": seconds})


def _refused(
    verdict: Verdict | None, facts: dict[str, Fact], evidence: dict[str, Evidence]
) -> StartProblem | None:
    foremost = None if verdict is None else verdict.foremost
    if verdict is None or foremost is None:
        return None
    facts = {**facts, "total": verdict.total, "short": foremost.nodes}
    match foremost.kind:
        case "volume_not_available" | "volume_zone" | "volume_in_use":
            return problem(foremost.kind, facts, evidence=evidence)
        case "volume_missing":
            return problem("volume_lost", facts, hopeless=True, evidence=evidence)
        case _:
            return None


def waiting_for_consumer(situation: Situation) -> StartProblem | None:
    """Say that the volume waits for the Pod, where nothing else is to be said."""
    event = latest(situation.claim_events, "WaitForFirstConsumer")
    if event is None or raw.text(situation.claim, "status", "phase") != "Pending":
        return None
    return problem("volume_waiting_for_consumer", {"volume": situation.claim_name})


def not_mounted(situation: Situation, event: Event) -> StartProblem:
    """Say what a node's failed attach or mount means."""
    facts: dict[str, Fact] = {
        "volume": situation.claim_name or _volume_in(event.message),
        "detail": event.shown,
    }
    evidence: dict[str, Evidence] = {"times": event.count, "node": situation.node_name or None}
    if event.reason == "FailedAttachVolume":
        code = "volume_in_use" if "Multi-Attach error" in event.message else "volume_attach_failed"
        return problem(code, facts, evidence=evidence)
    if _SECRET_GONE.search(event.message):
        hopeless = event.count >= _SECRET_TIMES
        return problem("secret_missing", {"detail": event.shown}, hopeless=hopeless, evidence=evidence)
    return problem("volume_mount_failed", facts, evidence=evidence)


def _volume_in(message: str) -> str | None:
    found = re.search(r"volume \"([^\"]{1,253})\"", message)
    return None if found is None else shown(found[1])


def _size(claim: raw.Json) -> str | None:
    found = raw.at(claim, "spec", "resources", "requests", "storage")
    return shown(found, 40) if isinstance(found, str) else None


def _class_name(claim: raw.Json) -> str | None:
    return raw.name(claim, "spec", "storageClassName") or None


def in_use(volume: str, pod: str, node: str) -> Diagnosis:
    """Say that the Pod of an earlier launch is not gone yet, so that its volume may still be written to."""
    evidence: dict[str, Evidence] = {"pod": shown(pod), "node": shown(node) or None}
    return problem("volume_in_use", {"volume": volume}, evidence=evidence).diagnosis
