"""Why no node takes a Pod: room, taints, selectors, or nodes that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from ccplant_contracts.messages import phrase
from ccplant_contracts.sentences import Text
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import claims, raw, room
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.events import latest
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence, problem
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.scheduler import Refusal, Verdict, read_verdict
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.situation import Situation
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import StartProblem

_SILENCE_SECONDS = 15
"""A scheduler that runs has said something by then."""
_SCALING = timedelta(minutes=15)
_MOST = 5
"""Taints and labels that are named."""
_MOST_ROOMS = 8
"""Nodes whose room is told, those with most of it."""
_NODE_STATE = "node.kubernetes.io/"
_CORDONED = f"{_NODE_STATE}unschedulable"
_EFFECTS = ("NoSchedule", "NoExecute")


def unplaced(situation: Situation) -> StartProblem | None:
    """Say why a Pod has no node."""
    gates = [raw.name(gate, "name") for gate in raw.objects(situation.pod, "spec", "schedulingGates")]
    if gates:
        return problem("scheduling_gated", {"gates": ", ".join(gates[:_MOST])})
    message = _message(situation)
    verdict = read_verdict(message)
    of_claim = claims.unbound(situation, verdict, message)
    if of_claim is not None:
        return of_claim
    found = _by_verdict(situation, verdict, message)
    return _node_coming(situation, found) or found


def _message(situation: Situation) -> str:
    """Return the scheduler's newest word: that on the Pod itself is, events may be old."""
    placed = raw.condition(situation.pod, "PodScheduled")
    if placed.get("status") == "False" and raw.text(placed, "message"):
        return raw.text(placed, "message")
    event = latest(situation.events, "FailedScheduling")
    return "" if event is None else event.message


def _by_verdict(situation: Situation, verdict: Verdict | None, message: str) -> StartProblem | None:
    if not message:
        age = situation.age_seconds
        found = problem("waiting_for_scheduler", evidence={"seconds": age})
        return found if age >= _SILENCE_SECONDS else None
    evidence: dict[str, Evidence] = {"scheduler": shown(message)}
    if "no nodes available" in message:
        return problem("no_nodes", evidence=evidence)
    foremost = None if verdict is None else verdict.foremost
    if verdict is None or foremost is None:
        return problem("no_node_fits", {"detail": shown(message)}, evidence=evidence)
    evidence["refusals"] = [
        {"reason": shown(one.reason, 120), "nodes": one.nodes} for one in verdict.refusals[:20]
    ]
    facts = {"total": verdict.total, "short": foremost.nodes}
    match foremost.kind:
        case "resources":
            return _short_of(situation, verdict, evidence)
        case "cordoned":
            return problem("nodes_cordoned", facts, evidence=evidence)
        case "taints":
            return _tainted(situation, verdict, evidence)
        case "selector" if not (_closed(verdict) and _taints_of_nodes(situation)):
            return problem(
                "node_selector_mismatch", {**facts, "selector": _selector(situation)}, evidence=evidence
            )
        case "selector":
            # some nodes are what it asks for, and are closed to it
            return _tainted(situation, verdict, evidence)
        case _:
            return problem("no_node_fits", {"detail": shown(foremost.reason)}, evidence=evidence)


def _short_of(situation: Situation, verdict: Verdict, evidence: dict[str, Evidence]) -> StartProblem:
    lacking = verdict.of_kind("resources")
    # too little room matters more than too many Pods: it is what the owner of a session can change
    first = max(lacking, key=lambda one: (one.reason != "Too many pods", one.nodes, one.reason))
    resource = _resource(first)
    if resource == "pods":
        return problem("too_many_pods", {"total": verdict.total, "short": first.nodes}, evidence=evidence)
    usable = list(_usable(situation))
    details: list[Evidence] = []
    for refusal in lacking[:_MOST]:
        short = room.shortage(situation.pod, _resource(refusal), usable, situation.others)
        details.append(told(short, refusal))
    short = room.shortage(situation.pod, resource, usable, situation.others)
    code = {"cpu": "insufficient_cpu", "memory": "insufficient_memory"}.get(resource, "insufficient_resource")
    return problem(
        code,
        {
            "resource": shown(resource, 100),
            "requested": room.amount(short.requested, resource),
            "total": verdict.total,
            "short": first.nodes,
            "missing": _missing(short),
        },
        evidence={**evidence, "shortages": details},
    )


def _resource(refusal: Refusal) -> str:
    return "pods" if refusal.reason == "Too many pods" else refusal.reason.removeprefix("Insufficient ")


def _missing(short: room.Shortage) -> Text:
    if short.largest is not None and short.requested > short.largest:
        return phrase(
            "larger_than_any",
            largest=room.amount(short.largest, short.resource, up=False),
            amount=room.amount(short.requested - short.largest, short.resource),
        )
    if short.most_free is not None and short.requested > short.most_free:
        lacking = room.amount(short.requested - short.most_free, short.resource)
        return phrase("missing_at_least", amount=lacking)
    return phrase("nothing")


def told(short: room.Shortage, refusal: Refusal) -> dict[str, Evidence]:
    """Say what is short on how many nodes, and how much of it there is: for a graph, amounts as people write them."""
    facts: dict[str, Evidence] = {"resource": shown(short.resource, 100), "nodes": refusal.nodes}
    if refusal.reason != "Too many pods":
        facts["requested"] = room.amount(short.requested, short.resource)
    if short.largest is not None:
        facts["largest_node"] = room.amount(short.largest, short.resource, up=False)
    if short.most_free is not None:
        facts["most_free_at_most"] = room.amount(short.most_free, short.resource, up=False)
    if short.largest is not None and short.requested > short.largest:
        facts["missing"] = room.amount(short.requested - short.largest, short.resource)
    elif short.most_free is not None and short.requested > short.most_free:
        facts["missing"] = room.amount(short.requested - short.most_free, short.resource)
    if len(short.rooms) > 1:
        # not by their names: whoever has a session need not know the cluster's machines
        facts["rooms"] = [_room_of(node, short.resource) for node in short.rooms[:_MOST_ROOMS]]
    return facts


def _room_of(node: room.Room, resource: str) -> dict[str, Evidence]:
    told: dict[str, Evidence] = {"has": room.amount(node.has, resource, up=False)}
    if node.free is not None:
        told["free"] = room.amount(max(node.free, Decimal(0)), resource, up=False)
    return told


def _usable(situation: Situation) -> Iterator[raw.Json]:
    """Yield the nodes that would be allowed, had they room."""
    return (node for node in _meant(situation) if not list(_untolerated(situation, node)))


def _meant(situation: Situation) -> Iterator[raw.Json]:
    """Yield the nodes that the Pod's selector names."""
    wanted = raw.mapping(situation.pod, "spec", "nodeSelector")
    for node in situation.nodes:
        labels = raw.mapping(node, "metadata", "labels")
        if all(labels.get(key) == value for key, value in wanted.items()):
            yield node


def _untolerated(situation: Situation, node: raw.Json) -> Iterator[raw.Json]:
    tolerations = list(raw.objects(situation.pod, "spec", "tolerations"))
    for taint in raw.objects(node, "spec", "taints"):
        if taint.get("effect") in _EFFECTS and not any(_tolerates(one, taint) for one in tolerations):
            yield taint


def _tolerates(toleration: raw.Json, taint: raw.Json) -> bool:
    if toleration.get("effect") and toleration.get("effect") != taint.get("effect"):
        return False
    if toleration.get("key") and toleration.get("key") != taint.get("key"):
        return False
    if toleration.get("operator") == "Exists":
        return True
    same = (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(toleration.get("key")) and same


def _tainted(situation: Situation, verdict: Verdict, evidence: dict[str, Evidence]) -> StartProblem:
    refusals = _closed(verdict)
    taints = _taints_of_nodes(situation) or _taints_in_words(refusals)
    keys = {one.partition("=")[0].partition(":")[0] for one in taints}
    facts = {"total": verdict.total, "short": sum(one.nodes for one in refusals)}
    if keys == {_CORDONED}:
        return problem("nodes_cordoned", facts, evidence=evidence)
    code = "nodes_not_ready" if keys and all(key.startswith(_NODE_STATE) for key in keys) else "node_taints"
    return problem(code, {**facts, "taints": ", ".join(taints[:_MOST]) or None}, evidence=evidence)


def _closed(verdict: Verdict) -> tuple[Refusal, ...]:
    return (*verdict.of_kind("taints"), *verdict.of_kind("cordoned"))


def _taints_of_nodes(situation: Situation) -> list[str]:
    found: dict[str, None] = {}
    for node in _meant(situation):
        for taint in _untolerated(situation, node):
            value = raw.name(taint, "value")
            found[f"{raw.name(taint, 'key')}{'=' if value else ''}{value}:{raw.name(taint, 'effect')}"] = None
    return list(found)


def _taints_in_words(refusals: Iterable[Refusal]) -> list[str]:
    """Read ``untolerated taint {key: value}``, as schedulers up to 1.33 said it."""
    found = []
    for refusal in refusals:
        _, opened, rest = refusal.reason.partition("{")
        inner, closed, _ = rest.partition("}")
        if opened and closed:
            key, _, value = inner.partition(":")
            found.append(shown(f"{key.strip()}={value.strip()}" if value.strip() else key.strip(), 200))
    return found


def _selector(situation: Situation) -> str | None:
    wanted = raw.mapping(situation.pod, "spec", "nodeSelector")
    pairs = [f"{key}={value}" for key, value in sorted(wanted.items(), key=str)]
    if raw.mapping(situation.pod, "spec", "affinity", "nodeAffinity"):
        pairs.append("nodeAffinity")
    return shown(", ".join(pairs[:_MOST])) or None


def _node_coming(situation: Situation, found: StartProblem | None) -> StartProblem | None:
    """A cluster that adds nodes by itself says so; what made it do it stays as evidence."""
    event = latest(situation.events, "TriggeredScaleUp", "Nominated")
    if found is None or event is None or event.last is None or situation.now - event.last > _SCALING:
        return None
    cause: dict[str, Evidence] = {"because": found.diagnosis.code, **found.diagnosis.evidence}
    return problem("node_coming", {"detail": event.shown}, evidence=cause)
