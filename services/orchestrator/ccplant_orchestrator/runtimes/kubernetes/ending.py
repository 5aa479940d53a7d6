"""Ends Pods: by UID and with a grace, and keeps their objects until what they say about their end was read.

A deletion with grace 0 would free the name at once while a node that does not answer still runs the container; so
force means one second. A finalizer holds the Pod until `release`. Whoever waits for an end looks again at every
change of the Pod, and at its node from time to time, because the Pod of a lost node never changes.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from datetime import timedelta

import structlog

from ccplant_orchestrator.runtimes.kubernetes import names, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, UnreachableError
from ccplant_orchestrator.runtimes.kubernetes.fencing import Fencing
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef, RuntimeFailedError, StillRunningError
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point

_log = structlog.get_logger(__name__)

_FORCED_GRACE = 1
_LOOK_SECONDS = 2.0
"""How long a change is waited for before the Pod and its node are looked at again."""
_SPARE_SECONDS = 20.0
"""Beyond every grace, for a node that is slow to say that it is done."""
_GONE_SECONDS = 10.0
_TRIES = 5
_MOST_WATCHES = 16
"""Ends that are watched at the same time, each by a connection; of more, the others look twice a second."""


class Ending:
    """Ends and releases launches."""

    def __init__(self, api: Api, options: KubernetesOptions, fencing: Fencing, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._fencing = fencing
        self._clock = clock
        self._watches = asyncio.Semaphore(_MOST_WATCHES)

    async def find(self, ref: LaunchRef) -> Json | None:
        """Read the launch's own Pod; None: the server says that there is none, or its name is another's."""
        found = await self._api.read(Kind.POD, ref.pod_name)
        return found if found is not None and names.belongs_to(self._options, found, ref) else None

    async def is_over(self, pod: Json) -> bool:
        """Tell whether nothing of the Pod is waited for any more; its node is asked only where that matters."""
        return (await self.place_if_over(pod)) is not None

    async def place_if_over(self, pod: Json) -> pod_state.Place | None:
        """Return how the node of a Pod that is over is doing; None: the Pod is not over."""
        if pod_state.has_ended(pod):
            return "ready"
        if pod_state.deleted_at(pod) is None:
            return None
        place = await self.place(pod)
        lost_after = timedelta(seconds=self._options.lost_seconds)
        over = pod_state.is_over(pod, place, self._clock.now(), lost_after)
        return place if over else None

    async def place(self, pod: Json) -> pod_state.Place:
        """Ask how the Pod's node is doing."""
        name = pod_state.node_of(pod)
        if name is None:
            return "ready"
        try:
            return pod_state.place_of(await self._api.read(Kind.NODE, name))
        except ApiError as error:
            if error.status != 403:
                raise
            # without the right to read nodes, the time that a deletion may take decides alone
            _log.warning("nodes_may_not_be_read", error=error.message[:300])
            return "ready"

    async def ask(self, ref: LaunchRef, grace_seconds: float) -> None:
        """Have the node send SIGTERM; a Pod that is going already is left to its grace."""
        pod = await self.find(ref)
        if pod is not None and not pod_state.has_ended(pod) and pod_state.deleted_at(pod) is None:
            await self._delete(pod, max(_FORCED_GRACE, math.ceil(grace_seconds)))
            _log.info("stop_signalled", launch_id=ref.launch_id, grace_seconds=grace_seconds)

    async def destroy(self, ref: LaunchRef, *, force: bool) -> None:
        """Return when nothing of the launch runs, or nobody can say that it does.

        Raises:
            StillRunningError: the node answers and says that it runs, beyond all graces.
        """
        await self._fencing.fence(ref)
        pod = await self.find(ref)
        if pod is None or pod_state.has_ended(pod):
            return
        grace = _FORCED_GRACE if force else self._options.grace_seconds
        deletion = pod_state.deleted_at(pod)
        if deletion is None or (deletion - self._clock.now()).total_seconds() > grace:
            await self._delete(pod, grace)
        bound = grace + self._options.lost_seconds + _SPARE_SECONDS
        ends = self._clock.monotonic() + bound
        uid = names.uid_of(pod)
        while True:
            pod = await self.find(ref)
            if pod is None or names.uid_of(pod) != uid or await self.is_over(pod):
                return
            if self._clock.monotonic() >= ends:
                raise StillRunningError(f"the Pod {ref.pod_name} did not end within {bound:.0f} s")
            await self._next_change(pod)

    async def release(self, ref: LaunchRef) -> None:
        """Let the Pod go, by removing its deletion's last obstacle; the fence stays.

        Raises:
            StillRunningError: it still runs.
        """
        await self._fencing.fence(ref)
        pod = await self.find(ref)
        if pod is None:
            return
        place = await self.place_if_over(pod)
        if place is None:
            raise StillRunningError(f"the Pod {ref.pod_name} still runs")
        if place == "ready" and pod_state.deleted_at(pod) is not None:
            place = await self.place(pod)
        if place == "gone" or pod_state.deleted_at(pod) is None:
            # nobody is left who would end it on a node that has no object any more
            await self._delete(pod, 0 if place == "gone" else _FORCED_GRACE)
        await self.remove_finalizer(pod)
        if place == "ready":
            await self._await_gone(ref, names.uid_of(pod))

    async def remove_finalizer(self, pod: Json) -> None:
        """Remove our finalizer, and no other."""
        name, uid = str(pod["metadata"]["name"]), names.uid_of(pod)
        found: Json | None = pod
        for _ in range(_TRIES):
            finalizers = list((found or {}).get("metadata", {}).get("finalizers") or ())
            if found is None or names.uid_of(found) != uid or names.FINALIZER not in finalizers:
                return
            place = f"/metadata/finalizers/{finalizers.index(names.FINALIZER)}"
            operations = [
                {"op": "test", "path": "/metadata/uid", "value": uid},
                {"op": "test", "path": place, "value": names.FINALIZER},
                {"op": "remove", "path": place},
            ]
            try:
                await self._api.patch(Kind.POD, name, operations)
            except ApiError as error:
                if error.not_found:
                    return
                if not error.conflict and error.status != 422:
                    raise
                found = await self._api.read(Kind.POD, name)
                continue
            fault_point("kube.finalizer.removed")
            return
        raise RuntimeFailedError(f"the finalizers of the Pod {name} change all the time")

    async def _delete(self, pod: Json, grace: int) -> None:
        name, uid = str(pod["metadata"]["name"]), names.uid_of(pod)
        try:
            if names.ENDED_BY not in names.annotations_of(pod) and not pod_state.has_ended(pod):
                mark = {"metadata": {"uid": uid, "annotations": {names.ENDED_BY: "ccplant"}}}
                await self._api.merge(Kind.POD, name, mark)
                fault_point("kube.pod.marked")
            await self._api.delete(Kind.POD, name, uid=uid, grace_seconds=grace)
        except ApiError as error:
            # gone, or another one by now: then this one is gone
            if not (error.not_found or error.conflict or error.status == 422):
                raise
            return
        fault_point("kube.pod.deleted")

    async def _next_change(self, pod: Json) -> None:
        """Return at the Pod's next change, or after a while."""
        if not self._watches.locked():
            async with self._watches:
                if await self._watch(pod):
                    return
        await self._clock.sleep(_LOOK_SECONDS / 4)

    async def _watch(self, pod: Json) -> bool:
        """Return whether it changed, or time enough has passed; False: nobody told anything."""
        metadata = pod["metadata"]
        fields, version = f"metadata.name={metadata['name']}", str(metadata["resourceVersion"])
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                changes = self._api.watch(Kind.POD, fields=fields, version=version, seconds=5)
                async with aclosing(changes) as events:
                    async for event in events:
                        if event.type != "BOOKMARK":
                            return True
        except TimeoutError:
            return True
        except (ApiError, UnreachableError) as error:
            _log.info("end_not_watched", pod=metadata["name"], error=str(error)[:300])
        return False

    async def _await_gone(self, ref: LaunchRef, uid: str) -> None:
        ends = self._clock.monotonic() + _GONE_SECONDS
        while self._clock.monotonic() < ends:
            pod = await self.find(ref)
            if pod is None or names.uid_of(pod) != uid:
                return
            await self._next_change(pod)
        # its deletion is written: somebody else's finalizer, or a node that is slow, and no reason to hold anything up
        _log.warning("pod_still_going", session_id=ref.session_id, launch_id=ref.launch_id)
