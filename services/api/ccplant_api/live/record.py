"""The record that live viewers are shown: the store, read as the hub wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from ccplant_api.live.source import Document, Snapshot, Standing, StateKey
from ccplant_api.sessions import views
from ccplant_api.settings import ApiSettings
from ccplant_contracts.stream import StreamEvent
from ccplant_platform.clock import Clock
from ccplant_store import Store
from ccplant_store.sessions.model import SessionDoc

_LOOK_BACK = timedelta(seconds=60)
"""Changes of prompts and permissions that a comparison can still notice; it happens every few seconds."""
_LAST = 50


class StoreRecord:
    """MongoDB as the hub's record."""

    def __init__(self, store: Store, clock: Clock, settings: ApiSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings

    async def snapshot(self, session_id: str, base_url: str) -> Snapshot | None:
        """Return a session with its open and last prompts, and its last permission requests."""
        session = await self._store.sessions.get(session_id)
        if session is None:
            return None
        activity, timeline, prompts, permissions, last_stored = await asyncio.gather(
            self._store.activity.get(session_id),
            self._store.events.timeline(session_id),
            self._store.prompts.list_for(session_id, last=_LAST),
            self._store.permissions.list_for(session_id, limit=_LAST),
            self._store.output.last_seq(session_id),
        )
        versions: dict[StateKey, int] = {("session", session_id): session.version}
        versions.update({("prompt", prompt.id): prompt.version for prompt in prompts})
        versions.update({("permission", item.id): item.version for item in permissions})
        resource = views.resource(session, activity, timeline, self._place(base_url), self._clock.now())
        return Snapshot(
            Standing(
                session.stored_to, _closed(session), session.launch.id if session.launch else None, versions
            ),
            {
                "session": resource,
                "prompts": [prompt.resource() for prompt in prompts],
                "permissions": [item.resource() for item in reversed(permissions)],
                "last_seq": session.stored_to,
            },
            activity,
            last_stored,
        )

    async def standings(self, session_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return how sessions stand: one query a collection, however many sessions are watched."""
        since = self._clock.now() - _LOOK_BACK
        watched, prompts, permissions = await asyncio.gather(
            self._store.sessions.watched(session_ids),
            self._store.prompts.versions(session_ids, ended_since=since),
            self._store.permissions.versions(session_ids, since=since),
        )
        standings: dict[str, Standing] = {}
        for session_id, found in watched.items():
            versions: dict[StateKey, int] = {("session", session_id): found.version}
            versions.update({("prompt", key): value for key, value in prompts.get(session_id, {}).items()})
            versions.update(
                {("permission", key): value for key, value in permissions.get(session_id, {}).items()}
            )
            standings[session_id] = Standing(found.stored_to, found.closed, found.launch_id, versions)
        return standings

    async def document(self, session_id: str, key: StateKey, base_url: str) -> Document | None:
        """Return one document as viewers see it."""
        kind, document_id = key
        if kind == "prompt":
            prompt = await self._store.prompts.get(session_id, document_id)
            return None if prompt is None else Document(key, prompt.version, prompt.resource())
        if kind == "permission":
            permission = await self._store.permissions.get(session_id, document_id)
            return None if permission is None else Document(key, permission.version, permission.resource())
        session = await self._store.sessions.get(session_id)
        if session is None:
            return None
        activity, timeline = await asyncio.gather(
            self._store.activity.get(session_id), self._store.events.timeline(session_id)
        )
        resource = views.resource(session, activity, timeline, self._place(base_url), self._clock.now())
        return Document(key, session.version, resource)

    async def events(self, session_id: str, after: int, up_to: int, limit: int) -> Sequence[StreamEvent]:
        """Return stored events with `after` < seq ≤ `up_to`, ascending."""
        return await self._store.output.read(session_id, after, limit=limit, up_to=up_to)

    def _place(self, base_url: str) -> views.Place:
        return views.Place.at(base_url, self._settings)


def _closed(session: SessionDoc) -> bool:
    return session.settled
