"""``/api/v1/users/me``, ``/api/v1/api-keys`` and ``/api/v1/ws-tickets``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_api.http.answers import answer, no_content
from ccplant_api.principals.authentication import TOKEN_PREFIX
from ccplant_api.sessions.find import checked_id, no_such_session
from ccplant_contracts.access import ApiKey, CreateApiKey, CreatedApiKey, CreateTicket, Me, Quota, Ticket
from ccplant_contracts.errors import ConflictError, NotFoundError
from ccplant_contracts.ids import random_text
from ccplant_contracts.lists import ApiKeyList
from ccplant_contracts.quantities import MOST_CPU, MOST_MEMORY
from ccplant_store.access import TICKET_SECONDS, TicketDoc, TokenDoc, digest

router = APIRouter(prefix="/api/v1", tags=["access"])

_TOKEN_LENGTH = 40
"""Characters of 5 bits: 200 bits, more than anybody can guess."""


_PERMISSIONS = ("sessions", "webhooks", "schedules", "api-keys")
_ADMIN_PERMISSIONS = (*_PERMISSIONS, "api-keys-of-others")


@router.get("/users/me", operation_id="getMe", response_model=Me, responses=error_answers(403))
async def show_me(caller: CallerDep, gateway: GatewayDep) -> Response:
    """Tell whom the credential belongs to, and what this user may do and have."""
    user = await gateway.store.users.get(caller.user_id)
    return answer(
        Me(
            user_id=caller.user_id,
            github_username=None if user is None else user.github_login,
            email=None if user is None else user.email,
            role=caller.role,
            permissions=_ADMIN_PERMISSIONS if caller.role == "admin" else _PERMISSIONS,
            quota=Quota(
                max_sessions=gateway.limits.max_sessions_per_owner,
                current_sessions=await gateway.store.session_work.count_open(caller.user_id),
                max_cpu_per_session=MOST_CPU,
                max_memory_per_session=MOST_MEMORY,
            ),
            agents=gateway.settings.agents,
            default_agent=gateway.settings.default_agent,
        )
    )


def _shown(token: TokenDoc) -> ApiKey:
    return ApiKey(
        key_id=token.key_id, name=token.name, user=token.owner, role=token.role, created_at=token.created_at
    )


@router.post(
    "/api-keys",
    status_code=201,
    operation_id="createApiKey",
    response_model=CreatedApiKey,
    responses=error_answers(403, 409, 413),
)
async def create_key(body: CreateApiKey, caller: CallerDep, gateway: GatewayDep) -> Response:
    """Make a token; it is shown this once. Admins make them for others too."""
    owner = body.user or caller.user_id
    if owner != caller.user_id or body.role == "admin":
        caller.require_admin()
    if owner != caller.user_id and not await gateway.store.users.claim_local(owner, gateway.clock.now()):
        raise ConflictError(
            f"{owner} is the name of a GitHub account here, whose owner makes its API keys; choose another name."
        )
    token = f"{TOKEN_PREFIX}{random_text(_TOKEN_LENGTH)}"
    kept = TokenDoc(
        id=digest(token),
        key_id=f"key-{random_text(12)}",
        owner=owner,
        role=body.role,
        name=body.name,
        created_at=gateway.clock.now(),
    )
    await gateway.store.tokens.create(kept)
    return answer(CreatedApiKey(**_shown(kept).model_dump(), token=token), status=201)


@router.get("/api-keys", operation_id="listApiKeys", response_model=ApiKeyList, responses=error_answers())
async def list_keys(
    caller: CallerDep,
    gateway: GatewayDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """List the caller's tokens, newest first, without what makes them work."""
    tokens = await gateway.store.tokens.list(caller.user_id, limit=10_000)
    more = offset + limit < len(tokens)
    return answer(
        ApiKeyList(
            api_keys=tuple(_shown(token) for token in tokens[offset : offset + limit]),
            total=len(tokens),
            limit=limit,
            offset=offset,
            has_more=more,
            next_offset=offset + limit if more else None,
        )
    )


@router.delete(
    "/api-keys/{key_id}", status_code=204, operation_id="revokeApiKey", responses=error_answers(404)
)
async def revoke_key(
    key_id: Annotated[str, Path(max_length=64)], caller: CallerDep, gateway: GatewayDep
) -> Response:
    """Make a token useless, at once and for ever; admins revoke anybody's."""
    owner = None if caller.role == "admin" else caller.user_id
    if not await gateway.store.tokens.revoke(key_id, owner=owner, at=gateway.clock.now()):
        raise NotFoundError("There is no such API key.")
    return no_content()


@router.post(
    "/ws-tickets",
    status_code=201,
    operation_id="createTicket",
    response_model=Ticket,
    responses=error_answers(404, 413),
)
async def create_ticket(caller: CallerDep, gateway: GatewayDep, body: CreateTicket | None = None) -> Response:
    """Make a ticket for one WebSocket or SSE connection (`?ticket=`), good for half a minute."""
    session_id = None if body is None else body.session_id
    if session_id is not None:
        session = await gateway.store.sessions.get_owned(checked_id(session_id), caller.user_id)
        if session is None:
            raise no_such_session()
    ticket = random_text(_TOKEN_LENGTH)
    now = gateway.clock.now()
    await gateway.store.tickets.create(
        TicketDoc(
            id=digest(ticket),
            owner=caller.user_id,
            role=caller.role,
            session_id=session_id,
            created_at=now,
            via=None if caller.proof is None else caller.proof.kind,
            credential=None if caller.proof is None else caller.proof.digest,
        )
    )
    return answer(Ticket(ticket=ticket, expires_at=now + timedelta(seconds=TICKET_SECONDS)), status=201)
