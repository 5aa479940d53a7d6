"""Whether what a dispatch started has ended: its own session's end, and with reuse its prompt's (W4)."""

from __future__ import annotations

from ccplant_store.dispatches.repository import DispatchStore
from ccplant_store.prompts.repository import PromptStore
from ccplant_store.sessions.repository import SessionStore


class RunStanding:
    """Asks dispatch, prompt and session, in this order and no more than needed."""

    def __init__(self, dispatches: DispatchStore, prompts: PromptStore, sessions: SessionStore) -> None:
        self._dispatches = dispatches
        self._prompts = prompts
        self._sessions = sessions

    async def is_over(self, dispatch_id: str | None) -> bool:
        """Tell whether it has ended; what is not there any more, or came to nothing, has."""
        dispatch = None if dispatch_id is None else await self._dispatches.get(dispatch_id)
        if dispatch is None or dispatch.state in ("failed", "cancelled"):
            return True
        if dispatch.open or dispatch.session_id is None or dispatch.prompt_id is None:
            return False
        if dispatch.target_kind != "new":
            prompt = await self._prompts.get(dispatch.session_id, dispatch.prompt_id)
            return prompt is None or not prompt.open
        session = await self._sessions.get(dispatch.session_id)
        if session is not None and session.open:
            return False
        # a prompt that no runner was given goes back, and gets another session: the run goes on there
        prompt = await self._prompts.get(dispatch.session_id, dispatch.prompt_id)
        if prompt is None:
            return True
        again = await self._dispatches.get(dispatch.id)
        return not prompt.open and (again is None or not again.open)
