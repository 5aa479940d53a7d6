"""``…/export``: the conversation as a file, also long after the session's end (S11)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from ccplant_api.errors.documented import error_answers
from ccplant_api.export.as_json import as_json
from ccplant_api.export.as_markdown import as_markdown
from ccplant_api.export.reading import read_conversation
from ccplant_api.gateway import GatewayDep
from ccplant_api.http.disposition import as_download
from ccplant_api.sessions.find import SessionDep
from ccplant_contracts.attachment import file_name
from ccplant_contracts.conversation import ConversationExport, ExportedSession, ExportHead
from ccplant_store.sessions.model import SessionDoc

router = APIRouter(prefix="/api/v1/sessions/{session_id}", tags=["messages"])

_PROMPTS = 200
_SLASH = re.compile(r"[/\\]")
_ENDINGS = {"markdown": ".md", "json": ".json"}
_MEDIA_TYPES = {"markdown": "text/markdown", "json": "application/json"}


@router.get(
    "/export",
    operation_id="exportConversation",
    response_model=ConversationExport,
    responses={
        200: {
            "description": "The conversation, as a download.",
            "content": {"text/markdown": {"schema": {"type": "string"}}},
        },
        **error_answers(404),
    },
)
async def export(
    session: SessionDep,
    gateway: GatewayDep,
    written: Annotated[
        Literal["markdown", "json"], Query(alias="format", description="How it is written.")
    ] = "markdown",
) -> Response:
    """Export the conversation: all that is stored now, streamed, in Markdown to read or in JSON to work with."""
    store = gateway.store
    head = ExportHead(session=_exported(session), exported_at=gateway.clock.now(), last_seq=session.stored_to)
    entries = read_conversation(store.output, store.permissions, session.id, up_to=session.stored_to)
    unseen = tuple(
        prompt.resource()
        for prompt in await store.prompts.list_for(session.id, last=_PROMPTS)
        if prompt.delivered_at is None
    )
    parts = as_json(head, entries, unseen) if written == "json" else as_markdown(head, entries, unseen)
    return StreamingResponse(
        await _begun(parts),
        media_type=_MEDIA_TYPES[written],
        headers=as_download(file_name(_SLASH.sub("-", session.name) + _ENDINGS[written])),
    )


def _exported(session: SessionDoc) -> ExportedSession:
    return ExportedSession(
        session_id=session.id,
        name=session.name,
        user=session.owner,
        status=session.status,
        status_reason=session.status_reason,
        repository=session.repository,
        branch=session.branch,
        agent=None if session.agent is None else session.agent.name,
        created_at=session.created_at,
        ended_at=session.ended_at,
    )


async def _begun(parts: AsyncIterator[str]) -> AsyncIterator[str]:
    """Read the beginning before the answer begins: a database that is away is a refusal then, and not a broken file."""
    first = [await anext(parts), await anext(parts, "")]

    async def all_of_it() -> AsyncIterator[str]:
        for part in first:
            yield part
        async for part in parts:
            yield part

    return all_of_it()
