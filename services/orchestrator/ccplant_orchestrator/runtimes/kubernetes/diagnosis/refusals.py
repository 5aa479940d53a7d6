"""Why the API server refuses to make a session's objects: a quota, an admission rule, or rights that are missing."""

from __future__ import annotations

import re
from decimal import Decimal

from ccplant_contracts.quantities import parse_quantity
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence, problem
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import StartProblem

_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,\s]{1,253}), requested: (?P<requested>.*), used: (?P<used>.*),"
    r" limited: (?P<limited>.*)$",
    re.DOTALL,
)
_RIGHTS = re.compile(
    r'cannot (?P<verb>\w{1,40}) resource(?: "(?P<resource>[^"\s]{1,253})")?'
    r'(?:.{0,300}? in the namespace "(?P<namespace>[^"\s]{1,253})")?',
    re.DOTALL,
)


def diagnose_refusal(status: int, reason: str, message: str, *, what: str = "") -> StartProblem:
    """Judge an answer of the API server to the making of an object; `what` says of which."""
    evidence: dict[str, Evidence] = {"status": status, "reason": shown(reason, 100), "what": what or None}
    facts = {"detail": shown(message)}
    right = _RIGHTS.search(message[:4_000]) if status == 403 else None
    if right is not None:
        return problem("rights_missing", facts, evidence={**evidence, **right.groupdict()})
    if status == 403 and "exceeded quota" in message:
        numbers = _QUOTA.search(message[:4_000])
        if numbers is None:
            return problem("quota_exceeded", facts, evidence=evidence)
        named = {name: shown(text, 300) for name, text in numbers.groupdict().items()}
        hopeless = _beyond(numbers["requested"], numbers["limited"])
        return problem("quota_exceeded", facts, hopeless=hopeless, evidence={**evidence, **named})
    return problem("admission_refused", facts, hopeless=True, evidence=evidence)


def _beyond(requested: str, limited: str) -> bool:
    """Tell whether more is requested than there will ever be."""
    limits = _amounts(limited)
    return any(value > limits[name] for name, value in _amounts(requested).items() if name in limits)


def _amounts(text: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        try:
            found[name] = parse_quantity(value)
        except ValueError:
            continue
    return found
