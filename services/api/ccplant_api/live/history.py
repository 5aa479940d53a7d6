"""``GET …/stream``: a piece of the stream as it was, backwards from any place (S11).

A viewer of a long session begins at its end and reads what was before when somebody goes up. A page is bounded in events
and in bytes, since one event may be a quarter of a megabyte.
"""

from __future__ import annotations

from collections import deque
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import Gateway, GatewayDep
from ccplant_api.live.frames import event_frame
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.stream import StreamPage

router = APIRouter(prefix="/api/v1/sessions/{session_id}", tags=["live"])

MAX_EVENTS = 1_000
MAX_PAGE_BYTES = 2_000_000
_READ = 100


@router.get("/stream", operation_id="readStream", response_model=StreamPage, responses=error_answers(404))
async def read_stream(
    session: SessionDep,
    gateway: GatewayDep,
    before: Annotated[
        int | None,
        Query(ge=1, le=2**53, description="Only events before this `seq`; absent: the newest ones."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EVENTS)] = 500,
) -> Response:
    """Read stored events as the WebSocket sends them, the last `limit` before a place, ascending."""
    end = session.stored_to if before is None else min(before - 1, session.stored_to)
    texts, first = await _newest(gateway, session.id, end, limit)
    # the frames are JSON already
    body = (
        f'{{"events":[{",".join(texts)}],"last_seq":{session.stored_to},'
        f'"has_more":{"true" if first > 1 else "false"}}}'
    )
    return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")


async def _newest(gateway: Gateway, session_id: str, end: int, limit: int) -> tuple[deque[str], int]:
    """Return the frames up to `end`, at least one where there is one, and the number of the first of them."""
    texts: deque[str] = deque()
    first, size = end + 1, 0
    while first > 1 and len(texts) < limit and size < MAX_PAGE_BYTES:
        after = max(0, first - 1 - min(_READ, limit - len(texts)))
        events = await gateway.store.output.read(session_id, after, limit=_READ, up_to=first - 1)
        for event in reversed(events):
            frame = event_frame(event)
            if texts and size + frame.size > MAX_PAGE_BYTES:
                return texts, first
            texts.appendleft(frame.text)
            first, size = event.seq, size + frame.size
        if not events:
            # nothing is missing below what is stored, but a session may just be erased
            break
    return texts, first
