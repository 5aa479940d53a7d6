"""The two kinds of model that cross a boundary, and the time format they share.

Input from outside must be exact (an unknown field is an error, S2b), while a message on the bus may come
from a newer peer, so unknown fields there are ignored. Neither quotes its input in an error: it may hold a secret.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer


def _as_utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        # pydantic takes only this for «not valid»; the other would escape from whoever reads a message
        raise ValueError("the time lies outside the calendar") from error


def rfc3339(value: datetime) -> str:
    """Write a time as RFC 3339 in UTC with milliseconds and ``Z``; MongoDB keeps no finer time."""
    return _as_utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


UtcTime = Annotated[datetime, AfterValidator(_as_utc), PlainSerializer(rfc3339, when_used="json")]
"""A moment: always aware, always UTC, RFC 3339 in JSON."""


class Input(BaseModel):
    """A body that a client sends: frozen, strict about unknown fields, NUL-free by `Text`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Message(BaseModel):
    """A message between our own parts, or an answer: frozen; unknown fields of a newer peer are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)
