"""Schedules and their runs as clients send and see them (W4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ccplant_contracts.base import Input, Message, UtcTime
from ccplant_contracts.dispatch import WaitingFor
from ccplant_contracts.session import Branch, LabelKey, LabelValue, Mode, Repository, SessionConfig
from ccplant_contracts.text import Line, Name, PromptText
from ccplant_contracts.trigger import DeleteAfterHours, Flag, SessionReference, check_reuse

Overlap = Literal["skip", "queue", "allow", "replace"]
"""What a tick does while the run before it has not ended. With reuse, a run ends when its prompt does."""

Cron = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
"""Five fields, or ``@hourly``, ``@daily`` …; checked by `ccplant_triggers.cron`."""
Zone = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
"""A name of the IANA database, ``Asia/Tokyo`` say."""

CatchUpSeconds = Annotated[int, Field(strict=True, ge=0, le=604_800)]
JitterSeconds = Annotated[int, Field(strict=True, ge=0, le=3_600)]

DEFAULT_CATCH_UP_SECONDS = 3_600


def cron_by_either_name(data: object) -> object:
    """Return a body in which `cron` is called so; clients may say `cron_expression` as well."""
    if not isinstance(data, dict) or "cron_expression" not in data:
        return data
    if "cron" in data:
        raise ValueError("give cron or cron_expression, not both")
    renamed = {name: value for name, value in data.items() if name != "cron_expression"}
    return {**renamed, "cron": data["cron_expression"]}


class CreateSchedule(Input):
    """Body of ``POST /api/v1/schedules``; `cron_expression` is another name of `cron`."""

    name: Name
    enabled: Flag = True
    cron: Cron
    timezone: Zone = "UTC"
    message: PromptText
    repository: Repository | None = None
    branch: Branch | None = None
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict, max_length=50)
    mode: Mode | None = None
    """None: `task`, and with `reuse_session` `interactive`."""
    config: SessionConfig = Field(default_factory=SessionConfig)
    reuse_session: Flag = False
    session_id: SessionReference | None = None
    overlap: Overlap = "skip"
    catch_up_seconds: CatchUpSeconds = DEFAULT_CATCH_UP_SECONDS
    """How late a tick that was missed may still run; of several the newest alone, the others are recorded as missed."""
    jitter_seconds: JitterSeconds = 0
    """Each tick runs up to so much later, always by the same amount."""
    starts_at: UtcTime | None = None
    ends_at: UtcTime | None = None
    auto_delete_on_complete: Flag | None = None
    auto_delete_after_hours: DeleteAfterHours | None = None

    @model_validator(mode="before")
    @classmethod
    def _other_name(cls, data: object) -> object:
        return cron_by_either_name(data)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        check_reuse(reuse=self.reuse_session, session=self.session_id)
        if self.branch is not None and self.repository is None:
            raise ValueError("a branch needs a repository")
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        return self


class PatchSchedule(Input):
    """Body of ``PATCH /api/v1/schedules/{id}``: fields of `CreateSchedule`; what is given changes, null clears.

    The result is checked as a whole, as at creation. `config` is replaced part by part: ``"***"`` keeps a secret.
    """

    name: Name | None = None
    enabled: Flag | None = None
    cron: Cron | None = None
    timezone: Zone | None = None
    message: PromptText | None = None
    repository: Repository | None = None
    branch: Branch | None = None
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=50)] | None = None
    mode: Mode | None = None
    config: dict[str, Any] | None = None
    reuse_session: Flag | None = None
    session_id: SessionReference | None = None
    overlap: Overlap | None = None
    catch_up_seconds: CatchUpSeconds | None = None
    jitter_seconds: JitterSeconds | None = None
    starts_at: UtcTime | None = None
    ends_at: UtcTime | None = None
    auto_delete_on_complete: Flag | None = None
    auto_delete_after_hours: DeleteAfterHours | None = None

    @model_validator(mode="before")
    @classmethod
    def _other_name(cls, data: object) -> object:
        return cron_by_either_name(data)

    def changes(self) -> dict[str, Any]:
        """Return what was given, null included."""
        return self.model_dump(mode="json", exclude_unset=True)


RunOutcome = Literal[
    "waiting", "running", "succeeded", "failed", "interrupted", "cancelled", "skipped", "missed", "erased",
]  # fmt: skip
"""`skipped`: the run before had not ended. `missed`: nobody was there to run it in time. `erased`: the record of its
session is gone, and with it what became of the run."""


class RunResource(Message):
    """One run of a schedule, or several that were missed, as one record."""

    run_id: str
    schedule_id: str
    trigger: Literal["tick", "manual"]
    tick_at: UtcTime
    """The time by the expression; of several that were missed, the first."""
    missed_until: UtcTime | None = None
    missed_count: int | None = None
    fired_at: UtcTime | None = None
    late_seconds: float | None = None
    """How much later it was dispatched than it was due, jitter included in what was due."""
    outcome: RunOutcome
    reason: str | None = None
    reason_message: dict[Literal["ja", "en"], str] | None = None
    waiting_for: WaitingFor | None = None
    dispatch_id: str | None = None
    session_id: str | None = None
    prompt_id: str | None = None
    started_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    duration_seconds: float | None = None


class RunList(Message):
    """A page of runs, newest first."""

    runs: tuple[RunResource, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


class ScheduleResource(Message):
    """A schedule."""

    schedule_id: str
    owner: str
    name: str
    enabled: bool
    cron: str
    timezone: str
    message: str
    repository: str | None
    branch: str | None
    labels: dict[str, str]
    mode: Mode
    config: SessionConfig
    """Masked."""
    reuse_session: bool
    session_id: str | None
    overlap: Overlap
    catch_up_seconds: int
    jitter_seconds: int
    starts_at: UtcTime | None
    ends_at: UtcTime | None
    auto_delete_on_complete: bool | None
    auto_delete_after_hours: int | None
    created_at: UtcTime
    updated_at: UtcTime
    next_run_at: UtcTime | None
    """None: disabled, or it never runs again."""
    next_runs: tuple[UtcTime, ...] = ()
    """The next five, without jitter."""
    last_run: RunResource | None = None
    warnings: tuple[dict[Literal["ja", "en"], str], ...] = ()
    version: int


class ScheduleList(Message):
    """A page of schedules, newest first."""

    schedules: tuple[ScheduleResource, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


class PreviewSchedule(Input):
    """Body of ``POST /api/v1/schedules/preview``."""

    cron: Cron
    timezone: Zone = "UTC"
    count: Annotated[int, Field(strict=True, ge=1, le=100)] = 5
    starts_at: UtcTime | None = None
    ends_at: UtcTime | None = None

    @model_validator(mode="before")
    @classmethod
    def _other_name(cls, data: object) -> object:
        return cron_by_either_name(data)


class PreviewedRun(Message):
    """One time at which it would run."""

    at: UtcTime
    local: str
    """The same in the schedule's zone, with its offset: ``2026-03-08T03:00:00-04:00``."""


class SchedulePreview(Message):
    """The next runs of an expression."""

    cron: str
    timezone: str
    runs: tuple[PreviewedRun, ...]
