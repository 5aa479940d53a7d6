"""The Kubernetes runtime: `Runtime` over Pods, Secrets and volume claims.

It remembers nothing that matters: everything is in the cluster, so another replica, or this one after a crash, sees
the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import structlog

from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.session import SessionConfig
from ccplant_contracts.stream import StreamEvent
from ccplant_orchestrator.runtimes.kubernetes import logs, names, observing, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Api, Json, Kind, pages
from ccplant_orchestrator.runtimes.kubernetes.ending import Ending
from ccplant_orchestrator.runtimes.kubernetes.evidence import Evidence
from ccplant_orchestrator.runtimes.kubernetes.fencing import Fencing
from ccplant_orchestrator.runtimes.kubernetes.following import Following
from ccplant_orchestrator.runtimes.kubernetes.launching import Launching
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.refusals import reported
from ccplant_orchestrator.runtimes.kubernetes.surroundings import Surroundings
from ccplant_orchestrator.runtimes.kubernetes.sweeping import Sweeping
from ccplant_orchestrator.runtimes.kubernetes.volumes import Volumes
from ccplant_orchestrator.runtimes.protocol import (
    LOG_TAIL_LINES,
    CurrentLaunches,
    KnownVolumes,
    LaunchRef,
    Observation,
    StartProblem,
    Volume,
)
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)


class KubernetesRuntime:
    """Sessions as Pods in one namespace."""

    kind = "kubernetes"
    limits_enforced = True

    def __init__(self, api: Api, options: KubernetesOptions, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._clock = clock
        self._volumes = Volumes(api, options)
        self._launching = Launching(api, options, self._volumes)
        fencing = Fencing(api, options, clock)
        self._ending = Ending(api, options, fencing, clock)
        self._sweeping = Sweeping(api, options, self._ending, fencing, self._volumes, clock)
        surroundings = Surroundings(api, options, clock)
        self._evidence = Evidence(api, self._ending, surroundings, clock)
        self._closed = asyncio.Event()

    @property
    def namespace(self) -> str:
        """Where the Pods are."""
        return self._options.namespace

    async def launch(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> None:
        """Make Secret, claim and Pod, as far as they are not there."""
        with reported():
            await self._launching.launch(spec, ref, config, volume)

    async def signal_stop(self, ref: LaunchRef, *, grace_seconds: float) -> None:
        """Delete the Pod with this grace: that is how a node is made to send SIGTERM."""
        with reported():
            await self._ending.ask(ref, grace_seconds)

    async def destroy(self, ref: LaunchRef, *, force: bool) -> None:
        """Fence the launch, delete its Pod, and wait until nothing of it runs; the Pod's object stays."""
        with reported():
            await self._ending.destroy(ref, force=force)

    async def release(self, ref: LaunchRef) -> None:
        """Let the Pod's object go."""
        with reported():
            await self._ending.release(ref)

    async def delete_volume(self, volume_id: str) -> None:
        """Delete the claim, and with it what the cluster keeps for it."""
        with reported():
            await self._volumes.delete(volume_id)

    async def get(self, ref: LaunchRef) -> Observation | None:
        """Read the Pod, and where it is over what there is to know of its end."""
        with reported():
            pod = await self._ending.find(ref)
            if pod is None:
                return None
            over = await self._ending.is_over(pod)
            record = await self._evidence.exit_record(pod) if over else None
            return observing.observation(pod, ref, over=over, exit_record=record)

    async def list(self) -> Sequence[Observation]:
        """Read all Pods of this installation, without their logs."""
        found: list[Observation] = []
        with reported():
            async for page in pages(self._api, Kind.POD, labels=names.selector(self._options)):
                found.extend(seen for seen in map(self._glance, page.items) if seen is not None)
        return found

    async def changes(self) -> AsyncIterator[Observation]:
        """Follow all Pods until this runtime is closed."""
        following = Following(self._api, self._options, self._clock)
        closed = asyncio.create_task(self._closed.wait())
        try:
            async with aclosing(following.follow()) as changes:
                while not closed.done():
                    upcoming = asyncio.ensure_future(anext(changes))
                    try:
                        await asyncio.wait((upcoming, closed), return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        # before the generator is closed, whoever was cancelled here: one that still runs cannot be
                        if not upcoming.done():
                            upcoming.cancel()
                            await asyncio.wait((upcoming,))
                    if upcoming.cancelled():
                        return
                    change = upcoming.result()
                    if change.pod is None:
                        yield observing.vanished(change.ref, change.uid)
                    elif (seen := self._glance(change.pod)) is not None:
                        yield seen
        finally:
            closed.cancel()

    def _glance(self, pod: Json) -> Observation | None:
        """Say what a Pod shows by itself, without asking its node or reading its log."""
        ref = names.ref_of(self._options, pod)
        if ref is None:
            return None
        over = pod_state.has_ended(pod)
        record = self._evidence.at_a_glance(pod) if over else None
        return observing.observation(pod, ref, over=over, exit_record=record)

    async def remaining_output(self, ref: LaunchRef, after_seq: int) -> AsyncIterator[StreamEvent]:
        """Yield nothing: what a runner had not sent is lost with its container's disk."""
        nothing: tuple[StreamEvent, ...] = ()
        for event in nothing:
            yield event

    async def log_tail(self, ref: LaunchRef, lines: int = LOG_TAIL_LINES) -> tuple[str, ...]:
        """Read the log's end from the Pod's node."""
        with reported():
            if await self._ending.find(ref) is None:
                return ()
            return await logs.tail(self._api, ref.pod_name, lines)

    async def diagnose(self, ref: LaunchRef) -> StartProblem | None:
        """Say why the launch does not run, from its Pod, its events, its volume and the nodes."""
        with reported():
            return await self._evidence.start_problem(ref)

    async def sweep(self, current: CurrentLaunches, volumes: KnownVolumes) -> int:
        """Collect what no current launch owns, and volumes without a record."""
        with reported():
            return await self._sweeping.sweep(current, volumes)

    async def aclose(self) -> None:
        """Let go of watches and connections; what runs goes on."""
        self._closed.set()
        await self._api.aclose()
