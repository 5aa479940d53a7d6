"""How permission requests are answered when nobody is there to ask (C5).

Rules are in Claude Code's syntax: ``Tool``, ``Tool(specifier)``, ``mcp__server__tool``. They are checked when a session
is created, because a rule that is found to be wrong while the agent waits could only fail open or stall.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ccplant_contracts.base import Input

_RULE = re.compile(r"^(?P<tool>[A-Za-z][A-Za-z0-9_*-]{0,127})(?:\((?P<specifier>.{1,500})\))?$")


class PolicyMode(StrEnum):
    """Who answers a permission request."""

    ASK = "ask"
    RULES = "rules"
    ALLOW_ALL = "allow_all"


def split_rule(rule: str) -> tuple[str, str | None]:
    """Split a rule into its tool and its specifier.

    Raises:
        ValueError: the rule is not in Claude Code's syntax.
    """
    match = _RULE.fullmatch(rule)
    if match is None:
        raise ValueError(
            f'"{rule[:80]}" is not a rule such as "Read", "Bash(npm run test:*)" or "mcp__github__*"'
        )
    return match["tool"], match["specifier"]


def _checked(rule: str) -> str:
    split_rule(rule)
    return rule


Rule = Annotated[str, StringConstraints(max_length=700), AfterValidator(_checked)]

DEFAULT_ALLOW: tuple[str, ...] = (
    "Read", "Glob", "Grep", "LS", "Edit", "MultiEdit", "Write", "NotebookRead", "NotebookEdit", "TodoWrite",
)  # fmt: skip
"""What a headless session may do without being told more: read and edit its own workspace, run nothing."""


class PermissionPolicy(Input):
    """A policy: deny wins over allow; what no rule names is asked for, or rejected where nobody is there to ask."""

    mode: PolicyMode
    allow: tuple[Rule, ...] = Field(default=DEFAULT_ALLOW, max_length=200)
    deny: tuple[Rule, ...] = Field(default=(), max_length=200)
