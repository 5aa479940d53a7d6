"""Changing a session's name and time limit (S7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import Gateway
from ccplant_api.principals.authentication import Principal
from ccplant_api.sessions.find import no_such_session
from ccplant_contracts.errors import ConflictError
from ccplant_contracts.session import PatchSession
from ccplant_platform.faults import fault_point
from ccplant_store.events.model import NewEvent
from ccplant_store.sessions.model import SessionDoc

_TRIES = 20


def deadline_for(session: SessionDoc, minutes: int, now: datetime) -> datetime | None:
    """Return when a session with this limit ends; None: never, or not known before it runs.

    Raises:
        InvalidRequestError: the limit is below the time that was used.
    """
    if minutes == 0 or session.running_at is None:
        return None
    deadline = session.running_at + timedelta(minutes=minutes)
    if deadline <= now:
        used = round((now - session.running_at).total_seconds() / 60, 1)
        raise invalid_field(
            "timeout_minutes", f"is below the {used} minutes that were used", used_minutes=used
        )
    return deadline


async def patch_session(
    gateway: Gateway, caller: Principal, session: SessionDoc, body: PatchSession
) -> SessionDoc:
    """Apply what is given, on the newest version of the document.

    Raises:
        ConflictError: the time limit of a session that has ended, or is ending, was to be changed.
    """
    for _ in range(_TRIES):
        now = gateway.clock.now()
        fields: dict[str, object] = {}
        events: list[NewEvent] = []
        if body.name is not None and body.name != session.name:
            fields["name"] = body.name
        if body.timeout_minutes is not None and body.timeout_minutes != session.config["timeout_minutes"]:
            _require_open(session)
            deadline = deadline_for(session, body.timeout_minutes, now)
            fields["config"] = {**session.config, "timeout_minutes": body.timeout_minutes}
            fields["deadline_at"] = deadline
            events.append(
                NewEvent("session.extended", {"timeout_minutes": body.timeout_minutes, "by": caller.user_id})
            )
        if not fields:
            return session
        changed = await gateway.store.sessions.change(session, set=fields, events=events)
        if changed is not None:
            fault_point("api.intent.written")
            if events:
                gateway.bus.command("session.extend", session.id)
            gateway.changed(session.id, "session", session.id, changed.version)
            return changed
        newest = await gateway.store.sessions.get_owned(session.id, caller.user_id)
        if newest is None:
            raise no_such_session()
        session = newest
    raise ConflictError("The session changes too fast; try again.", details={"state": session.status.value})


def _require_open(session: SessionDoc) -> None:
    if not session.open or session.stop_requested is not None:
        state = session.status.value if not session.open else "stopping"
        raise ConflictError(
            "The time limit of a session that has ended cannot change.", details={"state": state}
        )
