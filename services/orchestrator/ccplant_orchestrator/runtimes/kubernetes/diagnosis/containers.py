"""What is wrong with a container that a node has: it cannot be made, it cannot be started, or its runner is not up."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence, problem
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.situation import Situation
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import StartProblem

_REGISTERED_SECONDS = 30
"""A runner that neither clones nor sets up has registered by then."""
_SECRET_SECONDS = 30
_ROOT = re.compile(r"will run as root|non-numeric user|non-root policy|runAsNonRoot", re.IGNORECASE)
_SECRET = re.compile(
    r"(secret|configmap) \"[^\"]*\" not found|couldn't find key|non-existent (secret|config) key",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"executable file not found|exec[^\n]{0,200}no such file or directory|exec[^\n]{0,200}permission denied",
    re.IGNORECASE,
)
_SETTINGS = ("CreateContainerConfigError", "PreCreateHookError")
_STARTING = ("CreateContainerError", "RunContainerError", "PreStartHookError", "PostStartHookError")
NEVER_STARTED = ("StartError", "ContainerCannotRun")
"""Reasons of a terminated container that never ran: containerd's, and Docker's."""
_STEPS = {"git": "cloning", "setup": "setting_up"}
_LOG_TAIL = 50


def not_created(situation: Situation) -> StartProblem | None:
    """Say why the container cannot be made; None: it can."""
    reason = raw.text(situation.waiting, "reason")
    if reason not in (*_SETTINGS, *_STARTING):
        return None
    message = raw.text(situation.waiting, "message")
    evidence: dict[str, Evidence] = {
        "state": reason,
        "detail": shown(message),
        "node": situation.node_name or None,
    }
    facts = {"image": situation.image, "detail": shown(message)}
    if reason in _SETTINGS and _ROOT.search(message):
        return problem("image_runs_as_root", facts, hopeless=True, evidence=evidence)
    if reason in _SETTINGS and _SECRET.search(message):
        hopeless = situation.node_seconds >= _SECRET_SECONDS
        return problem("secret_missing", facts, hopeless=hopeless, evidence=evidence)
    if reason in _SETTINGS:
        return problem("container_config_failed", facts, evidence=evidence)
    return _not_started(message, facts, evidence, hopeless=False)


def never_started(situation: Situation) -> StartProblem | None:
    """Say why a container ended before it ran: with a Pod that is not restarted this is final."""
    ended = raw.mapping(situation.status, "state", "terminated")
    reason = raw.text(ended, "reason")
    if reason not in NEVER_STARTED:
        return None
    message = raw.text(ended, "message")
    evidence: dict[str, Evidence] = {
        "state": reason,
        "exit_code": raw.number(ended, "exitCode"),
        "node": situation.node_name or None,
    }
    facts = {"image": situation.image, "detail": shown(message)}
    return _not_started(message, facts, evidence, hopeless=True)


def _not_started(
    message: str, facts: Mapping[str, str], evidence: dict[str, Evidence], *, hopeless: bool
) -> StartProblem:
    if _COMMAND.search(message):
        return problem("command_missing", facts, hopeless=True, evidence=evidence)
    return problem("container_start_failed", facts, hopeless=hopeless, evidence=evidence)


def not_registered(situation: Situation) -> StartProblem | None:
    """Say what a runner does that runs and is not ready; None: it is ready, or it has just begun."""
    running = raw.mapping(situation.status, "state", "running")
    if situation.status.get("ready") is True:
        return None
    lines = _log_lines(situation.log_tail)
    for line in reversed(lines):
        if line.get("event") == "bus_unreachable":
            return problem(
                "bus_unreachable",
                {
                    "server": raw.name(line, "server") or None,
                    "detail": shown(raw.text(line, "error")) or None,
                },
                evidence=_with_log(situation),
            )
        step = _STEPS.get(raw.text(line, "service"))
        if step is not None:
            return problem(step, evidence=_with_log(situation))
    seconds = raw.seconds_since(raw.moment(running, "startedAt"), situation.now) or 0
    if seconds < _REGISTERED_SECONDS:
        return None
    return problem("runner_not_registered", evidence={"seconds": seconds, **_with_log(situation)})


def _log_lines(tail: Sequence[str]) -> list[Mapping[str, object]]:
    """Read the runner's own lines: one JSON object each; what else is there is not the runner's."""
    found: list[Mapping[str, object]] = []
    for line in tail[-_LOG_TAIL:]:
        try:
            read = json.loads(line)
        except (ValueError, RecursionError, TypeError):
            continue
        if isinstance(read, Mapping):
            found.append(read)
    return found


def _with_log(situation: Situation) -> dict[str, Evidence]:
    """Return the log's last lines as evidence."""
    tail: list[Evidence] = [shown(line, 500) for line in situation.log_tail[-_LOG_TAIL:]]
    return {"node": situation.node_name or None, "log_tail": tail or None}
