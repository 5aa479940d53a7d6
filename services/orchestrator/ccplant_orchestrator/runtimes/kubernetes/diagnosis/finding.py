"""Makes a `StartProblem` of a code and its facts."""

from __future__ import annotations

from collections.abc import Mapping

from ccplant_contracts.messages import explain
from ccplant_contracts.sentences import Text
from ccplant_contracts.session import Diagnosis
from ccplant_orchestrator.runtimes.protocol import StartProblem

Fact = str | int | None | Text
Evidence = str | int | float | bool | None | list["Evidence"] | dict[str, "Evidence"]
"""JSON types."""


def problem(
    code: str,
    facts: Mapping[str, Fact] | None = None,
    *,
    hopeless: bool = False,
    evidence: Mapping[str, Evidence] | None = None,
) -> StartProblem:
    """Say it in both languages; facts are evidence as well, what is not known is left out."""
    facts = facts or {}
    told = {key: value for key, value in facts.items() if not isinstance(value, Text)}
    entry = explain(code, **facts)
    return StartProblem(
        Diagnosis(
            code=code,
            message={"ja": entry.message.ja, "en": entry.message.en},
            hint={"ja": entry.hint.ja, "en": entry.hint.en},
            evidence={key: value for key, value in {**told, **(evidence or {})}.items() if value is not None},
        ),
        hopeless=hopeless,
    )
