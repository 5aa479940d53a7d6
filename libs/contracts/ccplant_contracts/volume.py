"""Volumes as clients see them (S13)."""

from __future__ import annotations

from ccplant_contracts.base import Message, UtcTime


class VolumeResource(Message):
    """A session's volume, in use or kept for the next one."""

    volume_id: str
    """What `pvc_from` may name: the id of the session that had it first."""
    session_id: str
    """The session that has it, or had it last: the one to resume."""
    session_name: str | None = None
    """None: that session's record was erased."""
    owner: str
    size: str
    created_at: UtcTime
    age_seconds: float
    kept_at: UtcTime | None = None
    """Since when no session has it."""
    in_use_by: str | None = None
    """The session that has it; None: it can be mounted, or deleted."""
    deleting: bool = False
    """It is being removed."""
