"""The bus's side of the outbox: one acknowledged message per lifecycle event."""

from __future__ import annotations

from datetime import datetime

from faststream.nats import NatsBroker
from nats.js import JetStreamContext

from ccplant_contracts import subjects
from ccplant_contracts.events import LifecycleEvent, cloud_event_headers
from ccplant_platform.bus.topology import ensure_topology, stream_created

_WAIT_SECONDS = 5.0


class EventStreamMissingError(TimeoutError):
    """The stream was made and is gone again; the next look tries once more."""


class LifecycleEventStream:
    """Sends lifecycle events into their stream."""

    def __init__(self, broker: NatsBroker, js: JetStreamContext, *, replicas: int) -> None:
        self._broker = broker
        self._js = js
        self._replicas = replicas

    async def created(self) -> datetime:
        """Return when the stream came into being; it is made again where it is missing."""
        created = await stream_created(self._js, subjects.STREAM_EVENTS)
        if created is None:
            await ensure_topology(self._js, replicas=self._replicas)
            created = await stream_created(self._js, subjects.STREAM_EVENTS)
        if created is None:
            raise EventStreamMissingError(f"stream {subjects.STREAM_EVENTS} is missing")
        return created

    async def publish(self, event: LifecycleEvent) -> None:
        """Send one event and return when it is acknowledged."""
        await self._broker.publish(
            event.data,
            subject=subjects.event(event.owner, event.session_id, event.type),
            headers=cloud_event_headers(event),
            stream=subjects.STREAM_EVENTS,
            timeout=_WAIT_SECONDS,
        )
