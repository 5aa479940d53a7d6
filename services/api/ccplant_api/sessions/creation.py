"""Creating a session: check what only this installation knows, write it once, tell the orchestrator (S2, S3, S13).

Session, first prompt, events and idempotency key are one transaction; the command afterwards is only the news of
it. So a session is either there, and will be started, or it is not and the client may ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_api.attachments.naming import not_there
from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import Gateway
from ccplant_api.http.context import current_trace
from ccplant_api.http.idempotency import earlier_answer, same_or_conflict
from ccplant_api.principals.authentication import Principal
from ccplant_api.sessions import views
from ccplant_api.sessions.unmasking import check_masks
from ccplant_api.settings import ApiSettings
from ccplant_api.volumes.mounting import PATIENCE_SECONDS, is_being_let_go, volume_refused, wanted_volume
from ccplant_contracts.errors import ApiError, QuotaExceededError
from ccplant_contracts.ids import new_prompt_id, new_session_id
from ccplant_contracts.session import CreatedSession, CreateSession, SessionConfig
from ccplant_platform.faults import fault_point
from ccplant_store.driver import Transaction
from ccplant_store.errors import (
    AlreadyDoneError,
    AttachmentMissingError,
    DuplicateKeyError,
    VolumeRefusedError,
)
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc, new_session

_LOOK_SECONDS = 0.1


def check_config(config: SessionConfig, settings: ApiSettings) -> SessionConfig:
    """Return the configuration with the agent filled in.

    Raises:
        InvalidRequestError: it asks for something that this installation does not have.
    """
    check_masks(config)
    if config.image is not None:
        _check_image(config.image, settings)
    agent = config.agent or settings.default_agent
    if agent not in settings.agents:
        known = ", ".join(settings.agents)
        raise invalid_field(
            "config.agent", f"is no agent that is installed here; there are: {known}",
            known_agents=list(settings.agents),
        )  # fmt: skip
    return config.model_copy(update={"agent": agent})


def _check_image(image: str, settings: ApiSettings) -> None:
    if settings.runtime == "local":
        raise invalid_field("config.image", "is not possible: the local runtime has no images")
    if not settings.allows_image(image):
        allowed = ", ".join(settings.images) or "none"
        raise invalid_field(
            "config.image", f"is not among the images that are allowed here: {allowed}",
            allowed_images=list(settings.images),
        )  # fmt: skip


async def create_session(
    gateway: Gateway,
    caller: Principal,
    body: CreateSession,
    place: views.Place,
    *,
    route: str,
    key: str | None,
    digest: str,
    recreated_from: str | None = None,
    resumes: str | None = None,
) -> tuple[CreatedSession | Mapping[str, Any], bool]:
    """Create a session; return the answer, and whether it is that of an earlier, equal request.

    Raises:
        InvalidRequestError: the configuration is not possible here.
        ConflictError: the key was used with another body, or the volume is not free.
        QuotaExceededError: the owner has as many sessions as it may have.
    """
    config = check_config(body.config, gateway.settings)
    volume = None
    if config.pvc_from is not None:
        volume = await wanted_volume(gateway, caller.user_id, config.pvc_from)
        config = config.model_copy(update={"pvc_storage_size": volume.size})
    now = gateway.clock.now()
    session_id = new_session_id(caller.user_id)
    session = new_session(
        session_id,
        owner=caller.user_id,
        name=body.name,
        mode=body.mode,
        labels=body.labels,
        repository=body.repository,
        branch=body.branch,
        config=config,
        at=now,
        volume_id=None if volume is None else volume.id,
        recreated_from=recreated_from,
        resumes=resumes,
    )
    prompt = None
    try:
        files = await gateway.store.attachments.staged(caller.user_id, body.attachments)
    except AttachmentMissingError as missing:
        before = await _done_or_missing(gateway, caller, body, missing, route=route, key=key, digest=digest)
        return before, True
    if body.message is not None:
        prompt = PromptDoc(
            id=new_prompt_id(),
            session_id=session_id,
            owner=caller.user_id,
            number=1,
            text=body.message,
            attachments=files,
            by=caller.user_id,
            created_at=now,
        )
    answer = views.created(session, place, None if prompt is None else prompt.id)
    protected = None
    if key is not None:
        protected = IdempotencyDoc(
            id=idempotency_id(caller.user_id, route, key),
            body_hash=digest,
            resource_id=session_id,
            response=answer.model_dump(mode="json", exclude_none=True),
            created_at=now,
        )
    await _take_place(gateway, session)
    try:
        await _create(gateway, session, prompt, protected)
    except AlreadyDoneError as done:
        await _leave_place(gateway, session)
        same_or_conflict(done.body_hash, digest, key or "")
        return done.response or {}, True
    except AttachmentMissingError as missing:
        # gone to this very session, where the word that it was written did not come through
        if await gateway.store.sessions.get(session_id) is None:
            await _leave_place(gateway, session)
            before = await _done_or_missing(
                gateway, caller, body, missing, route=route, key=key, digest=digest
            )
            return before, True
    except (ApiError, DuplicateKeyError):
        # only these say that nothing was written; after any other failure the sweep finds out whether it was
        await _leave_place(gateway, session)
        raise
    fault_point("api.session.inserted")
    gateway.bus.command("session.launch", session_id)
    return answer, False


async def _done_or_missing(
    gateway: Gateway,
    caller: Principal,
    body: CreateSession,
    missing: AttachmentMissingError,
    *,
    route: str,
    key: str | None,
    digest: str,
) -> Mapping[str, Any]:
    """Return what an equal request was answered: it has the files then. Otherwise they are not there.

    Raises:
        ConflictError: the key was used with another body.
        InvalidRequestError: nobody has used the key.
    """
    before = await earlier_answer(gateway.store.idempotency, caller.user_id, route, key, digest)
    if before is None:
        raise not_there(missing, body.attachments, "among your files that wait for a session") from None
    return before


async def _take_place(gateway: Gateway, session: SessionDoc) -> None:
    """Take a place under the owner's limit, before the session is written: of many at once none is one too many."""
    limit = gateway.limits.max_sessions_per_owner
    if limit is None:
        return
    if not await gateway.store.places.take(session.owner, session.id, limit=limit, at=session.created_at):
        raise QuotaExceededError(
            f"You have {limit} sessions, as many as you may have at once. End one, then try again.",
            details={"max_sessions": limit, "current_sessions": limit},
        )


async def _leave_place(gateway: Gateway, session: SessionDoc) -> None:
    """Give the place back of a session that was not written; a crash before this is made good by the sweep."""
    if gateway.limits.max_sessions_per_owner is not None:
        await gateway.store.places.give_back(session.owner, session.id)


async def _create(
    gateway: Gateway, session: SessionDoc, prompt: PromptDoc | None, protected: IdempotencyDoc | None
) -> None:
    """Write it all; a volume whose session has just ended is waited for a little."""
    clock = gateway.clock
    named = () if prompt is None else tuple(file.attachment_id for file in prompt.attachments)

    async def take_files(run: Transaction) -> None:
        await gateway.store.attachments.hand_over(session.owner, session.id, named, transaction=run)

    ends = clock.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            await gateway.store.sessions.create(
                session,
                prompt=prompt,
                idempotency=protected,
                traceparent=current_trace(),
                also=take_files if named else None,
            )
        except VolumeRefusedError as refused:
            if clock.monotonic() >= ends or not await is_being_let_go(gateway, refused):
                raise volume_refused(refused) from None
            await clock.sleep(_LOOK_SECONDS)
        else:
            return
