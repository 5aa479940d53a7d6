"""Pages of lists: the items under the resource's name, and where to go on."""

from __future__ import annotations

from ccplant_contracts.access import ApiKey
from ccplant_contracts.base import Message
from ccplant_contracts.prompt import PermissionResource
from ccplant_contracts.session import Sample, SessionSummary, TimelineEntry
from ccplant_contracts.volume import VolumeResource


class SessionList(Message):
    """A page of sessions; `total` is exact up to 10,000."""

    sessions: tuple[SessionSummary, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None


class PermissionList(Message):
    """A page of a session's permission requests, newest first."""

    permissions: tuple[PermissionResource, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


class VolumeList(Message):
    """A page of volumes, newest first."""

    volumes: tuple[VolumeResource, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


class ApiKeyList(Message):
    """A page of API tokens."""

    api_keys: tuple[ApiKey, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


class Timeline(Message):
    """The lifecycle events of a session, oldest first."""

    session_id: str
    timeline: tuple[TimelineEntry, ...]


class Usage(Message):
    """What a session has used over time, oldest first, for a graph."""

    session_id: str
    samples: tuple[Sample, ...]


class Logs(Message):
    """The last lines of a session's log, redacted."""

    session_id: str
    lines: tuple[str, ...]
    source: str
    """`runtime`: read now; `record`: kept with the session's end."""
