"""What there is to see about a dispatch, read from MongoDB for the decision about it."""

from __future__ import annotations

from ccplant_orchestrator.dispatches.decide import Sight
from ccplant_orchestrator.dispatches.making import prompt_key
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.dispatches.slots import SlotDoc
from ccplant_store.sessions.model import SessionListing


class Looking:
    """Looks at what a dispatch is about."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def slot(self, dispatch: DispatchDoc) -> SlotDoc:
        """Return the slot of its queue; one that is alone in its own has none that others could take."""
        if dispatch.target_kind == "new":
            return SlotDoc(id=dispatch.queue)
        return await self._store.slots.get(dispatch.queue)

    async def sight(self, dispatch: DispatchDoc, slot: SlotDoc) -> Sight:
        """Return what the decision needs, and of it no more than this dispatch does.

        Where its session is written down, that one is read before its prompt: a prompt that is not there then came
        after what the session is seen to be.
        """
        if dispatch.session_id is not None:
            return Sight(
                assigned=await self._store.sessions.get(dispatch.session_id),
                prompt=await self._store.prompts.by_key(dispatch.session_id, prompt_key(dispatch)),
            )
        current = await self._current(dispatch, slot)
        returning = (
            current is not None
            and (not current.open or current.stop_requested is not None)
            and not current.settled
            and await self._store.prompts.waits_in(current.id)
        )
        last = dispatch.tried[-1].session_id if dispatch.tried else None
        return Sight(
            gap=dispatch.target_kind != "new" and dispatch.number > slot.resolved_to + 1,
            replaced=await self._store.dispatches.is_replaced(dispatch.id),
            earlier_over=await self._store.run_standing.is_over(dispatch.after),
            last_tried=None if last is None else await self._store.sessions.get(last),
            current=current,
            returning=returning,
        )

    async def _current(self, dispatch: DispatchDoc, slot: SlotDoc) -> SessionListing | None:
        """Return the session that stands in the dispatch's place."""
        sessions, owner = self._store.sessions, dispatch.owner
        match dispatch.target_kind:
            case "new":
                return None
            case "last":
                return await sessions.latest(owner)
            case "name":
                return await sessions.latest(owner, name=dispatch.target_value)
            case "key":
                return None if slot.session_id is None else await sessions.get_owned(slot.session_id, owner)
            case "session":
                return await sessions.get_owned(slot.session_id or dispatch.target_value, owner)
