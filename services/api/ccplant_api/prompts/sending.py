"""What clients do with prompts, over REST and over WebSocket alike (C4).

A prompt takes its number from the session and is inserted then, without a transaction: a hundred at once are a
hundred inserts. From `delivering` on nothing here touches it, because the runner may have it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from ccplant_api.attachments.naming import not_there
from ccplant_api.gateway import Gateway
from ccplant_api.http.idempotency import same_or_conflict
from ccplant_api.principals.authentication import Principal
from ccplant_api.sessions.find import no_such_session
from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.errors import ApiError, ConflictError, NotFoundError
from ccplant_contracts.ids import new_prompt_id
from ccplant_contracts.prompt import PromptResource
from ccplant_contracts.status import PromptState
from ccplant_platform.faults import fault_point
from ccplant_store.errors import AttachmentMissingError
from ccplant_store.prompts.model import PromptDoc

_TRIES = 5


async def send_prompt(
    gateway: Gateway,
    caller: Principal,
    session_id: str,
    text: str,
    key: str | None,
    *,
    attachments: Sequence[str] = (),
) -> tuple[PromptResource, bool]:
    """Queue a prompt; return it, and whether an equal request did so before.

    Raises:
        NotFoundError: there is no such session of this owner.
        ConflictError: the session takes no prompts any more, or the key was used with something else.
        InvalidRequestError: there is no such attachment in this session.
    """
    digest = said_hash(text, attachments)
    if key is not None:
        known = await _known(gateway, caller, session_id, key, digest)
        if known is not None:
            return known, True
    files = await _claimed(gateway, caller, session_id, attachments)
    number = await gateway.store.sessions.take_prompt_number(session_id, caller.user_id)
    if number is None:
        raise await _refusal(gateway, caller, session_id)
    fault_point("api.prompt.numbered")
    wanted = PromptDoc(
        id=new_prompt_id(),
        session_id=session_id,
        owner=caller.user_id,
        number=number,
        text=text,
        attachments=files,
        by=caller.user_id,
        idempotency_key=key,
        body_hash=digest,
        created_at=gateway.clock.now(),
    )
    prompt = await gateway.store.prompts.insert(wanted)
    if prompt.id != wanted.id:
        same_or_conflict(prompt.body_hash, digest, key or "")
        return prompt.resource(), True
    fault_point("api.prompt.inserted")
    if files:
        await gateway.store.attachments.note_used(attachments)
    gateway.bus.command("prompt.deliver", session_id, target=prompt.id)
    gateway.changed(session_id, "prompt", prompt.id, prompt.version)
    return prompt.resource(), False


def said_hash(text: str, attachments: Sequence[str]) -> str:
    """Return a digest of what a message says, its files included; pure."""
    said = text if not attachments else "\0".join((text, *attachments))
    return hashlib.sha256(said.encode()).hexdigest()


async def _claimed(
    gateway: Gateway, caller: Principal, session_id: str, attachments: Sequence[str]
) -> tuple[AttachedFile, ...]:
    if not attachments:
        return ()
    try:
        return await gateway.store.attachments.claim(
            session_id, caller.user_id, attachments, at=gateway.clock.now()
        )
    except AttachmentMissingError as missing:
        if await gateway.store.sessions.get_owned(session_id, caller.user_id) is None:
            raise no_such_session() from None
        raise not_there(missing, attachments, "in this session") from None


async def _known(
    gateway: Gateway, caller: Principal, session_id: str, key: str, digest: str
) -> PromptResource | None:
    prompt = await gateway.store.prompts.by_key(session_id, key)
    if prompt is None or prompt.owner != caller.user_id:
        return None
    same_or_conflict(prompt.body_hash, digest, key)
    return prompt.resource()


async def _refusal(gateway: Gateway, caller: Principal, session_id: str) -> ApiError:
    session = await gateway.store.sessions.get_owned(session_id, caller.user_id)
    if session is None:
        return no_such_session()
    if session.open:
        reason = None if session.stop_requested is None else session.stop_requested.reason.value
        return ConflictError(
            "The session is being ended and takes no messages any more.",
            details={"state": session.status.value, "stop_requested": reason},
        )
    return ConflictError(
        f"The session has ended ({session.status_reason.value}) and takes no messages any more.",
        details={"state": session.status.value, "reason": session.status_reason.value},
    )


async def edit_prompt(
    gateway: Gateway, caller: Principal, session_id: str, prompt_id: str, text: str
) -> PromptResource:
    """Change a prompt that is still queued.

    Raises:
        ConflictError: it is not queued any more.
        NotFoundError: there is no such prompt.
    """
    changed = await gateway.store.prompts.edit(session_id, prompt_id, text)
    return await _told(gateway, caller, session_id, prompt_id, changed)


async def remove_prompt(
    gateway: Gateway, caller: Principal, session_id: str, prompt_id: str
) -> PromptResource:
    """Take back a prompt that is still queued; one that was taken back stays so.

    Raises:
        ConflictError: it is not queued any more.
        NotFoundError: there is no such prompt.
    """
    removed = await gateway.store.prompts.remove(
        session_id, prompt_id, by=caller.user_id, at=gateway.clock.now()
    )
    if removed is None:
        there = await gateway.store.prompts.get(session_id, prompt_id)
        if there is not None and there.state is PromptState.REMOVED:
            return there.resource()
    return await _told(gateway, caller, session_id, prompt_id, removed)


async def _told(
    gateway: Gateway, caller: Principal, session_id: str, prompt_id: str, changed: PromptDoc | None
) -> PromptResource:
    if changed is not None:
        gateway.changed(session_id, "prompt", changed.id, changed.version)
        return changed.resource()
    there = await gateway.store.prompts.get(session_id, prompt_id)
    if there is None or there.owner != caller.user_id:
        raise no_such_prompt()
    raise ConflictError(
        f"Only a queued prompt can be changed; this one is {there.state.value}.",
        details={"state": there.state.value, "prompt_id": prompt_id},
    )


async def cancel_prompt(
    gateway: Gateway, caller: Principal, session_id: str, prompt_id: str | None
) -> PromptResource:
    """Cancel the named prompt, or the one under way now; a queued one is cancelled at once.

    Raises:
        ConflictError: nothing is under way, or the prompt has its end.
        NotFoundError: there is no such prompt.
    """
    at: datetime = gateway.clock.now()
    prompts = gateway.store.prompts
    if prompt_id is None:
        under_way = await prompts.under_way(session_id)
        if under_way is None:
            raise ConflictError("No prompt is under way.", details={"state": "idle"})
        prompt_id = under_way.id
    state = PromptState.QUEUED
    for _ in range(_TRIES):
        changed = await prompts.request_cancel(session_id, prompt_id, by=caller.user_id, at=at)
        if changed is not None:
            fault_point("api.intent.written")
            gateway.bus.command("prompt.cancel", session_id, target=prompt_id)
        else:
            changed = await prompts.cancel_queued(session_id, prompt_id, by=caller.user_id, at=at)
        if changed is not None:
            gateway.changed(session_id, "prompt", changed.id, changed.version)
            return changed.resource()
        there = await prompts.get(session_id, prompt_id)
        if there is None:
            raise no_such_prompt()
        if there.state is PromptState.CANCELLED:
            return there.resource()
        state = there.state
        if not there.open:
            break
    raise ConflictError("The prompt has ended.", details={"state": state.value, "prompt_id": prompt_id})


def no_such_prompt() -> NotFoundError:
    """Return the one answer for a prompt that is not there."""
    return NotFoundError("There is no such prompt in this session.")
