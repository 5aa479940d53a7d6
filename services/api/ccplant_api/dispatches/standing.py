"""Which session a dispatch would reach if it were made now; for people, decided again when one is made.

The orchestrator asks the same questions when it resolves a queue. Here nothing is taken or written.
"""

from __future__ import annotations

from ccplant_contracts.dispatch import Target
from ccplant_store import Store
from ccplant_store.sessions.model import SessionListing


async def standing(store: Store, owner: str, target: Target) -> SessionListing | None:
    """Return the session that stands in a target's place and takes prompts; None: a new one would take it."""
    found = await _in_place(store, owner, target)
    return found if found is not None and found.open and found.stop_requested is None else None


async def _in_place(store: Store, owner: str, target: Target) -> SessionListing | None:
    match target.kind:
        case "new":
            return None
        case "last":
            return await store.sessions.latest(owner)
        case "name":
            return await store.sessions.latest(owner, name=target.value)
        case "key" | "session":
            slot = await store.slots.get(target.queue(owner, ""))
            session_id = slot.session_id or (target.value if target.kind == "session" else None)
            return None if session_id is None else await store.sessions.get_owned(session_id, owner)


def target_words(target: Target) -> str:
    """Return a target for people, as a dispatch shows it."""
    return f"{target.kind} {target.value}".strip()
