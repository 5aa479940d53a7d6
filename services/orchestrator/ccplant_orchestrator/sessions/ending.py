"""Why a session ended, judged by a fixed order and not by who came first.

Several things are true at an end: somebody asked for it, its time was up, the kernel killed it, the runner left
a word. Whichever process notices first must not decide the reason, so the order stands here, once, as a pure
function (S4, D2): stop requested, deadline, facts of the runtime, the runner's last word, exit code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ccplant_contracts.launch import LastWord
from ccplant_contracts.messages import CATALOGUE, explain
from ccplant_contracts.session import Diagnosis
from ccplant_contracts.status import Reason
from ccplant_orchestrator.runtimes.protocol import ExitRecord, StartProblem
from ccplant_store.sessions.model import SessionDoc, StopDoc

EVIDENCE_PATIENCE = timedelta(seconds=10)
"""How long an incomplete exit record is waited for before the end is judged without the rest."""


_SAYABLE = frozenset(
    {
        Reason.AGENT_ENDED, Reason.START_TIMEOUT, Reason.CLONE_FAILED, Reason.SETUP_FAILED, Reason.AGENT_CRASHED,
        Reason.RUNNER_CRASHED, Reason.TIMEOUT, Reason.OOM_KILLED,
    }
)  # fmt: skip
"""What a runner can know of its own end; what else its last word may claim (the agent can write there) is no reason."""


@dataclass(frozen=True)
class End:
    """The judgement: a reason, and the facts that its sentence and its evidence need."""

    reason: Reason
    facts: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    words: str | None = None
    """The catalogue's entry that says it, where one says more than the reason's."""
    found: Diagnosis | None = None
    """What the place itself found, where that says more than the reason: the code of a start's problem (D1)."""

    def diagnosis(self) -> Diagnosis:
        """Say it in two languages, with the evidence (D2)."""
        if self.found is not None:
            return self.found
        entry = explain(self.words or self.reason.value, **self.facts)
        return Diagnosis(
            code=self.reason.value,
            message={"ja": entry.message.ja, "en": entry.message.en},
            hint={"ja": entry.hint.ja, "en": entry.hint.en},
            evidence=self.evidence,
        )


def start_failed(problem: StartProblem) -> End:
    """Return the end of a session whose launch cannot start (S4: `start_failed` with D1's code)."""
    found = problem.diagnosis
    return End(Reason.START_FAILED, {"code": found.code, "detail": found.message["en"]}, found=found)


def judge_exit(session: SessionDoc, exit_record: ExitRecord, exited_at: datetime) -> End:
    """Judge the end of a session whose process is gone since `exited_at`, however late that is noticed."""
    evidence = exit_evidence(exit_record)
    asked = stop_end(session)
    if asked is not None:
        return End(asked.reason, asked.facts, {**evidence, **asked.evidence})
    if session.deadline_at is not None and exited_at >= session.deadline_at:
        return End(Reason.TIMEOUT, timeout_facts(session), evidence)
    runtime_reason = _runtime_reason(exit_record)
    if runtime_reason is not None:
        return End(runtime_reason, {"limit": session.config.get("memory_limit")}, evidence)
    return _by_word_or_code(exit_record, exit_record.last_word, evidence, session.config.get("memory_limit"))


def never_ran(record: ExitRecord | None) -> bool:
    """Tell whether what ended had not begun: nothing of it has an exit, and nothing took it away."""
    return (
        record is not None
        and record.complete
        and record.exit_code is None
        and record.signal is None
        and record.last_word is None
        and _runtime_reason(record) is None
    )


def stop_end(session: SessionDoc) -> End | None:
    """Return the end that somebody asked for, if anybody did."""
    return None if session.stop_requested is None else asked_end(session, session.stop_requested)


def asked_end(session: SessionDoc, stop: StopDoc) -> End:
    """Return the end that a request to stop leads to."""
    facts: dict[str, Any] = {"by": stop.by}
    if stop.reason.reason is Reason.TIMEOUT:
        facts.update(timeout_facts(session))
    return End(stop.reason.reason, facts, {"by": stop.by, "forced": stop.force})


def timeout_facts(session: SessionDoc) -> dict[str, Any]:
    """Return what the sentence about a time limit needs."""
    return {"minutes": session.config.get("timeout_minutes")}


def exit_evidence(exit_record: ExitRecord) -> dict[str, Any]:
    """Return what is kept of an exit once the process is gone."""
    word = exit_record.last_word
    evidence: dict[str, Any] = {
        "exit_code": exit_record.exit_code,
        "signal": exit_record.signal,
        "log_tail": list(exit_record.log_tail),
        "complete": exit_record.complete,
        **exit_record.evidence,
    }
    if exit_record.detail is not None:
        evidence["detail"] = exit_record.detail
    if word is not None:
        evidence["last_word"] = {"reason": word.reason, "detail": word.detail, "exit_code": word.exit_code}
        if not evidence["log_tail"]:
            evidence["log_tail"] = list(word.log_tail)
        evidence.update(word.evidence)
    return evidence


def _runtime_reason(exit_record: ExitRecord) -> Reason | None:
    if exit_record.oom_killed:
        return Reason.OOM_KILLED
    if exit_record.evicted:
        return Reason.EVICTED
    if exit_record.node_shutdown:
        return Reason.NODE_SHUTDOWN
    if exit_record.deleted_from_outside:
        return Reason.POD_DELETED
    return None


def _by_word_or_code(
    exit_record: ExitRecord, word: LastWord | None, evidence: dict[str, Any], memory_limit: object
) -> End:
    if word is not None and word.reason in _SAYABLE:
        facts = {"detail": word.detail, "exit_code": word.exit_code, "limit": memory_limit}
        return End(word.reason, facts, evidence, words=_clone_words(word))
    if exit_record.exit_code == 0:
        return End(Reason.AGENT_ENDED, {}, evidence)
    return End(Reason.RUNNER_CRASHED, {"exit_code": _shell_code(exit_record)}, evidence)


def _clone_words(word: LastWord) -> str | None:
    """Return what says what to do about a clone that was refused for lack of access."""
    if word.reason is not Reason.CLONE_FAILED:
        return None
    words = f"clone_{word.evidence.get('access')}"
    return words if words in CATALOGUE else None


def _shell_code(exit_record: ExitRecord) -> int | None:
    """Return the exit code as a shell tells it: 128 and the signal's number for a process that a signal ended."""
    if exit_record.exit_code is None and exit_record.signal is not None:
        return 128 + exit_record.signal
    return exit_record.exit_code
