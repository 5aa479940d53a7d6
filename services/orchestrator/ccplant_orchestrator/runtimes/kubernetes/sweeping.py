"""Collects what lies here for no current launch: Pods, Secrets and claims, found by this installation's own labels.

What is there is looked at first, as metadata alone: a Secret's content is nobody's business here. Then it is asked
what should be there. A Secret without a Pod is what a death between two calls leaves; it is emptied rather than
removed, because who died may only have been frozen. Fences go when they are an hour old.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, UnreachableError, pages
from ccplant_orchestrator.runtimes.kubernetes.ending import Ending
from ccplant_orchestrator.runtimes.kubernetes.fencing import Fencing, fenced_at, is_fence
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.volumes import Volumes
from ccplant_orchestrator.runtimes.protocol import (
    CurrentLaunches,
    KnownVolumes,
    LaunchRef,
    RuntimeFailedError,
    VolumeInUseError,
)
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_AT_ONCE = 16


@dataclass
class Seen:
    """What is here, looked at before anybody is asked what should be."""

    launches: dict[str, LaunchRef] = field(default_factory=dict)
    """By launch id: those with a Pod, or with a Secret that is no fence."""
    fences: list[tuple[LaunchRef, Json]] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)


def stale_fences(seen: Seen, current: AbstractSet[str], now: datetime, life: timedelta) -> list[Json]:
    """Return fences that have stood long enough, of launches that are over and of which nothing is left."""
    found = []
    for ref, secret in seen.fences:
        since = fenced_at(secret)
        old = since is None or now - since >= life
        if old and ref.launch_id not in current and ref.launch_id not in seen.launches:
            found.append(secret)
    return found


class Sweeping:
    """Looks, asks, collects."""

    def __init__(
        self,
        api: Api,
        options: KubernetesOptions,
        ending: Ending,
        fencing: Fencing,
        volumes: Volumes,
        clock: Clock,
    ) -> None:
        self._api = api
        self._options = options
        self._ending = ending
        self._fencing = fencing
        self._volumes = volumes
        self._clock = clock

    async def sweep(self, current: CurrentLaunches, volumes: KnownVolumes) -> int:
        """Collect; return how many launches and volumes that was."""
        seen = await self.look()
        owned, kept = await current(), await volumes()
        abandoned = [ref for ref in seen.launches.values() if ref.launch_id not in owned]
        collected = await _each(abandoned, self._collect)
        collected += await _each([one for one in seen.volumes if one not in kept], self._remove_volume)
        life = timedelta(seconds=self._options.fence_life_seconds)
        await _each(stale_fences(seen, owned, self._clock.now(), life), self._remove_fence)
        return collected

    async def look(self) -> Seen:
        """Look at everything of this installation; Secrets first, for they are made first."""
        seen = Seen()
        async for secret in self._all(Kind.SECRET):
            ref = names.ref_of(self._options, secret)
            if ref is None:
                continue
            if is_fence(secret):
                seen.fences.append((ref, secret))
            else:
                seen.launches[ref.launch_id] = ref
        async for pod in self._all(Kind.POD):
            ref = names.ref_of(self._options, pod)
            if ref is not None and not _is_left_to_its_node(pod):
                seen.launches[ref.launch_id] = ref
        async for claim in self._all(Kind.CLAIM):
            volume_id = names.labels_of(claim).get(names.VOLUME)
            going = claim["metadata"].get("deletionTimestamp")
            if names.is_ours(self._options, claim) and volume_id == claim["metadata"]["name"] and not going:
                seen.volumes.append(str(volume_id))
        return seen

    async def _all(self, kind: Kind) -> AsyncGenerator[Json, None]:
        labels = names.selector(self._options)
        async for page in pages(self._api, kind, labels=labels, metadata_only=True):
            for item in page.items:
                yield item

    async def _collect(self, ref: LaunchRef) -> None:
        await self._ending.destroy(ref, force=True)
        await self._ending.release(ref)
        _log.warning("launch_collected", session_id=ref.session_id, launch_id=ref.launch_id)

    async def _remove_volume(self, volume_id: str) -> None:
        await self._volumes.delete(volume_id)
        _log.warning("volume_collected", volume_id=volume_id)

    async def _remove_fence(self, secret: Json) -> None:
        await self._fencing.remove(secret)


def _is_left_to_its_node(pod: Json) -> bool:
    """Tell whether the Pod was released already and goes when its node is back: there is nothing more to do."""
    finalizers = pod["metadata"].get("finalizers") or ()
    return bool(pod["metadata"].get("deletionTimestamp")) and names.FINALIZER not in finalizers


async def _each(items: Iterable[T], act: Callable[[T], Awaitable[None]]) -> int:
    """Do it for each, some at a time; what fails is logged and done at the next sweep. Return how many worked."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(item: T) -> bool:
        async with places:
            try:
                await act(item)
            except VolumeInUseError as error:
                _log.info("sweep_waits", error=str(error))
                return False
            except (RuntimeFailedError, ApiError, UnreachableError) as error:
                _log.warning("sweep_failed", error=str(error)[:300])
                return False
            return True

    return sum(await asyncio.gather(*(one(item) for item in items)))
