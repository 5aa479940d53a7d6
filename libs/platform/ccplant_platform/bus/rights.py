"""The table of rights on the bus: what each service and each launch may say and hear.

A compromised gateway must not be able to speak as the control plane to a runner, and a runner, which works beside an
agent that may be hostile, must hear nothing but what is meant for its own launch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ccplant_contracts import subjects

ServiceRole = Literal["api", "orchestrator", "webhook-ingest", "scheduler"]

_NANOSECONDS = 10**9


@dataclass(frozen=True)
class Rights:
    """Subjects that a user may publish to and subscribe to, and for how long it may answer what it was asked."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answer_within_seconds: int | None = None
    """None: it may answer nobody, but by a subject of its own."""
    most_subscriptions: int = -1
    most_payload_bytes: int = -1

    def as_claims(self) -> dict[str, object]:
        """Return the part of a JWT that says so."""
        claims: dict[str, object] = {
            "pub": {"allow": list(self.publish)},
            "sub": {"allow": list(self.subscribe)},
            "subs": self.most_subscriptions,
            "data": -1,
            "payload": self.most_payload_bytes,
        }
        if self.answer_within_seconds is not None:
            claims["resp"] = {"max": 1, "ttl": self.answer_within_seconds * _NANOSECONDS}
        return claims


_NAME = "{{name()}}"
"""The server puts the user's name, the launch id, in its place."""
_WORK: tuple[subjects.OutKind, ...] = ("events", "delta", "register", "heartbeat", "blob", "attachment")

WORK = Rights(
    publish=tuple(subjects.runner_out(_NAME, kind) for kind in _WORK),
    subscribe=(f"s.{_NAME}.in.>", f"{subjects.inbox_prefix(_NAME)}.>"),
    answer_within_seconds=60,
)
"""Template of what a launch works with; it cannot renew itself, so that one that was stolen ends by itself."""

RENEWAL = Rights(
    publish=(subjects.runner_out(_NAME, "renew"),),
    subscribe=(f"{subjects.renewal_inbox_prefix(_NAME)}.>",),
    most_subscriptions=4,
    most_payload_bytes=4_096,
)
"""Template of what a launch asks for a new work credential with; it can do nothing else."""

_EVENTS = subjects.STREAM_EVENTS

API = Rights(
    publish=(
        subjects.COMMANDS,
        "ccplant.watch.>",
        "ccplant.wake.>",
        subjects.HEALTH_ORCHESTRATOR,
        "ccplant.control.>",
        # the one thing that it asks runners itself: what changed in a workspace; it gives them no orders
        subjects.any_runner_in("changes"),
        # a consumer of its own on the lifecycle events, and nothing of another stream
        f"$JS.API.STREAM.INFO.{_EVENTS}",
        f"$JS.API.CONSUMER.CREATE.{_EVENTS}",
        f"$JS.API.CONSUMER.CREATE.{_EVENTS}.>",
        f"$JS.API.CONSUMER.INFO.{_EVENTS}.>",
        f"$JS.API.CONSUMER.DELETE.{_EVENTS}.>",
        f"$JS.API.CONSUMER.MSG.NEXT.{_EVENTS}.>",
        f"$JS.API.DIRECT.GET.{_EVENTS}",
        f"$JS.API.DIRECT.GET.{_EVENTS}.>",
        f"$JS.ACK.{_EVENTS}.>",
        f"$JS.FC.{_EVENTS}.>",
    ),
    subscribe=(
        "ccplant.watch.>",
        subjects.any_runner_out("delta"),
        subjects.EVENTS,
        f"{subjects.inbox_prefix('api')}.>",
    ),
)

ORCHESTRATOR = Rights(
    publish=("ccplant.>", "s.*.in.>", "$JS.API.>", "$JS.ACK.>", "$JS.FC.>"),
    subscribe=("ccplant.>", "s.*.out.>", f"{subjects.inbox_prefix('orchestrator')}.>"),
    answer_within_seconds=300,
)

SUBSCRIBER_SUBSCRIPTIONS = 16
SUBSCRIBER_BYTES = 16_384


def subscriber(owner: str, *, user: str, consumer: str) -> Rights:
    """Return the rights of who reads one owner's lifecycle events, by one consumer of its own (W5).

    The filter is part of the subject on which a consumer is made, and the server refuses a consumer whose filter is another
    one. The consumer's name is fixed, too: by the name of another's it would read, or change, what is another's.
    """
    return Rights(
        publish=(
            f"$JS.API.CONSUMER.CREATE.{_EVENTS}.{consumer}.{subjects.events_of(owner)}",
            f"$JS.API.CONSUMER.INFO.{_EVENTS}.{consumer}",
            f"$JS.API.CONSUMER.DELETE.{_EVENTS}.{consumer}",
            f"$JS.API.CONSUMER.MSG.NEXT.{_EVENTS}.{consumer}",
            f"$JS.ACK.{_EVENTS}.{consumer}.>",
        ),
        subscribe=(f"{subjects.inbox_prefix(user)}.>",),
        most_subscriptions=SUBSCRIBER_SUBSCRIPTIONS,
        most_payload_bytes=SUBSCRIBER_BYTES,
    )


def _trigger(role: ServiceRole, wake: str) -> Rights:
    """What takes in what starts sessions: it tells that a dispatch waits, and is woken; it hears nothing that is said.

    Deliveries come from the internet, so what reads them gets the one command, and nothing about any session.
    """
    return Rights(
        publish=(subjects.command("session.dispatch"),),
        subscribe=(wake, f"{subjects.inbox_prefix(role)}.>"),
    )


SERVICES: dict[ServiceRole, Rights] = {
    "api": API,
    "orchestrator": ORCHESTRATOR,
    "webhook-ingest": _trigger("webhook-ingest", subjects.WAKE_DELIVERIES),
    "scheduler": _trigger("scheduler", subjects.WAKE_SCHEDULES),
}
