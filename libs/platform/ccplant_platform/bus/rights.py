"""The table of rights on the bus: what each service and each launch may say and hear.

A compromised gateway must not be able to speak as the control plane to a runner, and a runner, which works beside an
agent that may be hostile, must hear nothing but what is meant for its own launch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ccplant_contracts import subjects

ServiceRole = Literal["api", "orchestrator"]

_NANOSECONDS = 10**9


@dataclass(frozen=True)
class Rights:
    """Subjects that a user may publish to and subscribe to, and for how long it may answer what it was asked."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answer_within_seconds: int | None = None
    """None: it may answer nobody, but by a subject of its own."""

    def as_claims(self) -> dict[str, object]:
        """Return the part of a JWT that says so."""
        claims: dict[str, object] = {
            "pub": {"allow": list(self.publish)},
            "sub": {"allow": list(self.subscribe)},
            "subs": -1,
            "data": -1,
            "payload": -1,
        }
        if self.answer_within_seconds is not None:
            claims["resp"] = {"max": 1, "ttl": self.answer_within_seconds * _NANOSECONDS}
        return claims


LAUNCH = Rights(
    publish=("s.{{name()}}.out.>",),
    subscribe=("s.{{name()}}.in.>", "_INBOX_{{name()}}.>"),
    answer_within_seconds=60,
)
"""Template of a launch's user; the server puts the user's name, the launch id, in."""

_EVENTS = subjects.STREAM_EVENTS

API = Rights(
    publish=(
        subjects.COMMANDS,
        "ccplant.watch.>",
        "ccplant.wake.>",
        subjects.HEALTH_ORCHESTRATOR,
        "ccplant.control.>",
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

SERVICES: dict[ServiceRole, Rights] = {"api": API, "orchestrator": ORCHESTRATOR}
