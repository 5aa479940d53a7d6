"""Every subject and stream name on the bus, as functions and constants.

A launch's own subjects carry its id, and its credential is good for these alone: no other session, and no other
user of the machine, can read or answer for it. ``{launch}`` is the fencing token of `ccplant_contracts.ids`.
"""

from __future__ import annotations

from typing import Literal

from ccplant_contracts.ids import subject_token

STREAM_COMMANDS = "CCPLANT_COMMANDS"
STREAM_EVENTS = "CCPLANT_EVENTS"
STREAM_OUTPUT = "CCPLANT_OUTPUT"
STREAM_DEAD_LETTERS = "CCPLANT_DLQ"

COMMANDS = "ccplant.commands.>"
EVENTS = "ccplant.events.>"
OUTPUT = "s.*.out.events"
DEAD_LETTERS = "ccplant.dlq.>"

OUTPUT_CONSUMER = "output-writer"
COMMANDS_CONSUMER = "orchestrator"

OutKind = Literal["events", "delta", "register", "heartbeat", "blob", "attachment", "renew"]
"""What a runner sends: durable output, previews, its registration, its heartbeat, pieces of blobs, requests for pieces of
attachments, and with a credential of its own the request for a new credential."""
InKind = Literal["prompt", "cancel", "permission", "stop", "stored", "deadline", "changes"]
"""What a runner is told, and what it is asked: `changes` by the gateway, and all else by the control plane."""


def command(name: str) -> str:
    """Subject of a command, ``session.launch`` say."""
    return f"ccplant.commands.{name}"


def event(owner: str, session_id: str, event_type: str) -> str:
    """Subject of a lifecycle event: the owner is in it, so that rights can be given per owner (W5)."""
    return f"ccplant.events.{subject_token(owner)}.{session_id}.{event_type}"


def events_of(owner: str) -> str:
    """Every lifecycle event of one owner."""
    return f"ccplant.events.{subject_token(owner)}.>"


def subscriber_consumer(owner: str, name: str) -> str:
    """Name of a subscriber's consumer; no two owners' are the same, since `name` holds no underscore."""
    return f"{name}_{subject_token(owner)}"


def runner_out(launch_id: str, kind: OutKind) -> str:
    """Subject on which a launch's runner speaks."""
    return f"s.{launch_id}.out.{kind}"


def any_runner_out(kind: OutKind) -> str:
    """The same of every launch, for the control plane."""
    return f"s.*.out.{kind}"


def runner_in(launch_id: str, kind: InKind) -> str:
    """Subject on which a launch's runner listens."""
    return f"s.{launch_id}.in.{kind}"


def any_runner_in(kind: InKind) -> str:
    """The same of every launch, for who may say this one thing to all."""
    return f"s.*.in.{kind}"


def launch_of(subject: str) -> str:
    """Return the launch id of a launch's own subject.

    Raises:
        ValueError: the subject is not one.
    """
    parts = subject.split(".")
    if len(parts) != 4 or parts[0] != "s":
        raise ValueError(f"{subject!r} is not a launch's subject")
    return parts[1]


def inbox_prefix(name: str) -> str:
    """Inbox of one bus user; nobody may listen on another's."""
    return f"_INBOX_{name}"


def renewal_inbox_prefix(launch_id: str) -> str:
    """Inbox of a launch's renewal credential: within that of the launch, and all that it hears."""
    return f"{inbox_prefix(launch_id)}.renew"


def watch_hint(session_id: str) -> str:
    """Hints that a document of this session has a newer version."""
    return f"ccplant.watch.{session_id}.hint"


def watch_stored(session_id: str) -> str:
    """Announcements of stream events that MongoDB holds now."""
    return f"ccplant.watch.{session_id}.stored"


def watch_all(session_id: str) -> str:
    """Everything that a viewer of this session wants to hear, but for previews."""
    return f"ccplant.watch.{session_id}.*"


WAKE_DEADLINES = "ccplant.wake.deadlines"
"""Hint that a nearest deadline may have changed."""
WAKE_LAUNCHES = "ccplant.wake.launches"
"""Hint that a launch has left its place to the next one."""
WAKE_DELIVERIES = "ccplant.wake.deliveries"
"""Hint that a delivery waits to be processed again."""
WAKE_SCHEDULES = "ccplant.wake.schedules"
"""Hint that the nearest fire time of a schedule may have changed."""

HEALTH_ORCHESTRATOR = "ccplant.health.orchestrator"
"""Request: is an orchestrator there, and what does its runtime say?"""


def dead_letter(stream: str, consumer: str) -> str:
    """Where a message goes that makes no sense, or was tried too often."""
    return f"ccplant.dlq.{stream}.{consumer}"
