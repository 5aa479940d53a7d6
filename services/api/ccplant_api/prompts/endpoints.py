"""``…/messages`` and ``…/cancel``: say something to the agent, read the conversation, think again (C3, C4)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, Gateway, GatewayDep
from ccplant_api.http.answers import answer
from ccplant_api.http.idempotency import REPLAYED, IdempotencyKey
from ccplant_api.prompts.conversation import Cursor, Page
from ccplant_api.prompts.sending import cancel_prompt, edit_prompt, remove_prompt, send_prompt
from ccplant_api.sessions.find import SessionDep, SessionIdPath, checked_id
from ccplant_contracts.conversation import Conversation, ConversationEntry, PermissionEntry
from ccplant_contracts.prompt import CancelPrompt, EditPrompt, PermissionResource, PromptResource, SendPrompt

router = APIRouter(prefix="/api/v1/sessions/{session_id}", tags=["messages"])

PromptIdPath = Annotated[str, Path(max_length=64, description="The prompt's id.")]
_READ = 500


@router.post(
    "/messages",
    status_code=202,
    operation_id="sendMessage",
    response_model=PromptResource,
    responses=error_answers(404, 409, 413),
)
async def send(
    body: SendPrompt,
    session_id: SessionIdPath,
    caller: CallerDep,
    gateway: GatewayDep,
    key: IdempotencyKey = None,
) -> Response:
    """Queue a prompt; a pending session gets it as soon as it runs."""
    prompt, repeated = await send_prompt(
        gateway, caller, checked_id(session_id), body.text, key, attachments=body.attachments
    )
    return answer(prompt, status=202, headers=REPLAYED if repeated else None)


@router.get(
    "/messages", operation_id="listMessages", response_model=Conversation, responses=error_answers(404)
)
async def conversation(
    session: SessionDep,
    gateway: GatewayDep,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only entries that begin after this `seq`.")] = 0,
    cursor: Annotated[
        str | None,
        Query(max_length=20_000, description="`next_cursor` of the page before; goes before `after`."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Read the conversation, assembled: one entry a message, tool call or turn, oldest first (S11)."""
    page = Page(Cursor.decode(cursor) if cursor is not None else Cursor(after), limit)
    begin = Cursor.decode(cursor).after if cursor is not None else after
    reading = _read(gateway, session.id, begin, session.stored_to, page)
    _, prompts, permissions = await asyncio.gather(
        reading,
        gateway.store.prompts.list_for(session.id, last=1),
        gateway.store.permissions.list_for(session.id),
    )
    by_id = {item.id: item.resource() for item in permissions}
    return answer(
        Conversation(
            session_id=session.id,
            messages=tuple(_with_permission(entry, by_id) for entry in page.entries()),
            prompts=tuple(prompt.resource() for prompt in prompts if prompt.open),
            last_seq=session.stored_to,
            limit=limit,
            has_more=page.next is not None,
            next_cursor=None if page.next is None else page.next.encode(),
        )
    )


async def _read(gateway: Gateway, session_id: str, after: int, up_to: int, page: Page) -> None:
    while after < up_to and not page.whole:
        events = await gateway.store.output.read(session_id, after, limit=_READ, up_to=up_to)
        if not events:
            return
        page.read(events)
        after = events[-1].seq


def _with_permission(entry: ConversationEntry, known: dict[str, PermissionResource]) -> ConversationEntry:
    if not isinstance(entry, PermissionEntry) or entry.permission_id not in known:
        return entry
    resource = known[entry.permission_id]
    return entry.model_copy(update={"state": resource.state, "resource": resource})


@router.patch(
    "/messages/{prompt_id}",
    operation_id="editMessage",
    response_model=PromptResource,
    responses=error_answers(404, 409, 413),
)
async def edit(
    body: EditPrompt, prompt_id: PromptIdPath, session: SessionDep, caller: CallerDep, gateway: GatewayDep
) -> Response:
    """Change a prompt that still waits."""
    return answer(await edit_prompt(gateway, caller, session.id, prompt_id, body.text))


@router.delete(
    "/messages/{prompt_id}",
    operation_id="removeMessage",
    response_model=PromptResource,
    responses=error_answers(404, 409),
)
async def remove(
    prompt_id: PromptIdPath, session: SessionDep, caller: CallerDep, gateway: GatewayDep
) -> Response:
    """Take back a prompt that still waits; it stays on record as `removed`."""
    return answer(await remove_prompt(gateway, caller, session.id, prompt_id))


@router.post(
    "/cancel",
    status_code=202,
    operation_id="cancelPrompt",
    response_model=PromptResource,
    responses=error_answers(404, 409, 413),
)
async def cancel(
    session: SessionDep, caller: CallerDep, gateway: GatewayDep, body: CancelPrompt | None = None
) -> Response:
    """Cancel a prompt: the one under way, or the one that is named."""
    named = None if body is None else body.prompt_id
    return answer(await cancel_prompt(gateway, caller, session.id, named), status=202)
