"""Masks secrets in a diff, line by line, so that it stays a diff: as many lines as its heads say, each with its sign.

A private key goes over many lines. Masked as one text it would become one line; so each of its lines is masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ccplant_platform.redaction import MASK

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
_SIGNS = ("+", "-", " ")


def masked_diff(diff: str, redact: Callable[[str], str]) -> str:
    """Return the diff without secrets; pure."""
    lines: list[str] = []
    in_key = in_hunk = False
    for line in diff.split("\n"):
        if line.startswith(("diff --git ", "@@")):
            in_hunk, in_key = line.startswith("@@"), False
        sign, text = (line[:1], line[1:]) if in_hunk and line.startswith(_SIGNS) else ("", line)
        if in_key:
            end = _KEY_ENDS.search(text)
            in_key = end is None
            lines.append(f"{sign}{MASK}{redact(text[end.end() :]) if end else ''}")
            continue
        begin = _KEY_BEGINS.search(text)
        in_key = begin is not None and not _KEY_ENDS.search(text, begin.end())
        if in_key and begin is not None:
            lines.append(f"{sign}{redact(text[: begin.start()])}{MASK}")
        else:
            lines.append(sign + redact(text))
    return "\n".join(lines)
