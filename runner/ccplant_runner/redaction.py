"""Masks secrets in what the agent says, also where a secret arrives in pieces.

A model streams ``sk-ant-…`` as several tokens; masking each piece alone would let it through whole. So the end of the
text is held back while it may still become something secret, and released as soon as it cannot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ccplant_platform.redaction import Redactor

_LONGEST_HOLD = 4_096
"""Characters held back at most: what goes on for longer without an end is no token."""

_UNFINISHED_SHAPE = re.compile(
    r"(?:\b(?:gh[pousr]_|github_pat_|sk-ant-|ccp_|whsec_|eyJ)[\w.+/=-]*"
    r"|\bS[UOAX][A-Z2-7]*"
    r"|\b(?:Bearer|Basic)(?:\s+[\w.~+/=-]*)?"
    r"|\b[a-z][a-z0-9+.-]*:(?:/|//[^\s/@\"']*)?"
    r"|-----BEGIN (?:(?!-----END [A-Z ]*PRIVATE KEY-----).)*)$",
    re.IGNORECASE | re.DOTALL,
)
_KEY_BEGINS = "-----BEGIN "
_WHOLE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END [A-Z ]*PRIVATE KEY-----).)*"
    r"-----END [A-Z ]*PRIVATE KEY-----\Z",
    re.DOTALL,
)
_SHAPE_HEADS = (
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "sk-ant-",
    "ccp_",
    "whsec_",
    "Bearer",
    "Basic",
    "eyJ",
    "SU",
    "SO",
    "SA",
    "SX",
    _KEY_BEGINS,
)

PLAIN_KEYS = frozenset(
    {
        "type", "state", "status", "kind", "role", "level", "code", "outcome", "stop_reason", "priority", "policy_answer",
        "message_id", "prompt_id", "permission_id", "tool_call_id", "blob_id", "option_id", "last_prompt_id",
    }
)  # fmt: skip
"""Fields of our own vocabulary: a secret that happens to be called ``completed`` must not break the stream."""
FREE_KEYS = frozenset({"input", "tool"})
"""Fields whose inside is the agent's: everything there is masked."""


def mask_event(value: object, redactor: Redactor) -> object:
    """Mask every text of an event that is not of our own vocabulary."""
    if isinstance(value, dict):
        masked: dict[str, object] = {}
        for key, item in value.items():
            if key in FREE_KEYS:
                masked[key] = redactor.deep(item)
            elif key in PLAIN_KEYS and isinstance(item, str):
                masked[key] = item
            else:
                masked[key] = mask_event(item, redactor)
        return masked
    if isinstance(value, list | tuple):
        return [mask_event(item, redactor) for item in value]
    return redactor(value) if isinstance(value, str) else value


class StreamRedactor:
    """Masks one message as it comes."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._secrets = tuple(redactor.values)
        self._longest = max(_LONGEST_HOLD, *(len(secret) for secret in self._secrets), 0)
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> str:
        """Take a piece; return what is certainly harmless now."""
        pending = self._before + self._held + text
        keep = max(self._unsafe_from(pending), len(self._before))
        if len(pending) - keep > self._longest:
            keep = len(pending)
        released, self._held = pending[:keep], pending[keep:]
        return self._release(released)

    def _release(self, text: str) -> str:
        """Mask a part that begins with the character that went out last: an address begins with its scheme.

        The last character of something masked is no beginning of anything.
        """
        masked, before = self._redactor(text), self._before
        ends_masked = any(end == len(text) for _, end in self._redactor.spans(text))
        self._before = "" if ends_masked else text[-1:]
        return masked[len(before) :] if masked.startswith(before) else masked

    def end(self) -> str:
        """Return the rest: nothing follows that could complete it."""
        rest, self._held = self._before + self._held, ""
        return self._release(rest)

    def _unsafe_from(self, text: str) -> int:
        """Find where the last part begins that may yet become a secret."""
        start = len(text)
        for secret in self._secrets:
            start = min(start, len(text) - _overlap(text, secret))
        tail_from = max(0, len(text) - _LONGEST_HOLD)
        # the hyphens that end a key look like those that begin one: held back alone, they would come out behind the mask
        whole_key = text.endswith("-----") and _WHOLE_KEY.search(text, tail_from) is not None
        for head in _SHAPE_HEADS:
            if head != _KEY_BEGINS or not whole_key:
                start = min(start, len(text) - _overlap(text, head))
        shape = _UNFINISHED_SHAPE.search(text, tail_from)
        if shape is not None:
            start = min(start, shape.start())
        return _outside(start, self._redactor.spans(text))


def _outside(place: int, spans: Sequence[tuple[int, int]]) -> int:
    """Move a place before whatever it would cut in two: neither half of a secret looks like one."""
    while True:
        around = [begin for begin, end in spans if begin < place < end]
        if not around:
            return place
        place = min(around)


def _overlap(text: str, secret: str) -> int:
    """Return the length of the longest end of `text` that begins `secret` (without being all of it)."""
    for length in range(min(len(text), len(secret) - 1), 0, -1):
        if text.endswith(secret[:length]):
            return length
    return 0
