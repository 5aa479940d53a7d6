"""``…/attachments``: files for messages, uploaded before the message that names them (S2b).

Those for the first message of a session that is still to be created wait without one; its creation takes them along.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ccplant_api.attachments.receiving import receive_attachment
from ccplant_api.errors.documented import error_answers
from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer, no_content
from ccplant_api.http.disposition import as_download
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.attachment import UNKNOWN_MEDIA_TYPE, Attachment, file_name, media_type
from ccplant_contracts.errors import ConflictError, NotFoundError
from ccplant_store.attachments import Removal, before_a_session

router = APIRouter(prefix="/api/v1", tags=["messages"])

AttachmentIdPath = Annotated[str, Path(max_length=64, description="The file's id.")]
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a page may show as what it claims to be: none of these can hold a script."""
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {UNKNOWN_MEDIA_TYPE: _BINARY}}}
_DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file, always as a download.", "content": {UNKNOWN_MEDIA_TYPE: _BINARY}},
    **error_answers(404),
}


class Arriving:
    """A file that comes in."""

    def __init__(
        self,
        request: Request,
        name: Annotated[
            str,
            Query(
                min_length=1,
                max_length=1_000,
                description="The file's name; what is no plain name of a file is made one.",
            ),
        ],
    ) -> None:
        kind = media_type(request.headers.get("content-type"))
        if kind is None:
            raise invalid_field("Content-Type", "is not a media type, such as image/png")
        length = request.headers.get("content-length", "")
        self.name = file_name(name)
        self.media_type = kind
        self.announced = int(length) if length.isdecimal() and len(length) < 18 else None
        self.body: AsyncIterator[bytes] = request.stream()

    async def stored(self, gateway: Gateway, *, owner: str, session_id: str) -> Response:
        """Take it in, and say what was stored."""
        stored = await receive_attachment(
            gateway,
            owner=owner,
            session_id=session_id,
            name=self.name,
            media_type=self.media_type,
            announced=self.announced,
            body=self.body,
        )
        return answer(stored, status=201)


ArrivingDep = Annotated[Arriving, Depends()]


@router.post(
    "/sessions/{session_id}/attachments",
    status_code=201,
    operation_id="uploadAttachment",
    response_model=Attachment,
    responses=error_answers(404, 409, 413, 429),
    openapi_extra=_BODY,
)
async def upload(session: SessionDep, gateway: GatewayDep, file: ArrivingDep) -> Response:
    """Upload a file: the body is its bytes, `Content-Type` its media type; what no message names within a day is removed."""
    if not session.open or session.stop_requested is not None:
        raise ConflictError(
            "The session has ended, or is being ended, and takes no files any more.",
            details={"state": session.status.value},
        )
    return await file.stored(gateway, owner=session.owner, session_id=session.id)


@router.get(
    "/sessions/{session_id}/attachments/{attachment_id}",
    operation_id="getAttachment",
    response_class=Response,
    responses=_DOWNLOAD,
)
async def download(session: SessionDep, gateway: GatewayDep, attachment_id: AttachmentIdPath) -> Response:
    """Give a file back; only pictures keep their media type, so that no page runs what somebody uploaded."""
    return await _given(gateway, session.id, attachment_id)


@router.delete(
    "/sessions/{session_id}/attachments/{attachment_id}",
    status_code=204,
    operation_id="removeAttachment",
    response_class=Response,
    responses=error_answers(404, 409),
)
async def remove(session: SessionDep, gateway: GatewayDep, attachment_id: AttachmentIdPath) -> Response:
    """Remove a file that no message has."""
    return await _removed(gateway, session.id, attachment_id)


@router.post(
    "/attachments",
    status_code=201,
    operation_id="uploadFirstAttachment",
    response_model=Attachment,
    responses=error_answers(413, 429),
    openapi_extra=_BODY,
)
async def upload_first(caller: CallerDep, gateway: GatewayDep, file: ArrivingDep) -> Response:
    """Upload a file for the first message of a session that is still to be created."""
    return await file.stored(gateway, owner=caller.user_id, session_id=before_a_session(caller.user_id))


@router.get(
    "/attachments/{attachment_id}",
    operation_id="getFirstAttachment",
    response_class=Response,
    responses=_DOWNLOAD,
)
async def download_first(caller: CallerDep, gateway: GatewayDep, attachment_id: AttachmentIdPath) -> Response:
    """Give a file back that waits for its session."""
    return await _given(gateway, before_a_session(caller.user_id), attachment_id)


@router.delete(
    "/attachments/{attachment_id}",
    status_code=204,
    operation_id="removeFirstAttachment",
    response_class=Response,
    responses=error_answers(404, 409),
)
async def remove_first(caller: CallerDep, gateway: GatewayDep, attachment_id: AttachmentIdPath) -> Response:
    """Remove a file that waits for its session."""
    return await _removed(gateway, before_a_session(caller.user_id), attachment_id)


async def _given(gateway: Gateway, session_id: str, attachment_id: str) -> Response:
    found = await gateway.store.attachments.open(session_id, attachment_id)
    if found is None:
        raise no_such_attachment()
    kind = found.metadata.media_type
    return StreamingResponse(
        gateway.store.attachments.read(found),
        media_type=kind if kind in _SHOWN else UNKNOWN_MEDIA_TYPE,
        headers={"Content-Length": str(found.length), **as_download(found.metadata.name)},
    )


async def _removed(gateway: Gateway, session_id: str, attachment_id: str) -> Response:
    what = await gateway.store.attachments.remove(session_id, attachment_id, at=gateway.clock.now())
    if what is Removal.ABSENT:
        raise no_such_attachment()
    if what is Removal.IN_USE:
        raise ConflictError(
            "A message has this file: it stays for as long as the session's record.",
            details={"state": "used"},
        )
    return no_content()


def no_such_attachment() -> NotFoundError:
    """Return the one answer for a file that is not there."""
    return NotFoundError("There is no such attachment.")
