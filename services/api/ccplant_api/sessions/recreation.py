"""Creating an ended session again (S13), and going on with its conversation (S14).

The new session gets the old one's volume where that was kept: its files are what somebody who tries again wants to find.
An explicit `pvc_from` says otherwise; `null` means a volume of its own, empty. Resuming fails in words where anything that
it needs is missing: an agent that pretends to remember is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ccplant_api.attachments.copying import copied
from ccplant_api.errors.validation import invalid_field, invalid_model
from ccplant_api.gateway import Gateway
from ccplant_api.sessions.unmasking import unmasked
from ccplant_api.volumes.mounting import volume_of
from ccplant_contracts.errors import ConflictError
from ccplant_contracts.session import CreateSession, Mode, RecreateSession, SessionConfig
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc
from ccplant_store.volumes.model import VolumeDoc

_PVC_ALONE = ("pvc_from", "pvc_retain")
"""Mean nothing without a volume."""


@dataclass(frozen=True)
class Recreation:
    """What creates the session again."""

    body: CreateSession
    resumes: str | None = None
    """The conversation that the agent goes on with."""


async def recreation(gateway: Gateway, session: SessionDoc, wanted: RecreateSession) -> Recreation:
    """Return what creates the same session again.

    Raises:
        ConflictError: the session has not ended, or there is nothing to resume.
        InvalidRequestError: the overrides are wrong.
    """
    if session.open:
        raise ConflictError(
            "Only a session that has ended can be recreated; stop it first.",
            details={"state": session.status.value, "session_id": session.id},
        )
    volume = await volume_of(gateway, session.owner, session.id)
    kept = None if volume is None or volume.deleting else volume
    config = merged_config(session, wanted.config, kept)
    prompts = await gateway.store.prompts.list_for(session.id, last=1_000)
    resumes = _resumed(session, config, kept, prompts) if wanted.resume else None
    if resumes:
        # what a task was told is in the conversation: said again, it would be done again
        return Recreation(_body(session, config, None, Mode.INTERACTIVE), resumes)
    if not prompts or session.mode is not Mode.TASK:
        return Recreation(_body(session, config, None), None)
    files = await copied(gateway, session.owner, session.id, prompts[0].attachments)
    body = _body(session, config, prompts[0].text).model_copy(update={"attachments": files})
    return Recreation(body, None)


def _body(
    session: SessionDoc, config: SessionConfig, message: str | None, mode: Mode | None = None
) -> CreateSession:
    return CreateSession.model_construct(
        name=None if session.name == session.id else session.name,
        repository=session.repository,
        branch=session.branch,
        message=message,
        mode=mode or session.mode,
        labels=session.labels,
        config=config,
    )


def merged_config(session: SessionDoc, overrides: Mapping[str, Any], kept: VolumeDoc | None) -> SessionConfig:
    """Return the session's configuration with parts of it replaced; a preset brings its sizes unless they are given.

    Raises:
        InvalidRequestError: the result is not a configuration.
    """
    base = {name: value for name, value in session.config.items() if name != "pvc_from"}
    if "preset" in overrides:
        base.pop("cpu_limit", None)
        base.pop("memory_limit", None)
    if overrides.get("pvc_enabled", base.get("pvc_enabled")) is not True:
        base = {name: value for name, value in base.items() if name not in _PVC_ALONE}
    elif kept is not None and "pvc_from" not in overrides:
        base["pvc_from"] = session.id
    try:
        return SessionConfig.model_validate({**base, **unmasked(overrides, session.config)})
    except ValidationError as error:
        raise invalid_model(error, prefix="config") from None


def _resumed(
    session: SessionDoc, config: SessionConfig, kept: VolumeDoc | None, prompts: Sequence[PromptDoc]
) -> str:
    """Return the conversation to go on with.

    Raises:
        ConflictError: there is none, or what it needs is gone.
        InvalidRequestError: the overrides take away what it needs.
    """
    if session.volume_id is None:
        raise _nothing("It had no volume (`pvc_enabled`), and its conversation is gone with it.", "no_volume")
    if kept is None:
        raise _nothing("Its volume was not kept, and its conversation is gone with it.", "volume_gone")
    if not config.pvc_enabled or config.pvc_from != session.id:
        raise invalid_field("config.pvc_from", "must not be replaced: the conversation is on the old volume")
    if config.agent != session.config.get("agent"):
        raise invalid_field("config.agent", "must be the agent that had the conversation")
    spoken = session.resumes is not None or any(prompt.started_at is not None for prompt in prompts)
    if session.agent_session is None or not spoken:
        raise _nothing("Its agent was never spoken to.", "no_conversation")
    return session.agent_session


def _nothing(why: str, state: str) -> ConflictError:
    return ConflictError(f"There is no conversation to resume. {why}", details={"state": state})
