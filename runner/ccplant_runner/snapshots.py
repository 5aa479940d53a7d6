"""Lets through at most one snapshot per id and half second, and never loses the last one.

A tool that reports progress a hundred times a second would otherwise write its whole state a hundred times a second.
Pure: time is passed in.
"""

from __future__ import annotations

from typing import Generic, TypeVar

SNAPSHOT_SECONDS = 0.5

Snapshot = TypeVar("Snapshot")


class SnapshotThrottle(Generic[Snapshot]):
    """The newest snapshot of each id that was not sent yet."""

    def __init__(self, spacing: float = SNAPSHOT_SECONDS) -> None:
        self._spacing = spacing
        self._open_at: dict[str, float] = {}
        self._held: dict[str, Snapshot] = {}

    def offer(self, key: str, snapshot: Snapshot, now: float) -> list[Snapshot]:
        """Take a snapshot; return it where it may go now."""
        if now >= self._open_at.get(key, 0.0):
            self._open_at[key] = now + self._spacing
            self._held.pop(key, None)
            return [snapshot]
        self._held[key] = snapshot
        return []

    def due(self, now: float) -> list[Snapshot]:
        """Return those whose time has come."""
        ready = [key for key in self._held if now >= self._open_at[key]]
        for key in ready:
            self._open_at[key] = now + self._spacing
        return [self._held.pop(key) for key in ready]

    def flush(self) -> list[Snapshot]:
        """Return all that is held: a turn ends, and what belongs to it comes before its end."""
        held = list(self._held.values())
        self._held.clear()
        self._open_at.clear()
        return held

    def next_due(self) -> float | None:
        """Return when `due` has something to say."""
        return min((self._open_at[key] for key in self._held), default=None)
