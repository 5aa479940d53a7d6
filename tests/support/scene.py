"""One scenario: people, viewers and prompts on a whole system, brought to an end and audited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.support.auditor import Auditor
from tests.support.bus_observer import BusRecord, read_bus
from tests.support.person import Person
from tests.support.stream_viewer import StreamViewer
from tests.support.system import System
from tests.support.waiting import eventually

_STREAM_SECONDS = 45.0


@dataclass
class Scene:
    """What a chaos test works with."""

    system: System
    person: Person
    auditor: Auditor
    viewers: list[StreamViewer] = field(default_factory=list)
    _watching: list[asyncio.Task[None]] = field(default_factory=list)
    _log_ends: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._log_ends = self.system.log_ends()

    async def session(self, message: str | None = None, *, viewers: int = 1, **fields: object) -> str:
        """Create a session, and have it watched from its beginning."""
        session_id = await self.person.create(message, **fields)
        for _ in range(viewers):
            self.watch(session_id)
        return session_id

    async def running(self, message: str | None = None, *, viewers: int = 1, **fields: object) -> str:
        """Create a session and wait until it runs."""
        session_id = await self.session(message, viewers=viewers, **fields)

        async def runs() -> bool:
            found = await self.person.look(session_id)
            assert found["status"] == "running", found
            return True

        await eventually(runs, 40, interval=0.1)
        return session_id

    def watch(self, session_id: str, since: int = 0) -> StreamViewer:
        """Add a viewer."""
        viewer = StreamViewer(self.system, session_id, f"viewer {len(self.viewers) + 1}", since)
        self.viewers.append(viewer)
        self._watching.append(asyncio.create_task(viewer.run(), name=viewer.name))
        return viewer

    def viewers_of(self, session_id: str) -> Sequence[StreamViewer]:
        """Return who watches a session."""
        return [viewer for viewer in self.viewers if viewer.session_id == session_id]

    async def speaking(self, session_id: str, pieces: int = 2) -> None:
        """Wait until the agent is in the middle of a message."""

        def heard() -> bool:
            viewer = self.viewers_of(session_id)[0]
            chunks = [
                event
                for event in viewer.events
                if event["type"] == "message_chunk" and event["data"]["role"] == "agent"
            ]
            return len(chunks) >= pieces and not chunks[-1]["data"]["final"]

        await eventually(heard, _STREAM_SECONDS)

    async def finish(self, *, drained: bool = False) -> None:
        """Let every prompt end, stop what still runs, and audit.

        `drained`: wait also for the bus to give to another what somebody held who died, which takes half a minute.
        """
        sessions = sorted(set(self.person.ledger.sessions.values()) - self.person.ledger.purged)
        for session_id in sessions:
            await self.auditor.prompts_ended(session_id)
        self.system.note("every prompt has its end")
        await asyncio.gather(*(self.person.stop(session_id) for session_id in sessions))
        for session_id in sessions:
            await self.auditor.settled(session_id)
        self.system.note("every session is at rest")
        await self.audit(drained=drained)

    async def audit(self, *, drained: bool = False) -> None:
        """Compare what was promised with what is so; every session has to be at rest."""
        await eventually(lambda: all(viewer.closed is not None for viewer in self.viewers), 40)
        await self.auditor.all_published()
        self.system.note("viewers are told of the end, and subscribers of everything")
        bus = await self._bus_at_rest(drained=drained)
        findings = await self.auditor.audit(self.person.ledger, self.viewers, bus)
        findings += self.system.errors_since(self._log_ends)
        assert not findings, "\n".join(["", *findings])

    async def _bus_at_rest(self, *, drained: bool) -> BusRecord:
        async def read() -> BusRecord:
            record = await read_bus(self.system.data_dir, self.system.nats_url)
            await self.auditor.has_all_events(self.person.ledger, record)
            assert record.undelivered == 0, record
            assert record.unacknowledged == 0 or not drained, record
            return record

        return await eventually(read, 60, interval=0.5)

    async def leave(self) -> None:
        """End every viewer."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)


@asynccontextmanager
async def scene(system: System) -> AsyncIterator[Scene]:
    """Open a scene on a running system."""
    auditor = Auditor(system)
    headers = {"Authorization": f"Bearer {system.token}"}
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(
        base_url=system.url, headers=headers, timeout=20, limits=limits, trust_env=False
    ) as client:
        opened = Scene(system, Person(client), auditor)
        try:
            yield opened
        finally:
            await opened.leave()
            await auditor.close()
