"""List, then watch, for ever: every change of a Pod of ours, and what vanished while nobody looked.

A watch is told to end after a minute and goes on from the version that it had, so that a connection that died without
a word is noticed soon; bookmarks keep that version young. Where the server says that it is too old, or anything else
goes wrong, everything is listed again, and what is not in the list any more is told as well. What is remembered of
each Pod is a name, a UID and a few words, so that memory is bounded by the Pods that there are.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from ccplant_orchestrator.runtimes.kubernetes import names, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, UnreachableError, pages
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)

_WATCH_SECONDS = (40, 60)
_SHORTEST_WATCH = 1.0
"""One that ends sooner was cut off by something in between, and is not begun again at once."""
_BACKOFF = Backoff(base=0.5, cap=5.0, floor=0.1, limit=1 << 30)


@dataclass(frozen=True)
class Change:
    """A Pod as it is now; None: it is gone."""

    ref: LaunchRef
    uid: str
    pod: Json | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What was told last of a Pod."""

    ref: LaunchRef
    uid: str
    digest: int


class Following:
    """One follower's view."""

    def __init__(
        self,
        api: Api,
        options: KubernetesOptions,
        clock: Clock,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._api = api
        self._options = options
        self._clock = clock
        self._uniform = uniform
        self._labels = names.selector(options)
        self._known: dict[str, _Known] = {}

    async def follow(self) -> AsyncGenerator[Change, None]:
        """Yield all that is there, then each change, for ever."""
        failures = 0
        version: str | None = None
        while True:
            try:
                if version is None:
                    async with aclosing(self._list()) as listed:
                        async for change, listed_version in listed:
                            version = listed_version or None
                            if change is not None:
                                yield change
                began = self._clock.monotonic()
                async with aclosing(self._watch(version or "")) as watched:
                    async for change, seen_version in watched:
                        version, failures = seen_version, 0
                        if change is not None:
                            yield change
                if self._clock.monotonic() - began >= _SHORTEST_WATCH:
                    failures = 0
                    continue
            except ApiError as error:
                if error.expired:
                    _log.info("watch_expired", version=version)
                else:
                    _log.warning("watch_refused", error=str(error)[:300])
                version = None
            except UnreachableError as error:
                # the version is good still: what happened meanwhile comes, or the server says that it is too old
                _log.warning("watch_broken", error=str(error)[:300])
            failures += 1
            await self._clock.sleep(_BACKOFF.delay(failures, self._uniform) or _BACKOFF.cap)

    async def _list(self) -> AsyncGenerator[tuple[Change | None, str], None]:
        """Yield what is there and what is gone; the version comes with the last one alone, when all was told."""
        seen: set[str] = set()
        version = ""
        async for page in pages(self._api, Kind.POD, labels=self._labels):
            version = page.version
            for pod in page.items:
                seen.add(str(pod["metadata"]["name"]))
                change = self._take(pod)
                if change is not None:
                    yield change, ""
        for name in [name for name in self._known if name not in seen]:
            gone = self._known.pop(name)
            yield Change(gone.ref, gone.uid, None), ""
        yield None, version

    async def _watch(self, version: str) -> AsyncGenerator[tuple[Change | None, str], None]:
        low, high = _WATCH_SECONDS
        seconds = round(low + self._uniform() * (high - low))
        events = self._api.watch(Kind.POD, labels=self._labels, version=version, seconds=seconds)
        async with aclosing(events) as lines:
            async for event in lines:
                version = str(event.object["metadata"]["resourceVersion"])
                if event.type == "BOOKMARK":
                    yield None, version
                elif event.type == "DELETED":
                    yield self._drop(event.object), version
                else:
                    yield self._take(event.object), version

    def _take(self, pod: Json) -> Change | None:
        """Return what is to be told of a Pod; None: nothing of it changed that anybody could see."""
        ref = names.ref_of(self._options, pod)
        if ref is None:
            return None
        known = _Known(ref, names.uid_of(pod), _digest(pod))
        if self._known.get(ref.pod_name) == known:
            return None
        self._known[ref.pod_name] = known
        return Change(ref, known.uid, pod)

    def _drop(self, pod: Json) -> Change | None:
        gone = self._known.pop(str(pod["metadata"]["name"]), None)
        return None if gone is None else Change(gone.ref, gone.uid, None)


def _digest(pod: Json) -> int:
    """Reduce a Pod to what an observation shows of it."""
    status = pod_state.container_status(pod)
    conditions = tuple(
        (one.get("type"), one.get("status"), one.get("reason"))
        for one in pod.get("status", {}).get("conditions") or ()
    )
    facts = (
        pod.get("status", {}).get("phase"),
        pod_state.node_of(pod),
        pod["metadata"].get("deletionTimestamp"),
        status.get("ready"),
        repr(status.get("state")),
        conditions,
    )
    return hash(facts)
