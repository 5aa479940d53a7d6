"""The record of a volume: it outlives the session that it was made for, and may serve others after it.

The record is written with the session and goes last, when the storage is gone: what has no record is garbage, and what
is to be removed has a record until it is.
"""

from __future__ import annotations

from typing import Literal

from ccplant_contracts.base import UtcTime
from ccplant_store.documents import Document

Refusal = Literal["absent", "deleting", "held"]
"""Why a volume cannot be had: none of this owner, it is being removed, another session has it."""


class VolumeDoc(Document):
    """A volume; its id is that of the session that had it first."""

    owner: str
    size: str
    """A quantity of Kubernetes, as it was asked for when it was made."""
    created_at: UtcTime
    holder: str | None
    """The session that has it; None: it is free."""
    last_holder: str
    """The session that has or had it last: its deletion decides about the volume, and no other's."""
    kept_at: UtcTime | None = None
    """When it was let go of and stayed."""
    deleting: bool = False
    """It is to be removed, which cannot be taken back."""
    attempts: int = 0
    next_attempt_at: UtcTime | None = None
    """When its removal is tried again."""
    version: int = 1


def why_not(volume: VolumeDoc | None, owner: str) -> Refusal | None:
    """Return why a session of this owner cannot have the volume now, None where it can; pure.

    Another's volume is as if it were not there.
    """
    if volume is None or volume.owner != owner:
        return "absent"
    if volume.deleting:
        return "deleting"
    return None if volume.holder is None else "held"
