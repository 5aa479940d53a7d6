"""The resync: finds every unfulfilled intent, whatever became of its command.

Commands may be lost, and the processes that got them may die. What is wanted stands in MongoDB, so looking there every
few seconds is what makes the fast path optional. The same job collects what nobody owns any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_orchestrator.dispatches.places import Places
from ccplant_orchestrator.jobs.leased import Tenure
from ccplant_orchestrator.jobs.volumes import VolumeRemoval
from ccplant_orchestrator.permissions.delivery import PermissionDelivering
from ccplant_orchestrator.runtimes.protocol import Runtime, RuntimeFailedError
from ccplant_orchestrator.sessions.keyed import KeyedWorker
from ccplant_platform.clock import Clock
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)

_LIMIT = 1_000


class Resync:
    """The job."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        sessions: KeyedWorker,
        prompts: KeyedWorker,
        permissions: KeyedWorker,
        dispatches: KeyedWorker,
        places: Places,
        expiry: PermissionDelivering,
        volumes: VolumeRemoval,
        clock: Clock,
        max_concurrent_launches: int,
        every_seconds: float,
        sweep_every_seconds: float,
        bus: Client,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._sessions = sessions
        self._prompts = prompts
        self._permissions = permissions
        self._dispatches = dispatches
        self._places = places
        self._expiry = expiry
        self._volumes = volumes
        self._clock = clock
        self._launches = max_concurrent_launches
        self._every = every_seconds
        self._sweep_every = sweep_every_seconds
        self._bus = bus
        self._place_free = asyncio.Event()

    async def run(self, tenure: Tenure) -> None:
        """Look again and again while the lease is held; a place that gets free is given away at once."""
        subscription = await self._bus.subscribe(subjects.WAKE_LAUNCHES, cb=self._hinted)
        swept_at = float("-inf")
        try:
            while tenure.valid:
                await self._safely(self._look)
                await self._safely(self._volumes.remove_condemned)
                await self._safely(self._look_at_dispatches)
                await self._safely(self._delete_due)
                if self._clock.monotonic() - swept_at >= self._sweep_every:
                    swept_at = self._clock.monotonic()
                    await self._safely(self._sweep)
                    await self._safely(self._places.sweep)
                    await self._safely(self._sweep_slots)
                await self._fill_places()
        finally:
            if not self._bus.is_closed:
                await subscription.unsubscribe()

    async def _fill_places(self) -> None:
        """Until the next look: give each place that gets free to the session that has waited longest."""
        ends = self._clock.monotonic() + self._every
        while (left := ends - self._clock.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._place_free.wait()
            except TimeoutError:
                return
            self._place_free.clear()
            await self._safely(self._fill)

    async def _fill(self) -> None:
        places = self._launches - await self._store.session_work.count_starting()
        for session_id in await self._store.session_work.waiting_to_start(places=places):
            self._sessions.poke(session_id)

    async def _hinted(self, _message: Msg) -> None:
        self._place_free.set()

    async def _safely(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step; one that fails keeps none of the others from being taken."""
        try:
            await step()
        except (StoreUnavailableError, RuntimeFailedError) as error:
            _log.warning("resync_postponed", error=str(error))
        except Exception:  # noqa: BLE001 - logged; it is tried again at the next look
            _log.exception("resync_failed")

    async def _look(self) -> None:
        now = self._clock.now()
        places = max(0, self._launches - await self._store.session_work.count_starting())
        for session_id in await self._store.session_work.unfulfilled(now, limit=_LIMIT, places=places):
            self._sessions.poke(session_id)
        for session_id in await self._store.session_work.idle_tasks(limit=_LIMIT):
            self._sessions.poke(session_id)
        for session_id in await self._store.prompts.sessions_with_work(limit=_LIMIT):
            self._prompts.poke(session_id)
        for session_id in await self._expiry.expire():
            self._permissions.poke(session_id)
        for session_id in await self._store.permissions.sessions_with_work(limit=_LIMIT):
            self._permissions.poke(session_id)

    async def _look_at_dispatches(self) -> None:
        for queue in await self._store.dispatches.to_look_at(self._clock.now(), limit=_LIMIT):
            self._dispatches.poke(queue)

    async def _delete_due(self) -> None:
        """Delete ended sessions whose time has come (S12): from the lists; their history stays readable."""
        now = self._clock.now()
        for session_id in await self._store.session_work.due_for_deletion(now, limit=_LIMIT):
            if await self._store.sessions.mark_deleted(session_id, by="auto_delete", at=now) is not None:
                self._sessions.poke(session_id)

    async def _sweep(self) -> None:
        collected = await self._runtime.sweep(
            self._store.session_work.current_launches, self._store.volumes.known
        )
        blobs = await self._store.blobs.collect_unreferenced(self._clock.now())
        attachments = await self._store.attachments.remove_unused(self._clock.now())
        if collected or blobs or attachments:
            _log.info("swept", launches=collected, blobs=blobs, attachments=attachments)

    async def _sweep_slots(self) -> None:
        if erased := await self._store.slots.sweep(self._clock.now(), limit=_LIMIT):
            _log.info("slots_erased", count=erased)
