"""What the `data` of each lifecycle event holds, by its type (W5).

Written down as models so that the AsyncAPI document says what really is sent: every event that tests record is held
against its model. Subscribers ignore fields and types that they do not know; fields are added and never
change what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ccplant_contracts.base import UtcTime
from ccplant_contracts.dispatch import TriggerKind
from ccplant_contracts.events import LifecycleType


class EventData(BaseModel):
    """Everything that an event of one type tells, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Nothing(EventData):
    """The type says it all."""


class SessionCreated(EventData):
    """A session was created."""

    status: Literal["pending"]
    reason: str
    name: str | None
    mode: Literal["interactive", "task"]
    repository: str | None
    branch: str | None
    recreated_from: str | None = Field(description="The session whose place it takes.")


class SessionLaunched(EventData):
    """An attempt to run it begins."""

    launch_id: str
    attempt: int


class SessionStatus(EventData):
    """Its status changed."""

    status: Literal["running", "completed", "failed", "terminated"]
    reason: str = Field(description="Why; the reasons are listed in docs/concepts.md.")
    facts: dict[str, Any] = Field(description="What the reason is about: `exit_code`, `limit`, `by` …")


class StopRequested(EventData):
    """Its end is wanted."""

    reason: str
    by: str | None
    force: bool


class SessionExtended(EventData):
    """Its time limit was moved."""

    timeout_minutes: int | None
    by: str


class SessionDeleted(EventData):
    """It left the lists."""

    by: str | None


class PromptNews(EventData):
    """About a prompt; never its text."""

    prompt_id: str
    number: int
    by: str = Field(description="A user, `webhook:ID` or `schedule:ID`.")


class PromptEnded(PromptNews):
    """A prompt ended."""

    state: Literal["done", "failed", "interrupted", "cancelled", "removed", "undelivered"]
    stop_reason: str | None
    error: str | None


class PermissionRequested(EventData):
    """The agent asks."""

    permission_id: str
    prompt_id: str | None
    tool_call_id: str | None
    title: str | None


class PermissionAnswered(EventData):
    """The question is settled."""

    permission_id: str
    state: str
    kind: str | None
    source: str | None
    by: str | None


class DispatchNews(EventData):
    """About what a trigger wants said to an agent; never the text."""

    trigger: TriggerKind
    trigger_id: str = Field(description="The webhook or the schedule.")
    delivery_id: str | None = Field(description="The delivery, where the trigger is a webhook.")
    run_id: str | None = Field(description="The run, where the trigger is a schedule.")


class DispatchDispatched(DispatchNews):
    """Its prompt is in a session."""

    session_id: str
    prompt_id: str
    created: bool = Field(description="Whether the session was created for it.")


class DispatchFailed(DispatchNews):
    """It was given up."""

    code: str


class DispatchCancelled(DispatchNews):
    """Its owner took it out of the queue."""

    by: str


class DispatchRequeued(DispatchNews):
    """Its session ended before any runner saw the prompt, so that it waits again."""

    session_id: str | None


class DeliveryNews(EventData):
    """A delivery that started nothing, and why."""

    webhook_id: str
    delivery_id: str
    github_delivery: str | None
    event: str | None
    reason: str | None


class ScheduleMissed(EventData):
    """Ticks that were not run: nothing was there to run them in time."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    first: UtcTime = Field(alias="from")
    last: UtcTime = Field(alias="to")
    count: int


class ScheduleSkipped(EventData):
    """A tick that was not run, because the run before it was not over."""

    tick_at: UtcTime


EVENT_DATA: Mapping[LifecycleType, type[EventData]] = MappingProxyType(
    {
        "session.created": SessionCreated,
        "session.launched": SessionLaunched,
        "session.running": SessionStatus,
        "session.stop_requested": StopRequested,
        "session.extended": SessionExtended,
        "session.completed": SessionStatus,
        "session.failed": SessionStatus,
        "session.terminated": SessionStatus,
        "session.deleted": SessionDeleted,
        "session.purged": Nothing,
        "session.unreachable": Nothing,
        "session.reachable": Nothing,
        "prompt.queued": PromptNews,
        "prompt.started": PromptNews,
        "prompt.ended": PromptEnded,
        "permission.requested": PermissionRequested,
        "permission.answered": PermissionAnswered,
        "dispatch.created": DispatchNews,
        "dispatch.dispatched": DispatchDispatched,
        "dispatch.failed": DispatchFailed,
        "dispatch.cancelled": DispatchCancelled,
        "dispatch.requeued": DispatchRequeued,
        "delivery.ignored": DeliveryNews,
        "delivery.failed": DeliveryNews,
        "schedule.missed": ScheduleMissed,
        "schedule.skipped": ScheduleSkipped,
    }
)

WHEN: Mapping[LifecycleType, str] = MappingProxyType(
    {
        "session.created": "It was created.",
        "session.launched": "An attempt to run it begins.",
        "session.running": "The agent can answer.",
        "session.stop_requested": "Its end is wanted: by its owner, the time limit, or because its task is done.",
        "session.extended": "Its time limit was moved.",
        "session.completed": "It ended: done.",
        "session.failed": "It ended: broken.",
        "session.terminated": "It ended: from outside.",
        "session.deleted": "It left the lists; its record stays.",
        "session.purged": "Its record was erased.",
        "session.unreachable": "Its runner has been silent for 30 s.",
        "session.reachable": "Its runner is heard again.",
        "prompt.queued": "A prompt was taken.",
        "prompt.started": "Its turn began.",
        "prompt.ended": "It ended.",
        "permission.requested": "The agent asks and nobody has answered yet.",
        "permission.answered": "It is settled.",
        "dispatch.created": "A webhook or a schedule wants something said to an agent.",
        "dispatch.dispatched": "Its prompt is in a session.",
        "dispatch.failed": "It was given up.",
        "dispatch.cancelled": "Somebody took it out of its queue.",
        "dispatch.requeued": "Its session ended before the prompt was delivered; it waits again.",
        "delivery.ignored": "A delivery started nothing, as its webhook says.",
        "delivery.failed": "A delivery could not be processed.",
        "schedule.missed": "Ticks were not run in time.",
        "schedule.skipped": "A tick was not run, because the run before it was not over.",
    }
)
