"""Frames: the JSON texts that viewers get, each written once however many viewers there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from pydantic import BaseModel

from ccplant_api.errors.envelope import error_body
from ccplant_contracts.base import rfc3339
from ccplant_contracts.errors import ApiError
from ccplant_contracts.stream import StreamEvent


@dataclass(frozen=True, slots=True)
class Frame:
    """One text for a viewer; `seq` only where it belongs to the durable stream."""

    type: str
    text: str
    size: int
    seq: int | None = None


def _frame(kind: str, data: object, at: datetime, seq: int | None = None) -> Frame:
    body: dict[str, object] = {"type": kind}
    if seq is not None:
        body["seq"] = seq
    body["data"] = data
    body["timestamp"] = rfc3339(at)
    raw = orjson.dumps(body, default=_plain)
    return Frame(kind, raw.decode(), len(raw), seq)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not JSON")


def event_frame(event: StreamEvent) -> Frame:
    """Return the frame of a durable event."""
    data = event.data.model_dump(mode="json", exclude={"type"})
    return _frame(event.data.type, data, event.at, event.seq)


def state_frame(kind: str, document: BaseModel | Mapping[str, object], at: datetime | None = None) -> Frame:
    """Return the frame of a whole document: `session`, `prompt`, `permission`, `activity`, or `hello`."""
    return _frame(kind, document, at or datetime.now(UTC))


def delta_frame(data: Mapping[str, object]) -> Frame:
    """Return the frame of a preview."""
    return _frame("delta", data, datetime.now(UTC))


def error_frame(error: ApiError, request_id: str) -> Frame:
    """Return the frame of a refusal; it has the fields of the error shape."""
    return _frame("error", error_body(error, request_id), datetime.now(UTC))


def pong_frame() -> Frame:
    """Return the answer to a client's ping."""
    return _frame("pong", {}, datetime.now(UTC))
