"""An API that counts its calls, and whose caller is frozen before one of them, as a process without processor time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence

from ccplant_orchestrator.runtimes.kubernetes.api import Api, Json, Kind, Listing, WatchEvent


class PausingApi:
    """Passes everything on; the first call that was chosen waits until it is told to go on."""

    def __init__(self, api: Api, call: str = "") -> None:
        self._api = api
        self.counted: Counter[str] = Counter()
        self._call = call
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def _pause(self, call: str) -> None:
        self.counted[call] += 1
        if call == self._call and not self.reached.is_set():
            self.reached.set()
            await self.go_on.wait()

    async def read(self, kind: Kind, name: str) -> Json | None:
        await self._pause(f"read {kind}")
        return await self._api.read(kind, name)

    async def create(self, kind: Kind, body: Json) -> Json:
        await self._pause(f"create {kind}")
        return await self._api.create(kind, body)

    async def merge(self, kind: Kind, name: str, change: Json) -> Json:
        await self._pause(f"merge {kind}")
        return await self._api.merge(kind, name, change)

    async def patch(self, kind: Kind, name: str, operations: Sequence[Json]) -> Json:
        await self._pause(f"patch {kind}")
        return await self._api.patch(kind, name, operations)

    async def delete(self, kind: Kind, name: str, *, uid: str, grace_seconds: int | None = None) -> None:
        await self._pause(f"delete {kind}")
        await self._api.delete(kind, name, uid=uid, grace_seconds=grace_seconds)

    async def page(
        self,
        kind: Kind,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 500,
        after: str | None = None,
        metadata_only: bool = False,
    ) -> Listing:
        await self._pause(f"page {kind}")
        return await self._api.page(
            kind, labels=labels, fields=fields, limit=limit, after=after, metadata_only=metadata_only
        )

    def watch(
        self, kind: Kind, *, labels: str = "", fields: str = "", version: str, seconds: int
    ) -> AsyncGenerator[WatchEvent, None]:
        return self._api.watch(kind, labels=labels, fields=fields, version=version, seconds=seconds)

    async def log(self, pod: str, container: str, *, lines: int, most_bytes: int) -> bytes:
        return await self._api.log(pod, container, lines=lines, most_bytes=most_bytes)

    async def aclose(self) -> None:
        await self._api.aclose()
