"""Masks secrets in any text: known values, and whatever has the shape of a token.

A module of its own, without settings and structlog, because the runner needs it before anything else and starts fast.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"

_SHORTEST_SECRET = 6
"""Shorter values are words of everyday text (`true`, `8080`): masking them shreds the log and hides nothing."""

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(gh[pousr]_)[A-Za-z0-9]{16,}"), rf"\1{MASK}"),
    (re.compile(r"\b(github_pat_)\w{16,}"), rf"\1{MASK}"),
    (re.compile(r"\b(sk-ant-)[\w-]{8,}"), rf"\1{MASK}"),
    (re.compile(r"\b(ccp_)[\w-]{8,}"), rf"\1{MASK}"),
    (re.compile(r"\b(whsec_)[\w+/=-]{8,}"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"), MASK),  # a JWT
    (re.compile(r"\bS[UOAX][A-Z2-7]{56}\b"), MASK),  # the seed of a bus key
    (re.compile(r"\b(Bearer|Basic)(\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1\2{MASK}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE), rf"\1{MASK}@"),
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        MASK,
    ),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask known values and everything that has the shape of a token."""
    return Redactor(secrets)(text)


class Redactor:
    """Masks secret values, also in the forms that they take in URLs and in JSON, and the known shapes of tokens."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Mask these from now on."""
        for secret in secrets:
            self._values.update(_forms(secret))
        # the longest first: a secret may contain another
        ordered = sorted(self._values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text

    @property
    def values(self) -> frozenset[str]:
        """The known values, in every form under which they may show."""
        return frozenset(self._values)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where something to mask begins and ends in a text."""
        known = () if self._pattern is None else (self._pattern,)
        return [
            match.span()
            for pattern in (*known, *(shape for shape, _ in _SHAPES))
            for match in pattern.finditer(text)
        ]

    def deep(self, value: object) -> object:
        """Mask every string within a value; what is no plain data becomes its `repr` first."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(str(key)): self.deep(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.deep(item) for item in value]
        return self(repr(value))


def _forms(secret: str) -> set[str]:
    """Return the texts under which a secret may show: each of its lines, in URLs, in JSON."""
    lines = {secret.strip(), *(line.strip() for line in secret.splitlines())}
    values = {line for line in lines if len(line) >= _SHORTEST_SECRET}
    return (
        values | {quote(value, safe="") for value in values} | {json.dumps(value)[1:-1] for value in values}
    )
