"""``GET …/events`` and ``/sse/sessions/{id}``: the frames of the WebSocket as server-sent events (C3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import Gateway, GatewayDep
from ccplant_api.http.base_url import base_url
from ccplant_api.http.context import request_id_of
from ccplant_api.live.connection import follow_until_closed
from ccplant_api.live.frames import Frame, error_frame
from ccplant_api.live.since import parse_since
from ccplant_api.live.sse import HEARTBEAT, RETRY, EventStream, sse_chunk
from ccplant_api.sessions.find import SessionIdPath, checked_id, no_such_session
from ccplant_store.access import Proof
from ccplant_store.sessions.model import SessionDoc

router = APIRouter(tags=["live"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Frames as server-sent events.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "The session has ended and the client has all of it: do not connect again."},
}


@router.get(
    "/api/v1/sessions/{session_id}/events",
    operation_id="streamSession",
    response_class=Response,
    response_model=None,
    responses={**_STREAM, **error_answers(404)},
)
@router.get(
    "/sse/sessions/{session_id}", include_in_schema=False, response_class=Response, response_model=None
)
async def stream(
    request: Request,
    session_id: SessionIdPath,
    gateway: GatewayDep,
    since: Annotated[
        str | None, Query(description="The last `seq` that you have; 0: everything; absent: from now.")
    ] = None,
    ticket: Annotated[
        str | None, Query(description="A one-time ticket, where no header can be sent.")
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="As `since`; a browser sends it by itself.")
    ] = None,
) -> EventStream | Response:
    """Follow a session; `id:` is the `seq` of a frame that belongs to the durable stream."""
    caller = await gateway.caller_or_ticket(request, ticket, session_id)
    session = await gateway.store.sessions.get_owned(checked_id(session_id), caller.user_id)
    if session is None:
        raise no_such_session()
    resumed = parse_since(last_event_id, "Last-Event-ID")
    position = resumed if resumed is not None else parse_since(since)
    if position is not None and position > session.stored_to:
        # viewers see what MongoDB holds, a moment before `stored_to` comes to it
        last = max(session.stored_to, await gateway.store.output.last_seq(session.id))
        if position > last:
            raise invalid_field("since", f"is beyond the last number, {last}", last_seq=last)
    if resumed is not None and session.settled and resumed == session.stored_to:
        return Response(status_code=204)
    return EventStream(_Chunks(gateway, request, session, position, caller.proof).open)


class _Chunks:
    """The chunks of one stream."""

    def __init__(
        self, gateway: Gateway, request: Request, session: SessionDoc, since: int | None, proof: Proof | None
    ) -> None:
        self._gateway = gateway
        self._base = base_url(request, gateway.settings)
        self._request_id = request_id_of(request.scope)
        self._session_id = session.id
        self._since = since
        self._proof = proof

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """Follow the session for as long as the response lasts."""
        async with self._gateway.hub.joined(self._session_id, self._base) as (viewer, watch):
            follow = asyncio.create_task(
                follow_until_closed(self._gateway.hub, viewer, watch, self._base, self._since)
            )

            async def chunks() -> AsyncIterator[bytes]:
                yield RETRY
                while True:
                    frames = await viewer.take(self._gateway.settings.sse_heartbeat_seconds)
                    if frames:
                        yield b"".join(_chunk(frame) for frame in frames)
                    elif viewer.closing is None:
                        yield HEARTBEAT
                    if viewer.closing is not None and not viewer.waiting:
                        yield _chunk(error_frame(viewer.closing.error, self._request_id))
                        return

            try:
                with self._gateway.staying.while_good(self._proof, viewer.refuse):
                    yield chunks()
            finally:
                follow.cancel()
                await asyncio.gather(follow, return_exceptions=True)


def _chunk(frame: Frame) -> bytes:
    return sse_chunk(frame.text, None if frame.seq is None else str(frame.seq))
