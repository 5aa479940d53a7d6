"""What an event of the stream changes elsewhere: prompts, permission requests, the session's document.

Applied in order, before `stored_to` passes the event, and idempotently: two replicas may apply the same prefix at
the same time. Prompts and permission requests only move forward; the fields of a session's document are guarded by
`applied_seq`, so that a slow replica never puts an older state over a newer one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ccplant_contracts.status import PermissionDelivery, PromptState
from ccplant_contracts.stream import (
    AgentStateEvent,
    Idle,
    McpServerEvent,
    PermissionOutcome,
    PermissionRequest,
    StreamEvent,
    TokenUsageEvent,
    Tool,
    Turn,
)
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_platform.clock import Clock
from ccplant_store import Store

_MCP_NAME = re.compile(r"[^.$\x00][^.\x00]{0,199}")

_TURN_STATE = {
    "started": PromptState.IN_PROGRESS,
    "done": PromptState.DONE,
    "failed": PromptState.FAILED,
    "interrupted": PromptState.INTERRUPTED,
    "cancelled": PromptState.CANCELLED,
}


@dataclass(frozen=True)
class FollowUps:
    """Whom to wake after an event was applied."""

    deliver: Callable[[str], None]
    reconcile: Callable[[str], None]


class Applier:
    """Applies events to the documents."""

    def __init__(
        self,
        store: Store,
        announcer: Announcer,
        follow_ups: FollowUps,
        *,
        clock: Clock,
        permission_timeout: timedelta,
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._follow = follow_ups
        self._clock = clock
        self._permission_timeout = permission_timeout

    async def apply(self, session_id: str, owner: str, event: StreamEvent) -> None:
        """Apply one event; events without an effect elsewhere cost nothing."""
        data = event.data
        if isinstance(data, Turn):
            await self._turn(session_id, data, event.at)
        elif isinstance(data, PermissionRequest):
            await self._permission_requested(session_id, owner, data, event.at)
        elif isinstance(data, PermissionOutcome):
            await self._permission_outcome(session_id, data)
        elif isinstance(data, Tool):
            await self._reference_blobs(session_id, data)
        else:
            await self._session_fields(session_id, event)

    async def _turn(self, session_id: str, turn: Turn, at: datetime) -> None:
        if turn.prompt_id is None:
            return
        state = _TURN_STATE[turn.state]
        prompt = await self._store.prompts.apply_turn(
            session_id, turn.prompt_id, state, at=at, stop_reason=turn.stop_reason, error=turn.error
        )
        if prompt is not None:
            await self._announcer.prompt(session_id, prompt.id, prompt.version)
        if not state.open:
            self._follow.deliver(session_id)

    async def _permission_requested(
        self, session_id: str, owner: str, request: PermissionRequest, at: datetime
    ) -> None:
        stored = await self._store.permissions.insert_requested(
            # by this machine's clock: a runner's may be wrong, and would end the time to answer at once, or never
            session_id,
            owner,
            request,
            at=at,
            expires_at=self._clock.now() + self._permission_timeout,
        )
        if stored is not None:
            await self._announcer.permission(session_id, stored.id, stored.version)

    async def _permission_outcome(self, session_id: str, outcome: PermissionOutcome) -> None:
        stored = await self._store.permissions.mark_delivery(
            session_id, outcome.permission_id, PermissionDelivery(outcome.outcome)
        )
        if stored is not None:
            await self._announcer.permission(session_id, stored.id, stored.version)

    async def _reference_blobs(self, session_id: str, tool: Tool) -> None:
        blob_ids = [content.blob_id for content in tool.content if content.blob_id is not None]
        if blob_ids:
            await self._store.blobs.reference(session_id, blob_ids)

    async def _session_fields(self, session_id: str, event: StreamEvent) -> None:
        fields = session_fields(event)
        if not fields:
            return
        version = await self._store.sessions.apply_output(session_id, event.seq, fields)
        if version is not None:
            await self._announcer.session(session_id, version)
        if isinstance(event.data, Idle):
            self._follow.reconcile(session_id)


def session_fields(event: StreamEvent) -> dict[str, Any]:
    """Return which fields of a session's document an event sets; pure."""
    data = event.data
    if isinstance(data, McpServerEvent):
        if not _MCP_NAME.fullmatch(data.name):
            return {}  # no name that a session can have; as a path in the document it would spoil it
        return {f"mcp_servers.{data.name}": {"state": data.state, "error": data.error}}
    if isinstance(data, TokenUsageEvent):
        return {"token_usage": data.model_dump(exclude={"type"})}
    if isinstance(data, AgentStateEvent):
        wait = None if data.provider_wait is None else data.provider_wait.model_dump()
        fields: dict[str, Any] = {"agent_state": data.state, "provider_wait": wait}
        if data.info is not None:
            fields["agent"] = data.info.model_dump()
        return fields
    if isinstance(data, Idle):
        return {"idle_number": data.last_number}
    return {}
