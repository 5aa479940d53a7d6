"""Hints to whoever watches a session; safe to lose, so never waited for and never retried.

The documents are the truth: a gateway compares versions every few seconds and after each reconnect. A hint
only makes it quick.
"""

from __future__ import annotations

from typing import Protocol

import structlog
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.base import Message
from ccplant_contracts.stream import StreamEvent
from ccplant_contracts.watch import Activity, Hint, Stored

_log = structlog.get_logger(__name__)

_INLINE_BYTES = 200_000


class Publisher(Protocol):
    """The one call of a bus client that is needed here."""

    async def publish(self, subject: str, payload: bytes = b"") -> None:
        """Send a message to whoever listens."""


class Announcer:
    """Says on the bus what has just been committed."""

    def __init__(self, bus: Publisher) -> None:
        self._bus = bus

    async def session(self, session_id: str, version: int) -> None:
        """A session's document has this version now."""
        await self._send(
            subjects.watch_hint(session_id), Hint(kind="session", id=session_id, version=version)
        )

    async def prompt(self, session_id: str, prompt_id: str, version: int) -> None:
        """A prompt's document has this version now."""
        await self._send(subjects.watch_hint(session_id), Hint(kind="prompt", id=prompt_id, version=version))

    async def permission(self, session_id: str, permission_id: str, version: int) -> None:
        """A permission request's document has this version now."""
        await self._send(
            subjects.watch_hint(session_id), Hint(kind="permission", id=permission_id, version=version)
        )

    async def activity(self, session_id: str, activity: Activity) -> None:
        """A newer sample of what a session is using and doing."""
        await self._send(
            subjects.watch_hint(session_id), Hint(kind="activity", id=session_id, activity=activity)
        )

    async def stored(
        self, session_id: str, stored_to: int, events: tuple[StreamEvent, ...], *, size: int
    ) -> None:
        """MongoDB holds these events; they are sent along where they are small."""
        inline = events if size <= _INLINE_BYTES else ()
        await self._send(subjects.watch_stored(session_id), Stored(stored_to=stored_to, events=inline))

    async def closed(self, session_id: str, stored_to: int) -> None:
        """The transcript has its end; viewers may go."""
        await self._send(subjects.watch_stored(session_id), Stored(stored_to=stored_to, closed=True))

    async def deadlines_changed(self) -> None:
        """The nearest deadline may be another one."""
        await self._publish(subjects.WAKE_DEADLINES, b"")

    async def launch_place_free(self) -> None:
        """A launch is no longer starting: the next one may."""
        await self._publish(subjects.WAKE_LAUNCHES, b"")

    async def _send(self, subject: str, message: Message) -> None:
        await self._publish(subject, message.model_dump_json(exclude_none=True).encode())

    async def _publish(self, subject: str, payload: bytes) -> None:
        try:
            await self._bus.publish(subject, payload)
        except NatsError as error:
            _log.debug("hint_lost", subject=subject, error=str(error))
