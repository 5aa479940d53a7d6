"""The caller's session, or the same 404 whether it is another's or nobody's."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from ccplant_api.gateway import CallerDep, GatewayDep
from ccplant_contracts.errors import NotFoundError
from ccplant_contracts.ids import is_session_id
from ccplant_store.sessions.model import SessionDoc

SessionIdPath = Annotated[str, Path(description="The session's id.", examples=["session-user123-abc123"])]


def no_such_session() -> NotFoundError:
    """Return the one answer for what is not there and what is another's."""
    return NotFoundError("There is no such session.")


def checked_id(session_id: str) -> str:
    """Return the id where it can be one at all.

    Raises:
        NotFoundError: no session is called so.
    """
    if not is_session_id(session_id):
        raise no_such_session()
    return session_id


async def owned(session_id: SessionIdPath, caller: CallerDep, gateway: GatewayDep) -> SessionDoc:
    """Return the caller's session.

    Raises:
        NotFoundError: there is none of this id, or it is another's.
    """
    session = await gateway.store.sessions.get_owned(checked_id(session_id), caller.user_id)
    if session is None:
        raise no_such_session()
    return session


SessionDep = Annotated[SessionDoc, Depends(owned)]
"""The session that the path names, of this caller."""
