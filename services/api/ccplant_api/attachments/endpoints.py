"""``…/attachments``: files for the messages of a session, uploaded before the message that names them (S2b)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ccplant_api.attachments.receiving import receive_attachment
from ccplant_api.errors.documented import error_answers
from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import GatewayDep
from ccplant_api.http.answers import answer, no_content
from ccplant_api.http.disposition import as_download
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.attachment import UNKNOWN_MEDIA_TYPE, Attachment, file_name, media_type
from ccplant_contracts.errors import ConflictError, NotFoundError
from ccplant_store.attachments import Removal

router = APIRouter(prefix="/api/v1/sessions/{session_id}/attachments", tags=["messages"])

AttachmentIdPath = Annotated[str, Path(max_length=64, description="The file's id.")]
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a page may show as what it claims to be: none of these can hold a script."""
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "",
    status_code=201,
    operation_id="uploadAttachment",
    response_model=Attachment,
    responses=error_answers(404, 409, 413, 429),
    openapi_extra={"requestBody": {"required": True, "content": {UNKNOWN_MEDIA_TYPE: _BINARY}}},
)
async def upload(
    request: Request,
    session: SessionDep,
    gateway: GatewayDep,
    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=1_000,
            description="The file's name; what is no plain name of a file is made one.",
        ),
    ],
) -> Response:
    """Upload a file: the body is its bytes, `Content-Type` its media type; what no message names within a day is removed."""
    kind = media_type(request.headers.get("content-type"))
    if kind is None:
        raise invalid_field("Content-Type", "is not a media type, such as image/png")
    length = request.headers.get("content-length", "")
    stored = await receive_attachment(
        gateway,
        session,
        name=file_name(name),
        media_type=kind,
        announced=int(length) if length.isdecimal() and len(length) < 18 else None,
        body=request.stream(),
    )
    return answer(stored, status=201)


@router.get(
    "/{attachment_id}",
    operation_id="getAttachment",
    response_class=Response,
    responses={
        200: {
            "description": "The file, always as a download.",
            "content": {UNKNOWN_MEDIA_TYPE: _BINARY},
        },
        **error_answers(404),
    },
)
async def download(session: SessionDep, gateway: GatewayDep, attachment_id: AttachmentIdPath) -> Response:
    """Give a file back; only pictures keep their media type, so that no page runs what somebody uploaded."""
    found = await gateway.store.attachments.open(session.id, attachment_id)
    if found is None:
        raise no_such_attachment()
    kind = found.metadata.media_type
    return StreamingResponse(
        gateway.store.attachments.read(found),
        media_type=kind if kind in _SHOWN else UNKNOWN_MEDIA_TYPE,
        headers={"Content-Length": str(found.length), **as_download(found.metadata.name)},
    )


@router.delete(
    "/{attachment_id}",
    status_code=204,
    operation_id="removeAttachment",
    response_class=Response,
    responses=error_answers(404, 409),
)
async def remove(session: SessionDep, gateway: GatewayDep, attachment_id: AttachmentIdPath) -> Response:
    """Remove a file that no message has."""
    what = await gateway.store.attachments.remove(session.id, attachment_id, at=gateway.clock.now())
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
    return NotFoundError("There is no such attachment in this session.")
