"""What is around a Pod that does not start: its events, its volume, the nodes, and the other sessions that take room.

Nodes and other sessions are the same for everybody who waits for room, so they are read once for all that ask within some
seconds: a hundred sessions that do not fit must not list the cluster a hundred times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from ccplant_orchestrator.runtimes.kubernetes import names, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, pages
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)

_YOUNG_SECONDS = 5.0
_MOST_NODES = 200
_MOST_COMPARISONS = 50_000
"""Nodes times other Pods: beyond this the room on each node is not counted."""
_MOST_EVENTS = 200


@dataclass
class _Shared:
    """Something that was read, and when."""

    read_at: float = float("-inf")
    items: Sequence[Json] = ()
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Surroundings:
    """Reads them; what this installation may not read is not there."""

    def __init__(self, api: Api, options: KubernetesOptions, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._clock = clock
        self._nodes = _Shared()
        self._pods = _Shared()

    async def events(self, pod: Json) -> Sequence[Json]:
        """Return the events about the Pod and about its claim."""
        found = list(await self._events(f"involvedObject.uid={names.uid_of(pod)}"))
        claim = claim_name(pod)
        if claim is not None:
            fields = f"involvedObject.kind=PersistentVolumeClaim,involvedObject.name={claim}"
            found += await self._events(fields)
        return found

    async def _events(self, fields: str) -> Sequence[Json]:
        async def read() -> Sequence[Json]:
            return (await self._api.page(Kind.EVENT, fields=fields, limit=_MOST_EVENTS)).items

        return await self._permitted("events", read)

    async def claim(self, pod: Json) -> Json | None:
        """Return the claim that the Pod uses."""
        name = claim_name(pod)
        return None if name is None else await self._api.read(Kind.CLAIM, name)

    async def node(self, pod: Json) -> Json | None:
        """Return the Pod's own node."""
        name = pod_state.node_of(pod)

        async def read() -> Sequence[Json]:
            found = None if name is None else await self._api.read(Kind.NODE, name)
            return () if found is None else (found,)

        return next(iter(await self._permitted("nodes", read)), None)

    async def nodes(self) -> Sequence[Json]:
        """Return the cluster's nodes."""

        async def read() -> Sequence[Json]:
            return (await self._api.page(Kind.NODE, limit=_MOST_NODES)).items

        return await self._shared(self._nodes, "nodes", read)

    async def others(self, pod: Json) -> Sequence[Json]:
        """Return the other sessions' Pods, where comparing them with all nodes is not too much."""

        async def read() -> Sequence[Json]:
            found: list[Json] = []
            async for page in pages(self._api, Kind.POD, labels=names.selector(self._options)):
                found.extend(one for one in map(_what_takes_room, page.items) if one is not None)
            return found

        everything = await self._shared(self._pods, "pods", read)
        if len(everything) * max(1, len(await self.nodes())) > _MOST_COMPARISONS:
            return ()
        return [one for one in everything if one["metadata"]["uid"] != names.uid_of(pod)]

    async def _shared(
        self, shared: _Shared, what: str, read: Callable[[], Awaitable[Sequence[Json]]]
    ) -> Sequence[Json]:
        async with shared.lock:
            if self._clock.monotonic() - shared.read_at > _YOUNG_SECONDS:
                shared.items = await self._permitted(what, read)
                shared.read_at = self._clock.monotonic()
            return shared.items

    async def _permitted(self, what: str, read: Callable[[], Awaitable[Sequence[Json]]]) -> Sequence[Json]:
        try:
            return await read()
        except ApiError as error:
            if error.status != 403:
                raise
            _log.info("may_not_be_read", what=what, error=error.message[:300])
            return ()


def claim_name(pod: Json) -> str | None:
    """Return the name of the claim that a Pod uses."""
    for volume in pod.get("spec", {}).get("volumes") or ():
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim:
            return str(claim)
    return None


def _what_takes_room(pod: Json) -> Json | None:
    """Keep of a Pod what its node has to give it; None: it has no node."""
    node = pod_state.node_of(pod)
    if node is None or pod_state.has_ended(pod):
        return None
    containers = [{"resources": one.get("resources")} for one in pod["spec"].get("containers") or ()]
    return {
        "metadata": {"uid": names.uid_of(pod)},
        "spec": {"nodeName": node, "containers": containers},
        "status": {"phase": pod.get("status", {}).get("phase")},
    }
