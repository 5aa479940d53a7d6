"""Turns what a session itself could have written into plain, bounded values.

The agent can write where the runner leaves its last word. A number that no database takes, or a key with a NUL, would
keep the record of an end from ever being written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from ccplant_contracts.launch import MAX_TERMINATION_BYTES, LastWord
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence

_INT64 = 2**63
_MOST_KEYS = 30
_MOST_ITEMS = 50
_MOST_DEPTH = 4
_LINE = 2_000
_ALWAYS = {"reason", "log_tail", "last_seq"}
"""What every last word has. A line of the log is an object of JSON as well, and would pass for an empty one."""


def last_word(message: str) -> LastWord | None:
    """Read the runner's last word; None where the message is something else."""
    if len(message) > 4 * MAX_TERMINATION_BYTES:
        return None
    try:
        document = json.loads(message)
        if not isinstance(document, dict) or not document.keys() >= _ALWAYS:
            return None
        word = LastWord.model_validate(document)
    except (ValueError, RecursionError):
        return None
    code = word.exit_code
    return word.model_copy(
        update={
            "detail": None if word.detail is None else raw.shown(word.detail, _LINE),
            "exit_code": code if code is not None and -_INT64 <= code < _INT64 else None,
            "log_tail": lines(word.log_tail),
            "last_seq": word.last_seq if 0 <= word.last_seq < _INT64 else 0,
            "evidence": {
                raw.shown(str(key), 100).replace("\0", ""): plain(value)
                for key, value in list(word.evidence.items())[:_MOST_KEYS]
            },
        }
    )


def lines(found: object) -> tuple[str, ...]:
    """Return the last lines of a log, masked and bounded."""
    if isinstance(found, str):
        found = found.splitlines()
    if not isinstance(found, list | tuple):
        return ()
    return tuple(raw.shown(line, _LINE) for line in found[-_MOST_ITEMS:] if isinstance(line, str))


def plain(value: object, depth: int = 0) -> Evidence:
    """Return a value as JSON and any database can hold it; what cannot be held is None."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -_INT64 <= value < _INT64 else None
        case float():
            return value if math.isfinite(value) else None
        case str():
            return raw.shown(value)
        case Mapping() if depth < _MOST_DEPTH:
            found = list(value.items())[:_MOST_KEYS]
            return {raw.shown(str(key), 100).replace("\0", ""): plain(item, depth + 1) for key, item in found}
        case list() | tuple() if depth < _MOST_DEPTH:
            return [plain(item, depth + 1) for item in value[:_MOST_ITEMS]]
        case _:
            return None
