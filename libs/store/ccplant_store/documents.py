"""Documents as frozen models, and the one way from a value to what MongoDB can hold.

Values reach documents from agents and runners (evidence, tool calls): a NUL in a key, an integer over 64 bits or
a lone surrogate would make the driver refuse the write that ends a session, for ever. `to_bson` cannot fail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

_INT64 = 1 << 63

Raw = dict[str, Any]
"""A document as the driver gives and takes it."""


class Document(BaseModel):
    """A document of a collection: frozen; unknown fields of a newer version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    id: str = Field(alias="_id")
    schema_version: int = 1

    def encode(self) -> Raw:
        """Return what the driver writes."""
        encoded = to_bson(self.model_dump(by_alias=True))
        assert isinstance(encoded, dict)  # noqa: S101 - a model dumps to a dict
        return encoded

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Self:
        """Read what the driver returned."""
        return cls.model_validate(raw)

    @classmethod
    def decode_optional(cls, raw: Mapping[str, Any] | None) -> Self | None:
        """Read what the driver returned, where it returned something."""
        return None if raw is None else cls.model_validate(raw)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="replace").decode()
    return value


def _key(value: object) -> str:
    text = _text(str(value)).replace("\x00", "")
    return f"_{text}" if text.startswith("$") else text


def to_bson(value: object) -> object:
    """Return a form of any value that MongoDB stores; what it cannot hold is put as text."""
    if value is None or isinstance(value, (bool, float, bytes, datetime)):
        return value
    if isinstance(value, Enum):
        return to_bson(value.value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, BaseModel):
        return to_bson(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {_key(key): to_bson(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_bson(item) for item in value]
    return _text(str(value))


def json_text(value: object) -> str:
    """Write a value whose keys are not ours as JSON text: it comes back exactly as it was."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
