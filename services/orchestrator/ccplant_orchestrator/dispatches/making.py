"""The session and the prompt that a dispatch stands for, as documents; nothing is written here."""

from __future__ import annotations

from datetime import datetime

from ccplant_contracts.ids import new_prompt_id
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc
from ccplant_store.errors import VolumeRefusedError
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc, new_session


class Making:
    """Makes the session of a dispatch."""

    def __init__(self, store: Store, default_agent: str) -> None:
        self._store = store
        self._default_agent = default_agent

    async def session(self, dispatch: DispatchDoc, session_id: str, now: datetime) -> SessionDoc:
        """Return the session that is to take the place.

        Raises:
            VolumeRefusedError: the volume that it was to have is not this owner's any more.
        """
        start = dispatch.new_session()
        config = start.config.model_copy(update={"agent": start.config.agent or self._default_agent})
        volume_id = None
        if config.pvc_from is not None:
            volume = await self._store.volumes.get_owned(config.pvc_from, dispatch.owner)
            if volume is None:
                raise VolumeRefusedError(config.pvc_from, "absent")
            volume_id = volume.id
            config = config.model_copy(update={"pvc_storage_size": volume.size})
        return new_session(
            session_id,
            owner=dispatch.owner,
            name=dispatch.target_value if dispatch.target_kind == "name" else start.name,
            mode=start.mode,
            labels=start.labels,
            repository=start.repository,
            branch=start.branch,
            config=config,
            at=now,
            volume_id=volume_id,
        )


def prompt_key(dispatch: DispatchDoc) -> str:
    """Return the idempotency key of a dispatch's prompt; no client's key has a blank."""
    return f"dispatch {dispatch.id}"


def prompt_of(dispatch: DispatchDoc, session_id: str, number: int, now: datetime) -> PromptDoc:
    """Return a dispatch's prompt in a session."""
    return PromptDoc(
        id=new_prompt_id(),
        session_id=session_id,
        owner=dispatch.owner,
        number=number,
        text=dispatch.text,
        by=f"{dispatch.source.kind}:{dispatch.source.id}",
        source=dispatch.source.kind,
        dispatch_id=dispatch.id,
        idempotency_key=prompt_key(dispatch),
        created_at=now,
    )
