"""The record of a schedule, and of each time it ran, was skipped or was missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from ccplant_contracts.base import UtcTime
from ccplant_contracts.schedule import CreateSchedule
from ccplant_store.documents import Document, Raw, json_text
from ccplant_store.sessions.model import JsonDict

RUNS_KEPT = timedelta(days=90)

RunState = Literal["handed", "skipped", "missed"]
"""`handed`: a dispatch was made of it; what became of that is asked of the dispatch."""


class ScheduleDoc(Document):
    """A schedule.

    What people change has `version`; when it fires next has `fire_version`, so that a tick never waits for an edit of
    the message, and an edit of the time never undoes a tick.
    """

    owner: str
    name: str
    enabled: bool = True
    deleted: bool = False
    definition: JsonDict
    """`CreateSchedule` as JSON, the session's configuration unmasked; empty once it is deleted."""
    created_at: UtcTime
    updated_at: UtcTime
    version: int = 1
    fire_version: int = 1
    next_tick_at: UtcTime | None = None
    """The first tick that was not decided on; None: disabled, or it never fires again."""
    next_fire_at: UtcTime | None = None
    """When that one is due, jitter included."""
    last_tick_at: UtcTime | None = None
    last_run_id: str | None = None
    last_dispatch_id: str | None = None
    """Of the last run that was handed on: the next may have to wait for it."""
    event_seq: int = 0
    event_at: UtcTime | None = None

    def encode(self) -> Raw:
        raw = super().encode()
        raw["definition"] = json_text(self.definition)
        return raw

    def parsed(self) -> CreateSchedule:
        """Return the definition as its model.

        Raises:
            pydantic.ValidationError: it was deleted, or was written by a version that took other values.
        """
        return CreateSchedule.model_validate(self.definition)


class RunDoc(Document):
    """One run, or several that were missed, as one record."""

    schedule_id: str
    owner: str
    trigger: Literal["tick", "manual"]
    key: str | None = None
    """Of one tick: unique, so that it has one run; None: a manual run, or several missed ticks."""
    tick_at: UtcTime
    """Of several that were missed, the first."""
    due_at: UtcTime
    fired_at: UtcTime | None = None
    missed_until: UtcTime | None = None
    missed_count: int | None = None
    outcome: RunState
    reason: str | None = None
    dispatch_id: str | None = None
    created_at: UtcTime


def run_key(schedule_id: str, tick_at: UtcTime) -> str:
    """Return what two runs of the same tick share."""
    return f"{schedule_id}:{tick_at.isoformat()}"
