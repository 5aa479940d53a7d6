"""Turns what a session itself could have written into plain, bounded values.

The agent can write where the runner leaves its last word. A number that no database takes, or a key with a NUL, would
keep the record of an end from ever being written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from ccplant_contracts.launch import MAX_TERMINATION_BYTES, LastWord
from ccplant_platform.redaction import Redactor

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What JSON and any database can hold."""

MAX_TEXT = 600
"""Characters of a message that are kept as evidence."""
_INT64 = 2**63
_MOST_KEYS = 30
_MOST_ITEMS = 50
_MOST_DEPTH = 4
_LINE = 2_000
_ALWAYS = {"reason", "log_tail", "last_seq"}
"""What every last word has. A line of the log is an object of JSON as well, and would pass for an empty one."""
_MASKED = Redactor()
_QUERY = re.compile(r"(https?://[^\s\"'?]+)\?[^\s\"']+")
_LOCAL_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+|\]):\d{1,5}(?=->)")
"""Of a connection's near end: another one each time, and nobody's concern."""
_UNPRINTABLE = re.compile(r"[\0\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


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
    return sanitised(word)


def sanitised(word: LastWord) -> LastWord:
    """Return it with what any database can hold, and nothing that has to be masked."""
    code = word.exit_code
    return word.model_copy(
        update={
            "detail": None if word.detail is None else shown(word.detail, _LINE),
            "exit_code": code if code is not None and -_INT64 <= code < _INT64 else None,
            "log_tail": lines(word.log_tail),
            "last_seq": word.last_seq if 0 <= word.last_seq < _INT64 else 0,
            "evidence": {
                shown(str(key), 100).replace("\0", ""): plain(value)
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
    return tuple(_line(line) for line in found[-_MOST_ITEMS:] if isinstance(line, str))


def _line(words: str) -> str:
    """Return a line of a log as it was written: its indentation says what belongs to what."""
    return _bounded(_UNPRINTABLE.sub(" ", _masked(words)).rstrip(), _LINE)


def plain(value: object, depth: int = 0) -> Plain:
    """Return a value as JSON and any database can hold it; what cannot be held is None."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -_INT64 <= value < _INT64 else None
        case float():
            return value if math.isfinite(value) else None
        case str():
            return shown(value)
        case Mapping() if depth < _MOST_DEPTH:
            found = list(value.items())[:_MOST_KEYS]
            return {shown(str(key), 100).replace("\0", ""): plain(item, depth + 1) for key, item in found}
        case list() | tuple() if depth < _MOST_DEPTH:
            return [plain(item, depth + 1) for item in value[:_MOST_ITEMS]]
        case _:
            return None


def shown(words: str, most: int = MAX_TEXT) -> str:
    """Return a text masked and bounded, in one line."""
    return _bounded(" ".join(_masked(words).split()), most)


def _masked(words: str) -> str:
    # a query in a URL of a registry or of a storage service is where they put signatures
    return _LOCAL_PORT.sub(r"\1", _MASKED(_QUERY.sub(r"\1", words[: 16 * MAX_TEXT])))


def _bounded(line: str, most: int) -> str:
    """Cut last: a secret that was cut would not be recognised."""
    return line if len(line) <= most else f"{line[: most - 1]}…"
