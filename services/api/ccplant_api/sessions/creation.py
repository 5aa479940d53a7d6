"""Creating a session: check what only this installation knows, write it once, tell the orchestrator (S2, S3, S13).

Session, first prompt, events and idempotency key are one transaction; the command afterwards is only the news of
it. So a session is either there, and will be started, or it is not and the client may ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ccplant_api.errors.validation import invalid_field, invalid_model
from ccplant_api.gateway import Gateway
from ccplant_api.http.context import current_trace
from ccplant_api.http.idempotency import same_or_conflict
from ccplant_api.principals.authentication import Principal
from ccplant_api.sessions import views
from ccplant_api.sessions.unmasking import unmasked
from ccplant_api.settings import ApiSettings
from ccplant_contracts.errors import ConflictError
from ccplant_contracts.ids import new_prompt_id, new_session_id
from ccplant_contracts.session import CreatedSession, CreateSession, SessionConfig
from ccplant_platform.faults import fault_point
from ccplant_store.errors import AlreadyDoneError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc


def check_config(config: SessionConfig, settings: ApiSettings) -> SessionConfig:
    """Return the configuration with the agent filled in.

    Raises:
        InvalidRequestError: it asks for something that this installation does not have.
    """
    if config.image is not None:
        _check_image(config.image, settings)
    if config.pvc_from is not None:
        raise invalid_field("config.pvc_from", "is not supported by the local runtime")
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
) -> tuple[CreatedSession | Mapping[str, Any], bool]:
    """Create a session; return the answer, and whether it is that of an earlier, equal request.

    Raises:
        InvalidRequestError: the configuration is not possible here.
        ConflictError: the key was used with another body.
    """
    config = check_config(body.config, gateway.settings)
    now = gateway.clock.now()
    session_id = new_session_id(caller.user_id)
    session = SessionDoc(
        id=session_id,
        owner=caller.user_id,
        name=body.name or session_id,
        mode=body.mode,
        labels=dict(body.labels),
        repository=body.repository,
        branch=body.branch,
        cpu_limit=config.cpu_limit,
        memory_limit=config.memory_limit,
        created_at=now,
        updated_at=now,
        config=config.model_dump(mode="json"),
        recreated_from=recreated_from,
    )
    prompt = None
    if body.message is not None:
        prompt = PromptDoc(
            id=new_prompt_id(),
            session_id=session_id,
            owner=caller.user_id,
            number=1,
            text=body.message,
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
    try:
        await gateway.store.sessions.create(
            session, prompt=prompt, idempotency=protected, traceparent=current_trace()
        )
    except AlreadyDoneError as done:
        same_or_conflict(done.body_hash, digest, key or "")
        return done.response or {}, True
    fault_point("api.session.inserted")
    gateway.bus.command("session.launch", session_id)
    return answer, False


def merged_config(session: SessionDoc, overrides: Mapping[str, Any]) -> SessionConfig:
    """Return the session's configuration with parts of it replaced; a preset brings its sizes unless they are given.

    Raises:
        InvalidRequestError: the result is not a configuration.
    """
    base = dict(session.config)
    if "preset" in overrides:
        base.pop("cpu_limit", None)
        base.pop("memory_limit", None)
    try:
        return SessionConfig.model_validate({**base, **unmasked(overrides, session.config)})
    except ValidationError as error:
        raise invalid_model(error, prefix="config") from None


def recreation(session: SessionDoc, overrides: Mapping[str, Any], first_message: str | None) -> CreateSession:
    """Return what creates the same session again.

    Raises:
        ConflictError: the session has not ended.
        InvalidRequestError: the overrides are wrong.
    """
    if session.open:
        raise ConflictError(
            "Only a session that has ended can be recreated; stop it first.",
            details={"state": session.status.value, "session_id": session.id},
        )
    named = None if session.name == session.id else session.name
    return CreateSession.model_construct(
        name=named,
        repository=session.repository,
        branch=session.branch,
        message=first_message,
        mode=session.mode,
        labels=session.labels,
        config=merged_config(session, overrides),
    )
