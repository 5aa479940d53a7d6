"""One watched session: its subscriptions, the head of its stream, and its viewers.

Announcements on the bus are quick and may be lost; the record is the truth. A watch passes on what is announced in
order, and reads the record wherever something is missing. There is one pump a session, so all viewers get the same
numbers in the same order whatever arrives in between.
"""

from __future__ import annotations

import asyncio

import structlog
from pydantic import ValidationError

from ccplant_api.live.frames import Frame, delta_frame, event_frame, state_frame
from ccplant_api.live.head import Head
from ccplant_api.live.source import Bus, Record, Standing, StateKey, Subscription
from ccplant_api.live.viewer import Close, EndedError, Viewer
from ccplant_contracts import subjects
from ccplant_contracts.errors import NotFoundError
from ccplant_contracts.stream import Delta, StreamEvent
from ccplant_contracts.watch import Activity, Hint, Stored

_log = structlog.get_logger(__name__)
_PAGE = 500


class Watch:
    """Everything that the viewers of one session share."""

    def __init__(self, session_id: str, bus: Bus, record: Record) -> None:
        self.session_id = session_id
        self.viewers: dict[Viewer, str] = {}
        """Each viewer and the base URL under which it reaches the gateway."""
        self.head: Head | None = None
        self._bus = bus
        self._record = record
        self._versions: dict[StateKey, int] = {}
        self._dirty: set[StateKey] = set()
        self._sampled: Activity | None = None
        self._launch_id: str | None = None
        self._hints: Subscription | None = None
        self._deltas: Subscription | None = None
        self._started = False
        self._starting = asyncio.Lock()
        self._wake = asyncio.Event()
        self._pump_task: asyncio.Task[None] | None = None
        self._reading = False

    async def start(self) -> None:
        """Subscribe once, and only then let anybody read the record: what comes later is announced."""
        async with self._starting:
            if self._started:
                return
            self._hints = await self._bus.subscribe(subjects.watch_all(self.session_id), self._on_news)
            await self._bus.flush()
            self._pump_task = asyncio.create_task(self._pump(), name=f"watch {self.session_id}")
            self._started = True

    async def stop(self) -> None:
        """End the subscriptions and the pump."""
        async with self._starting:
            if self._pump_task is not None:
                self._pump_task.cancel()
                await asyncio.wait([self._pump_task])
                self._pump_task = None
            for subscription in (self._hints, self._deltas):
                if subscription is not None:
                    await subscription.unsubscribe()
            self._hints = self._deltas = None
            self._started = False

    async def begin(self, standing: Standing) -> Head:
        """Take what a new viewer has read of the record; return the head of the stream."""
        if self.head is None:
            self.head = Head(standing.stored_to)
            self.head.closed = standing.closed
            self._versions = dict(standing.versions)
            await self._listen_to(standing.launch_id)
        else:
            self.compare(standing)
        return self.head

    def compare(self, standing: Standing) -> None:
        """Hold the record against what was passed on, and wake the pump for what was missed."""
        if self.head is None:
            return
        for key, version in standing.versions.items():
            if version > self._versions.get(key, 0):
                self._dirty.add(key)
        self.head.hear(Stored(stored_to=standing.stored_to, closed=standing.closed))
        if self._dirty or self.head.behind or self.head.ended or standing.launch_id != self._launch_id:
            self._wake.set()

    def hint(self, key: StateKey, version: int) -> None:
        """Note that a document has this version."""
        if version > self._versions.get(key, 0) or version == 0:
            self._dirty.add(key)
            self._wake.set()

    def gone(self) -> None:
        """Close all viewers: the session was erased."""
        for viewer in self.viewers:
            viewer.close(Close(4404, NotFoundError("The session was erased.")))

    async def _on_news(self, subject: str, payload: bytes) -> None:
        try:
            if subject.endswith(".hint"):
                self._on_hint(Hint.model_validate_json(payload))
            elif subject.endswith(".stored"):
                self._on_stored(Stored.model_validate_json(payload))
        except ValidationError as error:
            _log.warning(
                "watch_message_invalid",
                session_id=self.session_id,
                subject=subject,
                errors=error.error_count(),
            )

    def _on_hint(self, hint: Hint) -> None:
        if hint.kind != "activity":
            self.hint((hint.kind, hint.id), hint.version)
        elif hint.activity is not None:
            self._on_activity(hint.activity)

    def _on_activity(self, activity: Activity) -> None:
        if self._sampled is not None and activity.sampled_at < self._sampled.sampled_at:
            return
        self._sampled = activity
        frame = state_frame("activity", activity)
        for viewer in self.viewers:
            viewer.show_state(("activity", self.session_id), frame)

    def _on_stored(self, news: Stored) -> None:
        if self.head is None:
            return  # nobody has read the record yet, and who does reads this too
        if self._reading:
            news = news.model_copy(
                update={"events": ()}
            )  # the pump is reading: it will see that there is more
        self._pass_on(self.head.hear(news))
        if self.head.behind or self.head.ended:
            self._wake.set()

    def _pass_on(self, events: list[StreamEvent]) -> None:
        for event in events:
            frame = event_frame(event)
            for viewer in self.viewers:
                viewer.show_event(frame)

    async def _on_delta(self, _: str, payload: bytes) -> None:
        try:
            delta = Delta.model_validate_json(payload)
        except ValidationError:
            return
        frame = delta_frame(delta.model_dump())
        for viewer in self.viewers:
            viewer.show_delta(frame)

    async def _pump(self) -> None:
        """Fetch what was missed, whenever something was; a failure waits for the next comparison."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._refresh()
                await self._read_on()
                await self._end_where_ended()
            except Exception as error:  # noqa: BLE001 - whatever the store raises, the next comparison tries again
                _log.warning("watch_read_failed", session_id=self.session_id, error=str(error))

    async def _read_on(self) -> None:
        head = self.head
        if head is None:
            return
        self._reading = True
        try:
            while head.behind:
                page = await self._record.events(self.session_id, head.passed, head.stored, _PAGE)
                fresh = head.read(page)
                if not fresh:
                    _log.warning("watch_record_has_a_gap", session_id=self.session_id, after=head.passed)
                    return
                self._pass_on(fresh)
        finally:
            self._reading = False

    async def _refresh(self) -> None:
        """Send each document that changed, once a base URL (a session's resource names the URL to connect to)."""
        while self._dirty and self.viewers:
            key = self._dirty.pop()
            try:
                await self._refresh_one(key)
            except BaseException:
                self._dirty.add(key)
                raise

    async def _refresh_one(self, key: StateKey) -> None:
        frames: dict[str, Frame] = {}
        for base_url in set(self.viewers.values()):
            document = await self._record.document(self.session_id, key, base_url)
            if document is None:
                return
            self._versions[key] = max(self._versions.get(key, 0), document.version)
            frames[base_url] = state_frame(key[0], document.resource)
        for viewer, base_url in list(self.viewers.items()):
            if base_url in frames:
                viewer.show_state(key, frames[base_url])
        if key[0] == "session":
            await self._relisten()

    async def _relisten(self) -> None:
        standing = (await self._record.standings([self.session_id])).get(self.session_id)
        if standing is not None:
            await self._listen_to(standing.launch_id)

    async def _listen_to(self, launch_id: str | None) -> None:
        """Hear the previews of this launch and of no other."""
        if launch_id == self._launch_id:
            return
        if self._deltas is not None:
            await self._deltas.unsubscribe()
            self._deltas = None
        self._launch_id = launch_id
        if launch_id is not None:
            self._deltas = await self._bus.subscribe(subjects.runner_out(launch_id, "delta"), self._on_delta)

    async def _end_where_ended(self) -> None:
        if self.head is not None and self.head.ended:
            for viewer in list(self.viewers):
                self.end_if_done(viewer)

    def end_if_done(self, viewer: Viewer) -> None:
        """Close a viewer that has everything there will ever be."""
        if self.head is not None and self.head.ended and viewer.live and viewer.last >= self.head.passed:
            viewer.close(Close(1000, EndedError("The session has ended and you have all of it.")))
