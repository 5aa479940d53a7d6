"""Bounded text types for everything that a client may send.

MongoDB keys, process environments and file names break on NUL and lone surrogates, and an unbounded name
costs every list that shows it; so each text field of an input has a type from here. A name is shown in terminals, pages and
logs: it holds nothing that a terminal obeys, and nothing by which what stands beside it reads as something else.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

COMMANDING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters (those beyond ASCII too), separators of lines, and what overrides or embeds directions. Marks of
direction (U+200E, U+200F) and joiners stay: some scripts and emoji are written with them."""


def _clean(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain NUL bytes")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode (it has a lone surrogate)") from None
    return value


def _one_line(value: str) -> str:
    if COMMANDING.search(value):
        raise ValueError(
            "must be one line without control characters and characters that change the direction of text"
        )
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean), AfterValidator(_one_line)
]
"""A person's name for something: one line, at most 200 characters."""

Line = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_clean), AfterValidator(_one_line)]
"""One line of at most 2,000 characters."""

PromptText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200_000),
    AfterValidator(_clean),
    AfterValidator(_not_blank),
]
"""What a person says to the agent: at most 200,000 characters, not blank."""

Script = Annotated[str, StringConstraints(max_length=65_536), AfterValidator(_clean)]
"""A shell script or another long value, at most 64 Ki characters."""

Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
"""An idempotency key: 1 to 200 visible ASCII characters."""

EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
"""The name of an environment variable."""
