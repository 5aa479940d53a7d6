"""``WS /ws/sessions/{id}``: talk to a session and see what happens in it (C1, C2).

A connection is accepted before it is refused: a browser is told the close code and the reason only of a connection
that was open. What a client sends wrongly is answered by an `error` frame; the connection stays.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query
from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ccplant_api.errors.validation import invalid_request
from ccplant_api.gateway import Gateway, gateway_of
from ccplant_api.http.base_url import base_url
from ccplant_api.http.context import request_id_of
from ccplant_api.live.connection import follow_until_closed
from ccplant_api.live.frames import error_frame, pong_frame
from ccplant_api.live.rate import Allowance
from ccplant_api.live.since import parse_since
from ccplant_api.live.viewer import Close, CloseCode, Viewer
from ccplant_api.permissions.answering import answer_permission
from ccplant_api.principals.authentication import Principal
from ccplant_api.prompts.sending import cancel_prompt, send_prompt
from ccplant_api.sessions.find import checked_id, no_such_session
from ccplant_contracts.errors import (
    ApiError,
    InvalidRequestError,
    PayloadTooLargeError,
    RateLimitError,
    UnavailableError,
)
from ccplant_contracts.prompt import ClientCancel, ClientFrame, ClientPermission, ClientPing, ClientPrompt
from ccplant_store.errors import StoreError

_log = structlog.get_logger(__name__)
router = APIRouter()

MAX_FRAME_BYTES = 64_000
_WRITE_SECONDS = 30.0
_CLOSE_SECONDS = 2.0
_IDLE_SECONDS = 60.0
_LAST_WORDS_SECONDS = 10.0
_FRAMES_A_SECOND, _BURST, _MOST_REFUSED = 20.0, 100.0, 200
_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)


@router.websocket("/ws/sessions/{session_id}")
async def session_socket(
    websocket: WebSocket,
    session_id: str,
    since: Annotated[str | None, Query()] = None,
    ticket: Annotated[str | None, Query()] = None,
) -> None:
    """Show a session to one viewer and take what it says."""
    gateway = gateway_of(websocket)
    await websocket.accept()
    try:
        caller = await _admitted(gateway, websocket, session_id, ticket)
        position = parse_since(since)
    except ApiError as error:
        await _close(websocket, Close(close_code(error), error))
        return
    structlog.contextvars.bind_contextvars(session_id=session_id)
    base = base_url(websocket, gateway.settings)
    async with gateway.hub.joined(session_id, base) as (viewer, watch):
        tasks = {
            asyncio.create_task(follow_until_closed(gateway.hub, viewer, watch, base, position)),
            sending := asyncio.create_task(_send(websocket, viewer)),
            receiving := asyncio.create_task(
                _Conversation(gateway, caller, session_id, websocket, viewer).run()
            ),
        }
        try:
            with gateway.staying.while_good(caller.proof, viewer.refuse):
                await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if viewer.closing is None:
                # it left: what it said before it went, a prompt perhaps, has arrived and is still to be taken
                await asyncio.wait({receiving}, timeout=_LAST_WORDS_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if viewer.closing is not None:
        await _close(websocket, viewer.closing)


def close_code(error: ApiError) -> CloseCode:
    """Return the close code that belongs to a refusal."""
    if error.status in (400, 401, 403):
        return 1008
    if error.status == 404:
        return 4404
    return 1013 if error.status in (429, 503) else 1011


async def _admitted(gateway: Gateway, websocket: WebSocket, session_id: str, ticket: str | None) -> Principal:
    try:
        caller = await gateway.caller_or_ticket(websocket, ticket, session_id)
        session = await gateway.store.sessions.get_owned(checked_id(session_id), caller.user_id)
    except StoreError:
        raise UnavailableError("The database cannot be reached; try again in a moment.") from None
    if session is None:
        raise no_such_session()
    return caller


async def _send(websocket: WebSocket, viewer: Viewer) -> None:
    """Send what the viewer is to see until it is to be closed and everything is sent."""
    while True:
        frames = await viewer.take(_IDLE_SECONDS)
        async with asyncio.timeout(_WRITE_SECONDS):
            for frame in frames:
                await websocket.send_text(frame.text)
        if viewer.closing is not None and not viewer.waiting:
            return


async def _close(websocket: WebSocket, close: Close) -> None:
    """Say why, then close; a client that takes neither is cut off."""
    if WebSocketState.DISCONNECTED in (websocket.client_state, websocket.application_state):
        return
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await websocket.send_text(error_frame(close.error, request_id_of(websocket.scope)).text)
            await websocket.close(close.code, close.error.code)
    except (OSError, RuntimeError, TimeoutError, WebSocketDisconnect) as error:
        _log.debug("viewer_gone", error=str(error))


class _Conversation:
    """What one client says, frame by frame."""

    def __init__(
        self, gateway: Gateway, caller: Principal, session_id: str, websocket: WebSocket, viewer: Viewer
    ) -> None:
        self._gateway = gateway
        self._caller = caller
        self._session_id = session_id
        self._websocket = websocket
        self._viewer = viewer
        self._allowance = Allowance(per_second=_FRAMES_A_SECOND, burst=_BURST)
        self._refused = 0

    async def run(self) -> None:
        """Take frames until the client leaves."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                await self._take(message.get("text"))
            except ApiError as error:
                self._refuse(error)
            except StoreError:
                self._refuse(UnavailableError("The database cannot be reached; try again in a moment."))
            except Exception:  # noqa: BLE001 - logged, and the client is told
                _log.exception("client_frame_crashed")
                self._refuse(ApiError("Something went wrong on our side."))

    def _refuse(self, error: ApiError) -> None:
        self._viewer.answer(error_frame(error, request_id_of(self._websocket.scope)))

    async def _take(self, text: str | None) -> None:
        if not self._allowance.take(self._gateway.clock.monotonic()):
            self._refused += 1
            flood = RateLimitError(f"At most {_FRAMES_A_SECOND:g} frames a second, please.", retry_after=1)
            if self._refused > _MOST_REFUSED:
                self._viewer.close(Close(1008, flood))
            raise flood
        self._refused = 0
        if text is None:
            raise InvalidRequestError("Frames are JSON texts, not bytes.")
        if len(text) > MAX_FRAME_BYTES or len(text.encode("utf-8", "replace")) > MAX_FRAME_BYTES:
            raise PayloadTooLargeError(
                f"A frame has at most {MAX_FRAME_BYTES:,} bytes; longer prompts go to POST …/messages.",
                details={"max_bytes": MAX_FRAME_BYTES},
            )
        try:
            frame = _FRAME.validate_json(text)
        except ValidationError as error:
            raise _malformed(error) from None
        try:
            await self._do(frame)
        except ApiError as error:
            error.details = {**error.details, "in_reply_to": _named(frame)}
            raise

    async def _do(self, frame: ClientFrame) -> None:
        gateway, caller, session_id = self._gateway, self._caller, self._session_id
        if isinstance(frame, ClientPing):
            self._viewer.answer(pong_frame())
        elif isinstance(frame, ClientPrompt):
            await send_prompt(
                gateway, caller, session_id, frame.text, frame.idempotency_key, attachments=frame.attachments
            )
        elif isinstance(frame, ClientCancel):
            await cancel_prompt(gateway, caller, session_id, frame.prompt_id)
        else:
            await answer_permission(gateway, caller, session_id, frame.permission_id, frame.option)


def _malformed(error: ValidationError) -> InvalidRequestError:
    found: list[dict[str, Any]] = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        location = item["loc"][1:] or item["loc"]  # pydantic puts the kind of frame before the field
        found.append({"type": item["type"], "msg": item["msg"], "loc": location})
    return invalid_request(found)


def _named(frame: ClientFrame) -> dict[str, str | None]:
    named: dict[str, str | None] = {"type": frame.type}
    if isinstance(frame, ClientPrompt):
        named["idempotency_key"] = frame.idempotency_key
    elif isinstance(frame, ClientCancel):
        named["prompt_id"] = frame.prompt_id
    elif isinstance(frame, ClientPermission):
        named["permission_id"] = frame.permission_id
    return named
