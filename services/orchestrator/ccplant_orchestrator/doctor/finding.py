"""What a check found, as a code and facts: the words are the command line's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ccplant_contracts.base import Message

State = Literal["ok", "warning", "wrong"]
"""`warning`: it works, or nobody can tell; `wrong`: sessions will not run as they should."""


class Finding(Message):
    """One line of the report."""

    check: str
    state: State
    code: str
    facts: dict[str, str] = Field(default_factory=dict)


def ok(check: str, code: str, **facts: object) -> Finding:
    """Say that something is well."""
    return _finding(check, "ok", code, facts)


def warning(check: str, code: str, **facts: object) -> Finding:
    """Say that something may be better."""
    return _finding(check, "warning", code, facts)


def wrong(check: str, code: str, **facts: object) -> Finding:
    """Say that something has to be mended."""
    return _finding(check, "wrong", code, facts)


def _finding(check: str, state: State, code: str, facts: dict[str, object]) -> Finding:
    short = {name: str(value)[:500] for name, value in facts.items()}
    return Finding(check=check, state=state, code=code, facts=short)
