"""Texts and parts that webhooks and schedules share.

Their fields are flat, as the user's page has them; what belongs together is checked here for both.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ccplant_contracts.text import Line, Script

SessionReference = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
"""A session's id, or its name."""

DeleteAfterHours = Annotated[int, Field(strict=True, ge=1, le=8_760)]
Flag = Annotated[bool, Field(strict=True)]

Template = Annotated[Script, StringConstraints(min_length=1, max_length=16_384)]
"""Source of a template over a delivery's payload; what it may hold is checked by `ccplant_triggers.templates`."""


def _pattern(value: str) -> str:
    if value.strip() != value or not value:
        raise ValueError("must not be blank, nor begin or end with a blank")
    return value


Pattern = Annotated[Line, StringConstraints(min_length=1, max_length=250), AfterValidator(_pattern)]
"""A name, or a glob: ``*`` within one part of a path, ``**`` across parts, ``?`` one character; ``!`` before it excludes."""

Patterns = Annotated[tuple[Pattern, ...], Field(max_length=100)]


def check_reuse(*, reuse: bool, session: str | None, key: str | None = None) -> None:
    """Check the fields of session reuse against each other.

    Raises:
        ValueError: they contradict each other; the words name the fields.
    """
    if not reuse and (session is not None or key is not None):
        raise ValueError("session_id and reuse_key need reuse_session: true")
    if session is not None and key is not None:
        raise ValueError("give session_id or reuse_key, not both")
