"""Documents as tests of the store and of its users need them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ccplant_contracts.ids import new_launch_id, new_permission_id, new_prompt_id, new_session_id
from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.session import SessionConfig
from ccplant_contracts.status import Reason
from ccplant_contracts.stream import MessageChunk, PermissionRequest, StreamEvent
from ccplant_store import Store
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import LaunchDoc, SessionDoc

OWNER = "ada"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OPTIONS = (
    PermissionOption(option_id="1", name="Yes", kind="allow_once"),
    PermissionOption(option_id="2", name="No", kind="reject_once"),
)


def session_document(**changes: Any) -> SessionDoc:
    """A new session."""
    fields: dict[str, Any] = {
        "id": new_session_id(OWNER),
        "owner": OWNER,
        "name": "a session",
        "cpu_limit": "2",
        "memory_limit": "4Gi",
        "created_at": NOW,
        "updated_at": NOW,
        "config": SessionConfig().model_dump(mode="json"),
        **changes,
    }
    return SessionDoc(**fields)


def prompt_document(session: SessionDoc, number: int, **changes: Any) -> PromptDoc:
    """A queued prompt."""
    fields: dict[str, Any] = {
        "id": new_prompt_id(),
        "session_id": session.id,
        "owner": session.owner,
        "number": number,
        "text": f"prompt {number}",
        "by": session.owner,
        "created_at": NOW,
        **changes,
    }
    return PromptDoc(**fields)


def chunk(seq: int, text: str = "x") -> StreamEvent:
    """A piece of text in the output."""
    return StreamEvent(
        seq=seq, at=NOW, data=MessageChunk(message_id="m", role="agent", offset=seq - 1, text=text)
    )


def permission_request(**changes: Any) -> PermissionRequest:
    """A request that nobody answered yet."""
    fields: dict[str, Any] = {
        "permission_id": new_permission_id(),
        "prompt_id": "prompt-1",
        "title": "Run the tests",
        "tool": {"name": "Bash", "input": {"command": "make test"}},
        "options": OPTIONS,
        **changes,
    }
    return PermissionRequest(**fields)


async def pending_session(store: Store, **changes: Any) -> SessionDoc:
    """A session that was just created."""
    return await store.sessions.create(session_document(**changes))


async def running_session(store: Store, **changes: Any) -> SessionDoc:
    """A session whose runner has registered."""
    session = await pending_session(store, **changes)
    launch = LaunchDoc(id=new_launch_id(), attempt=1, created_at=NOW, started_at=NOW)
    launched = await store.sessions.change(session, set={"launch": launch.model_dump()})
    assert launched is not None
    running = await store.sessions.transition(launched, Reason.REGISTERED, now=NOW)
    assert running is not None
    return running


async def ended_session(store: Store, reason: Reason = Reason.STOPPED, **changes: Any) -> SessionDoc:
    """A session that has ended and is not settled."""
    ended = await store.sessions.transition(await running_session(store, **changes), reason, now=NOW)
    assert ended is not None
    return ended


async def queued_prompt(store: Store, session: SessionDoc, **changes: Any) -> PromptDoc:
    """A prompt that waits."""
    number = await store.sessions.take_prompt_number(session.id, session.owner)
    assert number is not None
    return await store.prompts.insert(prompt_document(session, number, **changes))
