"""Answers a permission request by rule: pure, deny over allow, and in doubt never yes (C5).

Rules are Claude Code's: ``Read``, ``Bash(npm run test:*)``, ``Edit(src/**)``, ``WebFetch(domain:example.com)``,
``mcp__server__tool``. Narrower than there on purpose: a rule for files without a path means the workspace, and a command
line that cannot be taken apart with certainty is allowed by no rule about commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ccplant_contracts.policy import PermissionPolicy, PolicyMode, split_rule
from ccplant_contracts.session import Mode
from ccplant_runner.paths import Workspace, path_matches
from ccplant_runner.shell import command_matches, split_command, words_of_interest

__all__ = ["Verdict", "Workspace", "evaluate"]

Input = Mapping[str, object]

_READS = frozenset({"Read", "Grep", "Glob", "LS", "NotebookRead"})
_EDITS = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
_PATH_FIELDS = ("file_path", "notebook_path", "path")


@dataclass(frozen=True)
class Verdict:
    """What the policy says, and by which rule."""

    answer: Literal["allow", "reject", "ask"]
    rule: str | None = None


def evaluate(
    policy: PermissionPolicy, mode: Mode, tool: str | None, given: Input, workspace: Workspace
) -> Verdict:
    """Return the policy's answer to a request for `tool` with this input."""
    for rule in policy.deny:
        if tool is not None and _denies(rule, tool, given, workspace):
            return Verdict("reject", f"deny {rule}")
    unclear = tool is None or _unclear_beside_denials(policy, tool, given)
    if policy.mode is PolicyMode.ALLOW_ALL and not (unclear and policy.deny):
        return Verdict("allow", "allow_all")
    if policy.mode is PolicyMode.RULES and tool is not None and not unclear:
        rules = _allowing(policy.allow, tool, given, workspace)
        if rules:
            return Verdict("allow", "allow " + ", ".join(rules))
    if policy.mode is PolicyMode.ASK or mode is Mode.INTERACTIVE:
        return Verdict("ask")
    return Verdict("reject", "no rule allows it")


def _unclear_beside_denials(policy: PermissionPolicy, tool: str, given: Input) -> bool:
    """Tell whether a denied command may hide in a command line that cannot be taken apart."""
    if tool != "Bash" or not any(split_rule(rule)[0] == "Bash" for rule in policy.deny):
        return False
    return split_command(_text(given, "command")) is None


def _allowing(rules: Sequence[str], tool: str, given: Input, workspace: Workspace) -> tuple[str, ...]:
    """Return the rules that allow it together: each command of a line needs one; empty where one is missing."""
    for rule in rules:
        if _allows(rule, tool, given, workspace):
            return (rule,)
    parts = split_command(_text(given, "command")) if tool == "Bash" else None
    specifiers = {
        rule: specifier for rule in rules for name, specifier in [split_rule(rule)] if name == "Bash"
    }
    used: list[str] = []
    for part in parts or ():
        found = next(
            (r for r, specifier in specifiers.items() if specifier and command_matches(specifier, part)), None
        )
        if found is None:
            return ()
        used.append(found)
    return tuple(dict.fromkeys(used))


def _allows(rule: str, tool: str, given: Input, workspace: Workspace) -> bool:
    name, specifier = split_rule(rule)
    if specifier is None:
        return _names(name, tool) and (tool not in _READS | _EDITS or _inside(given, workspace))
    if tool == "Bash" and name == "Bash":
        if specifier in ("*", ":*"):
            return True
        parts = split_command(_text(given, "command"))
        return bool(parts) and all(command_matches(specifier, part) for part in parts or ())
    if _same_family(name, tool):
        path = _path(given)
        return path is not None and workspace.both(
            path, lambda shown: path_matches(specifier, shown, workspace)
        )
    if name == tool == "WebFetch":
        return _domain_matches(specifier, _text(given, "url"))
    return False


def _denies(rule: str, tool: str, given: Input, workspace: Workspace) -> bool:
    name, specifier = split_rule(rule)
    if specifier is None:
        return _names(name, tool) or _same_family(name, tool)
    if tool == "Bash" and name == "Bash":
        if specifier in ("*", ":*"):
            return True
        command = _text(given, "command")
        return any(command_matches(specifier, part) for part in words_of_interest(command))
    if _same_family(name, tool):
        path = _path(given) or workspace.root
        # who may not read what is in a folder may not search the folder
        patterns = {specifier, specifier.removesuffix("/**").removesuffix("/*") or specifier}
        return workspace.either(
            path, lambda shown: any(path_matches(pattern, shown, workspace) for pattern in patterns)
        )
    if name == tool == "WebFetch":
        return _domain_matches(specifier, _text(given, "url"))
    # a denial that we cannot read denies the whole tool
    return _names(name, tool)


def _names(pattern: str, tool: str) -> bool:
    if pattern == tool:
        return True
    if "*" in pattern:
        return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), tool) is not None
    # `mcp__server` stands for every tool of that server
    return pattern.startswith("mcp__") and pattern.count("__") == 1 and tool.startswith(f"{pattern}__")


def _same_family(name: str, tool: str) -> bool:
    """Tell whether a rule about `name` speaks of the files that `tool` touches."""
    return (
        (name == "Read" and tool in _READS)
        or (name in _EDITS and tool in _EDITS)
        or (name == tool and name in _READS)
    )


def _inside(given: Input, workspace: Workspace) -> bool:
    path = _path(given)
    return path is None or workspace.both(path, workspace.contains)


def _path(given: Input) -> str | None:
    for field in _PATH_FIELDS:
        value = given.get(field)
        if isinstance(value, str) and value:
            return value
    return None


def _text(given: Input, field: str) -> str:
    value = given.get(field)
    return value if isinstance(value, str) else ""


def _domain_matches(specifier: str, url: str) -> bool:
    kind, _, wanted = specifier.partition(":")
    host = (urlsplit(url).hostname or "").rstrip(".").lower() if kind == "domain" else ""
    wanted = wanted.lower()
    if not host or not wanted:
        return False
    if wanted.startswith("*."):
        return host.endswith(wanted[1:])
    return host == wanted
