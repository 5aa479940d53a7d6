"""The thread that ties one request's work together over processes: W3C ``traceparent``.

It rides on commands, prompts and lifecycle events. Only the format is here; whoever runs a collector gets the ids from
the logs, where every line carries them.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class TraceContext:
    """One place in a trace."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def header(self) -> str:
        """Return the ``traceparent`` text."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    def child(self) -> TraceContext:
        """Return the next place in the same trace."""
        return TraceContext(self.trace_id, secrets.token_hex(8), self.sampled)


def new_trace() -> TraceContext:
    """Begin a trace."""
    return TraceContext(secrets.token_hex(16), secrets.token_hex(8))


def parse_traceparent(text: str | None) -> TraceContext | None:
    """Read a ``traceparent``; None when there is none or it is not valid: a wrong one is ignored, as the standard asks."""
    match = _TRACEPARENT.fullmatch((text or "").strip())
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def continue_trace(text: str | None) -> TraceContext:
    """Go on with the trace of a request, or begin one."""
    parent = parse_traceparent(text)
    return parent.child() if parent is not None else new_trace()
