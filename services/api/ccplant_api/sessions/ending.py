"""Ending a session: the wish is written, the orchestrator fulfils it (S10, S10b)."""

from __future__ import annotations

from ccplant_api.gateway import Gateway
from ccplant_api.principals.authentication import Principal
from ccplant_api.sessions.find import no_such_session
from ccplant_contracts.errors import ConflictError
from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import StopReason
from ccplant_platform.faults import fault_point
from ccplant_store.sessions.model import SessionDoc


async def end_session(gateway: Gateway, caller: Principal, session_id: str, reason: StopReason) -> SessionDoc:
    """Ask for the end of an open session; again, or where it has ended for this reason: nothing happens.

    Raises:
        ConflictError: it has ended otherwise.
        NotFoundError: it was erased meanwhile.
    """
    wish = StopRequested(reason=reason, by=caller.user_id, at=gateway.clock.now())
    session = await gateway.store.sessions.request_stop(session_id, wish, owner=caller.user_id)
    if session is None:
        raise no_such_session()
    if not session.open:
        if session.status_reason is reason.reason:
            return session
        raise ConflictError(
            f"The session has ended already: {session.status.value} ({session.status_reason.value}).",
            details={"state": session.status.value, "reason": session.status_reason.value},
        )
    fault_point("api.intent.written")
    gateway.bus.command("session.stop", session.id)
    gateway.changed(session.id, "session", session.id, session.version)
    return session


async def delete_session(
    gateway: Gateway, caller: Principal, session_id: str, *, force: bool, delete_pvc: bool | None, purge: bool
) -> SessionDoc:
    """Take a session from the lists, end it where it is open, and erase it where that is asked for.

    Raises:
        NotFoundError: there is no such session of this owner.
    """
    sessions = gateway.store.sessions
    now = gateway.clock.now()
    wish = StopRequested(
        reason=StopReason.DELETED, by=caller.user_id, force=force, delete_pvc=delete_pvc, at=now
    )
    session = await sessions.request_stop(session_id, wish, owner=caller.user_id)
    if session is not None and not session.deleted:  # it had ended, or another deletion is not through yet
        session = await sessions.mark_deleted(
            session_id, by=caller.user_id, at=now, owner=caller.user_id, delete_pvc=delete_pvc
        )
    if session is not None and purge:
        session = await sessions.request_purge(session_id, owner=caller.user_id)
    if session is None:
        raise no_such_session()
    fault_point("api.intent.written")
    if session.open or not session.settled:
        gateway.bus.command("session.stop", session.id)
    elif purge:
        gateway.bus.command("session.purge", session.id)
    gateway.changed(session.id, "session", session.id, session.version)
    return session
