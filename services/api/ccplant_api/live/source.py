"""What the hub needs from outside, as protocols: the record (MongoDB) and the bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel

from ccplant_contracts.stream import StreamEvent

StateKind = Literal["session", "prompt", "permission"]
StateKey = tuple[StateKind, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one watched session stands in the record: enough to see whether something was missed."""

    stored_to: int
    closed: bool
    """Whether the transcript has its end."""
    launch_id: str | None
    versions: Mapping[StateKey, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One whole document, as viewers see it."""

    key: StateKey
    version: int
    resource: BaseModel


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session as it stands when a viewer comes: the content of `hello`, and where to go on."""

    standing: Standing
    hello: Mapping[str, object]
    activity: BaseModel | None = None
    last_stored: int = 0
    """The highest number that MongoDB holds: viewers may have seen it before `stored_to` came to it."""


class Record(Protocol):
    """The truth, in MongoDB."""

    async def snapshot(self, session_id: str, base_url: str) -> Snapshot | None:
        """Return a session with its prompts and permissions; None: there is none."""

    async def standings(self, session_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return how sessions stand, in one round; those that are gone are missing."""

    async def document(self, session_id: str, key: StateKey, base_url: str) -> Document | None:
        """Return one document as viewers see it."""

    async def events(self, session_id: str, after: int, up_to: int, limit: int) -> Sequence[StreamEvent]:
        """Return stored events with `after` < seq ≤ `up_to`, ascending, at most `limit`."""


class Subscription(Protocol):
    """A subscription on the bus."""

    async def unsubscribe(self) -> None:
        """End it."""


class Bus(Protocol):
    """The calls of the bus that live viewing needs."""

    async def subscribe(self, subject: str, receive: Callable[[str, bytes], Awaitable[None]]) -> Subscription:
        """Call `receive(subject, payload)` for each message, in order."""

    async def flush(self) -> None:
        """Return when the server has taken what was asked so far; raises nothing where it is away."""
