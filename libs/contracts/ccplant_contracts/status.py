"""The session's state machine: five statuses, their reasons, and the one table of what may follow what (S4).

`transition` is the only way from one status to another. A status that could be set freely would sooner or
later revive a dead session or give it a second, contradictory end.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """What a session is."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TERMINATED = "terminated"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in FINAL


FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.TERMINATED})


class Reason(StrEnum):
    """Why a session is in its status; machine-readable and stable."""

    CREATED = "created"
    REGISTERED = "registered"
    # completed
    TASK_FINISHED = "task_finished"
    AGENT_ENDED = "agent_ended"
    OWNER_COMPLETED = "owner_completed"
    # failed
    START_FAILED = "start_failed"
    START_TIMEOUT = "start_timeout"
    CLONE_FAILED = "clone_failed"
    SETUP_FAILED = "setup_failed"
    AGENT_CRASHED = "agent_crashed"
    RUNNER_CRASHED = "runner_crashed"
    RUNNER_LOST = "runner_lost"
    INTERNAL_ERROR = "internal_error"
    # terminated
    TIMEOUT = "timeout"
    OOM_KILLED = "oom_killed"
    NODE_SHUTDOWN = "node_shutdown"
    EVICTED = "evicted"
    STOPPED = "stopped"
    DELETED = "deleted"
    POD_DELETED = "pod_deleted"


REASONS: MappingProxyType[Status, frozenset[Reason]] = MappingProxyType(
    {
        Status.PENDING: frozenset({Reason.CREATED}),
        Status.RUNNING: frozenset({Reason.REGISTERED}),
        Status.COMPLETED: frozenset({Reason.TASK_FINISHED, Reason.AGENT_ENDED, Reason.OWNER_COMPLETED}),
        Status.FAILED: frozenset(
            {
                Reason.START_FAILED, Reason.START_TIMEOUT, Reason.CLONE_FAILED, Reason.SETUP_FAILED,
                Reason.AGENT_CRASHED, Reason.RUNNER_CRASHED, Reason.RUNNER_LOST, Reason.INTERNAL_ERROR,
            }
        ),
        Status.TERMINATED: frozenset(
            {
                Reason.TIMEOUT, Reason.OOM_KILLED, Reason.NODE_SHUTDOWN, Reason.EVICTED, Reason.STOPPED,
                Reason.DELETED, Reason.POD_DELETED,
            }
        ),
    }
)  # fmt: skip
"""Which reasons belong to which status."""

STATUS_OF: MappingProxyType[Reason, Status] = MappingProxyType(
    {reason: status for status, reasons in REASONS.items() for reason in reasons}
)
"""The one status that a reason leads to."""

TRANSITIONS: MappingProxyType[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.PENDING: frozenset({Status.RUNNING, Status.COMPLETED, Status.FAILED, Status.TERMINATED}),
        Status.RUNNING: frozenset({Status.COMPLETED, Status.FAILED, Status.TERMINATED}),
        Status.COMPLETED: frozenset(),
        Status.FAILED: frozenset(),
        Status.TERMINATED: frozenset(),
    }
)
"""What may follow what; a pending session completes only where its owner says so before it ran."""


class IllegalTransitionError(ValueError):
    """A status was to follow one that it cannot follow; a bug of ours, never a user's mistake."""


def transition(current: Status, reason: Reason) -> Status:
    """Return the status that `reason` leads to from `current`.

    Raises:
        IllegalTransitionError: the table has no such step.
    """
    target = STATUS_OF[reason]
    if target not in TRANSITIONS[current]:
        raise IllegalTransitionError(f"{current} cannot become {target} ({reason})")
    return target


class StopReason(StrEnum):
    """Who or what asked for the end; the reason that the end then gets."""

    STOPPED = "stopped"
    DELETED = "deleted"
    OWNER_COMPLETED = "owner_completed"
    TASK_FINISHED = "task_finished"
    TIMEOUT = "timeout"

    @property
    def reason(self) -> Reason:
        """The session's reason at the end that was asked for."""
        return Reason(self.value)


class PromptState(StrEnum):
    """Where a prompt is (C4)."""

    QUEUED = "queued"
    DELIVERING = "delivering"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    UNDELIVERED = "undelivered"

    @property
    def open(self) -> bool:
        """Whether an end is still to come."""
        return self in OPEN_PROMPT_STATES

    @property
    def under_way(self) -> bool:
        """Whether the runner has it, or may have it: never edited, removed or queued again."""
        return self in (PromptState.DELIVERING, PromptState.IN_PROGRESS)


OPEN_PROMPT_STATES = frozenset({PromptState.QUEUED, PromptState.DELIVERING, PromptState.IN_PROGRESS})

PROMPT_TRANSITIONS: MappingProxyType[PromptState, frozenset[PromptState]] = MappingProxyType(
    {
        PromptState.QUEUED: frozenset(
            {PromptState.DELIVERING, PromptState.REMOVED, PromptState.CANCELLED, PromptState.UNDELIVERED}
        ),
        PromptState.DELIVERING: frozenset(
            {
                PromptState.IN_PROGRESS, PromptState.DONE, PromptState.FAILED, PromptState.INTERRUPTED,
                PromptState.CANCELLED,
            }
        ),
        PromptState.IN_PROGRESS: frozenset(
            {PromptState.DONE, PromptState.FAILED, PromptState.INTERRUPTED, PromptState.CANCELLED}
        ),
        PromptState.DONE: frozenset(), PromptState.FAILED: frozenset(), PromptState.INTERRUPTED: frozenset(),
        PromptState.CANCELLED: frozenset(), PromptState.REMOVED: frozenset(), PromptState.UNDELIVERED: frozenset(),
    }
)  # fmt: skip
"""What may follow what for a prompt; from `delivering` on there is no way back to the queue."""


class PermissionState(StrEnum):
    """Where a permission request is (C5)."""

    PENDING = "pending"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class PermissionDelivery(StrEnum):
    """Whether the runner has acted on an answer."""

    WAITING = "waiting"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
