"""Reads a whole conversation without ever holding it: page by page out of the durable history (S11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from ccplant_api.prompts.conversation import Cursor, Page
from ccplant_contracts.conversation import ConversationEntry, PermissionEntry
from ccplant_contracts.stream import StreamEvent
from ccplant_store.permissions.model import PermissionDoc

PAGE = 100
_READ = 100


class Output(Protocol):
    """The stored stream."""

    async def read(
        self, session_id: str, after: int, *, limit: int, up_to: int | None = None
    ) -> Sequence[StreamEvent]: ...


class Permissions(Protocol):
    """What became of permission requests."""

    async def get(self, session_id: str, permission_id: str) -> PermissionDoc | None: ...


async def read_conversation(
    output: Output, permissions: Permissions, session_id: str, *, up_to: int
) -> AsyncIterator[ConversationEntry]:
    """Yield each entry of a conversation once, whole, in the order in which they began."""
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        page = Page(cursor, PAGE)
        after = cursor.after
        while after < up_to and not page.whole:
            events = await output.read(session_id, after, limit=_READ, up_to=up_to)
            if not events:
                break
            page.read(events)
            after = events[-1].seq
        for entry in page.entries():
            yield await _with_outcome(permissions, session_id, entry)
        cursor = page.next


async def _with_outcome(
    permissions: Permissions, session_id: str, entry: ConversationEntry
) -> ConversationEntry:
    if not isinstance(entry, PermissionEntry):
        return entry
    known = await permissions.get(session_id, entry.permission_id)
    if known is None:
        return entry
    return entry.model_copy(update={"state": known.state, "resource": known.resource()})
