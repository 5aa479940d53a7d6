"""All live viewers of this gateway.

A viewer is joined in an order that leaves no hole: subscribe, flush, read the record from its `since`, then pass
on what is announced. Every few seconds, and after each reconnect of the bus, all watched sessions are compared with
the record in one round, so that a lost announcement costs seconds and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from ccplant_api.errors.validation import invalid_field
from ccplant_api.live.frames import event_frame, state_frame
from ccplant_api.live.source import Bus, Record, StateKey
from ccplant_api.live.viewer import Close, GoingAwayError, QueueLimits, SlowReaderError, Viewer
from ccplant_api.live.watch import Watch
from ccplant_contracts.errors import NotFoundError

_log = structlog.get_logger(__name__)
_PAGE = 200
_ROOM_SECONDS = 30.0


class Hub:
    """Joins viewers to sessions."""

    def __init__(
        self,
        bus: Bus,
        record: Record,
        *,
        poll_seconds: float = 5.0,
        queue: QueueLimits | None = None,
        max_viewers: int = 2_000,
    ) -> None:
        self._bus = bus
        self._record = record
        self._poll_seconds = poll_seconds
        self._queue = queue
        self._max_viewers = max_viewers
        self._watches: dict[str, Watch] = {}
        self._viewers = 0
        self._compare_now = asyncio.Event()
        self._poll_task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to compare watched sessions with the record."""
        self._poll_task = asyncio.create_task(self._poll(), name="compare watched sessions")

    async def stop(self) -> None:
        """Send every viewer to another gateway."""
        self._stopping = True
        for watch in list(self._watches.values()):
            for viewer in list(watch.viewers):
                viewer.close(_going_away())
        if self._poll_task is not None:
            self._poll_task.cancel()
            await asyncio.wait([self._poll_task])

    def bus_is_back(self) -> None:
        """Compare at once: announcements of the meantime were lost."""
        self._compare_now.set()

    def changed(self, session_id: str, key: StateKey, version: int) -> None:
        """Hear of a change of our own without the detour over the bus."""
        watch = self._watches.get(session_id)
        if watch is not None:
            watch.hint(key, version)

    @property
    def viewers(self) -> int:
        """How many connections are open."""
        return self._viewers

    @asynccontextmanager
    async def joined(self, session_id: str, base_url: str) -> AsyncIterator[tuple[Viewer, Watch]]:
        """Give a viewer its place; it hears nothing until `follow` has greeted it."""
        viewer = Viewer(self._queue)
        watch = self._watches.get(session_id)
        if watch is None:
            watch = self._watches[session_id] = Watch(session_id, self._bus, self._record)
        watch.viewers[viewer] = base_url
        self._viewers += 1
        if self._stopping:
            viewer.close(_going_away())
        elif self._viewers > self._max_viewers:
            viewer.close(
                Close(1013, SlowReaderError("This gateway has as many viewers as it takes; try again."))
            )
        try:
            yield viewer, watch
        finally:
            self._viewers -= 1
            watch.viewers.pop(viewer, None)
            if not watch.viewers and self._watches.get(session_id) is watch:
                del self._watches[session_id]
                await asyncio.shield(watch.stop())

    async def follow(self, viewer: Viewer, watch: Watch, base_url: str, since: int | None) -> None:
        """Greet a viewer, bring it to the head of the stream, and again whenever it falls behind."""
        await watch.start()
        snapshot = await self._record.snapshot(watch.session_id, base_url)
        if snapshot is None:
            viewer.close(Close(4404, NotFoundError("There is no such session.")))
            return
        stored_to = snapshot.standing.stored_to
        last = max(stored_to, snapshot.last_stored)
        if since is not None and since > last:
            viewer.close(
                Close(1008, invalid_field("since", f"is beyond the last number, {last}", last_seq=last))
            )
            return
        await watch.begin(snapshot.standing)
        viewer.greet(state_frame("hello", snapshot.hello), stored_to if since is None else since)
        if snapshot.activity is not None:
            viewer.show_state(("activity", watch.session_id), state_frame("activity", snapshot.activity))
        while viewer.closing is None:
            await self._catch_up(viewer, watch)
            if viewer.closing is None:
                watch.end_if_done(viewer)
                await viewer.fell_behind()

    async def _catch_up(self, viewer: Viewer, watch: Watch) -> None:
        while viewer.closing is None and watch.head is not None:
            if viewer.last >= watch.head.passed:
                viewer.live = True  # nothing is awaited between this look and the next announcement
                return
            page = await self._record.events(watch.session_id, viewer.last, watch.head.passed, _PAGE)
            if not page:
                raise RuntimeError(f"the record of {watch.session_id} ends before {watch.head.passed}")
            for event in page:
                if not await viewer.catch_up(event_frame(event), _ROOM_SECONDS):
                    raise RuntimeError(f"the record of {watch.session_id} has a gap after {viewer.last}")

    async def _poll(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._compare_now.wait()
            except TimeoutError:
                pass
            self._compare_now.clear()
            if self._watches:
                await self._compare()

    async def _compare(self) -> None:
        try:
            async with asyncio.timeout(max(self._poll_seconds * 2, 5)):
                standings = await self._record.standings(list(self._watches))
        except Exception as error:  # noqa: BLE001 - whatever the store raises, the next round tries again
            _log.warning("watch_compare_failed", error=str(error) or type(error).__name__)
            return
        for session_id, watch in list(self._watches.items()):
            standing = standings.get(session_id)
            if standing is not None:
                watch.compare(standing)
            elif watch.head is not None:
                watch.gone()


def _going_away() -> Close:
    return Close(1001, GoingAwayError("This gateway stops; connect again."))
