"""``GET /api/v1/events``: the lifecycle events of the caller's sessions, as server-sent events; and again (W5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Query
from nats.aio.msg import Msg
from starlette.requests import Request
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.errors.validation import invalid_field
from ccplant_api.events.feed import Feed, event_json, parse_event
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.live.sse import HEARTBEAT, RETRY, EventStream, sse_chunk
from ccplant_api.principals.authentication import Principal
from ccplant_contracts.base import rfc3339
from ccplant_contracts.errors import ForbiddenError
from ccplant_contracts.events import Republish, Republishing
from ccplant_contracts.ids import subject_token
from ccplant_store.errors import StoreError

_log = structlog.get_logger(__name__)
router = APIRouter(prefix="/api/v1", tags=["events"])


@router.get(
    "/events",
    operation_id="streamEvents",
    response_class=Response,
    response_model=None,
    responses={
        200: {
            "description": "Lifecycle events as server-sent events.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **error_answers(403),
    },
)
async def stream(
    request: Request,
    gateway: GatewayDep,
    last_event_id: Annotated[str | None, Header(description="Go on after this event.")] = None,
    ticket: Annotated[
        str | None, Query(description="A one-time ticket, where no header can be sent.")
    ] = None,
) -> EventStream:
    """Follow what happens to the caller's sessions; without `Last-Event-ID` from now on."""
    caller = await gateway.caller_or_ticket(request, ticket, None)
    if caller.only_session is not None:
        raise ForbiddenError("This ticket is for one session.")
    if last_event_id is not None and not (last_event_id.isascii() and 0 < len(last_event_id) <= 100):
        raise invalid_field("Last-Event-ID", "is not the id of an event")
    return EventStream(_Chunks(gateway, caller, last_event_id).open)


@router.post(
    "/events/republish",
    status_code=202,
    operation_id="republishEvents",
    response_model=Republishing,
    responses=error_answers(403, 413),
)
async def republish(body: Republish, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Have everybody's lifecycle events since then published on NATS again, as they were; for admins."""
    caller.require_admin()
    count = await gateway.store.events.republish_since(body.since)
    _log.warning("events_republished", since=rfc3339(body.since), events=count, by=caller.user_id)
    return answer(Republishing(since=body.since, events=count), status=202)


class _Chunks:
    """The chunks of one stream."""

    def __init__(self, gateway: Gateway, caller: Principal, after_id: str | None) -> None:
        self._gateway = gateway
        self._owner = caller.user_id
        self._proof = caller.proof
        self._after_id = after_id

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """Listen for as long as the response lasts."""
        bus = self._gateway.bus
        feed = Feed(self._owner, self._gateway.store.events, self._after_id, self._gateway.clock.now())
        subject = f"ccplant.events.{subject_token(self._owner)}.>"
        subscription = await bus.subscribe_messages(subject, lambda message: _hear(feed, message))
        remove = bus.on_back(feed.read_again)
        await bus.flush()

        async def chunks() -> AsyncIterator[bytes]:
            yield RETRY
            while not bus.stopping:
                try:
                    events = await feed.next(self._gateway.settings.sse_heartbeat_seconds)
                except StoreError as error:
                    _log.warning("event_feed_failed", error=str(error))
                    return  # the client comes back with the last id that it has
                if feed.refused:
                    return  # it is told why when it comes back
                yield b"".join(sse_chunk(event_json(event), event.id) for event in events) or HEARTBEAT

        try:
            with self._gateway.staying.while_good(self._proof, feed.refuse):
                yield chunks()
        finally:
            remove()
            await subscription.unsubscribe()


def _hear(feed: Feed, message: Msg) -> None:
    event = parse_event(message)
    if event is not None:
        feed.hear(event)
