"""The output writer: from the bus into MongoDB, then to the viewers, then back to the runner.

Order is what keeps the promises: insert (durable) → announce (viewers see only what MongoDB holds) → apply (prompts
and permissions move) → advance `stored_to` by compare-and-set → acknowledge → tell the runner, which drops what is
covered. A crash anywhere between only means that the runner, or the bus, sends again what is already there.

Batches of one session that wait are written together; those of different sessions at the same time.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.launch import StoredTo
from ccplant_contracts.stream import OutputBatch, StreamEvent
from ccplant_orchestrator.launch_message import read_launch_message
from ccplant_orchestrator.output.apply import Applier
from ccplant_orchestrator.output.dead_letter import DeadLetters
from ccplant_orchestrator.output.room import Room
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_orchestrator.sessions.keyed import KeyedWorker
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.errors import StoreError, TombstonedError

_log = structlog.get_logger(__name__)

_KNOWN_SESSIONS = 4_096
_PREFIX_LIMIT = 500
_RETRY_SECONDS = 1.0
_TRIES = 4
"""Of a message that fails for no reason that is known to pass."""


@dataclass(frozen=True)
class _Source:
    """Whose output a launch's is."""

    session_id: str
    owner: str


class OutputWriter:
    """Stores what runners say."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Client,
        announcer: Announcer,
        applier: Applier,
        dead_letters: DeadLetters,
        clock: Clock,
    ) -> None:
        self._store = store
        self._bus = bus
        self._announcer = announcer
        self._applier = applier
        self._dead_letters = dead_letters
        self._clock = clock
        self._backlog: defaultdict[str, list[tuple[Msg, OutputBatch]]] = defaultdict(list)
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._stored_to: OrderedDict[str, int] = OrderedDict()
        self._worker = KeyedWorker("output", self._write_launch, concurrency=16)
        self.room = Room()
        """Whoever brings more messages waits for it first."""

    def arrived(self, message: Msg) -> None:
        """Take a message from the output stream."""
        try:
            batch = read_launch_message(OutputBatch, message)
        except ValueError as error:
            self._dead_letters.bury(message, error)
            return
        self.room.take(len(message.data))
        self._backlog[batch.launch_id].append((message, batch))
        self._worker.poke(batch.launch_id)

    async def close(self) -> None:
        """Write what has arrived, and stop."""
        await self._worker.close()

    async def absorb(self, session_id: str, owner: str, events: Sequence[StreamEvent]) -> int:
        """Store events of a session, apply what follows from them, and return how far the gapless prefix goes.

        Raises:
            StoreUnavailableError: MongoDB cannot be reached; nothing is lost, the caller tries again.
            TombstonedError: the session was purged; nothing may be written for it.
        """
        known = await self._known_stored_to(session_id)
        fresh = _unique(event for event in events if event.seq > known)
        if fresh:
            await self._store.output.insert(session_id, fresh)
            fault_point("orch.output.inserted")
        while True:
            prefix = fresh if _continues(known, fresh) else await self._prefix(session_id, known)
            fresh = ()
            if not prefix:
                return known
            known = await self._pass_prefix(session_id, owner, known, prefix)

    async def _pass_prefix(
        self, session_id: str, owner: str, known: int, prefix: Sequence[StreamEvent]
    ) -> int:
        last = prefix[-1].seq
        size = (
            sum(len(event.model_dump_json()) for event in prefix) if len(prefix) <= _PREFIX_LIMIT else 1 << 30
        )
        await self._announcer.stored(session_id, last, tuple(prefix), size=size)
        for event in prefix:
            await self._applier.apply(session_id, owner, event)
        fault_point("orch.output.applied")
        advanced = await self._store.sessions.advance(session_id, known, last, at=self._clock.now())
        fault_point("orch.output.advanced")
        if advanced:
            self._remember(session_id, last)
            return last
        self._stored_to.pop(session_id, None)
        return await self._known_stored_to(session_id)

    async def _write_launch(self, launch_id: str) -> None:
        work = self._backlog.pop(launch_id, [])
        if not work:
            return
        try:
            await self._write(launch_id, work)
        finally:
            self.room.give(sum(len(message.data) for message, _ in work))

    async def _write(self, launch_id: str, work: Sequence[tuple[Msg, OutputBatch]]) -> None:
        try:
            source = await self._source(work[0][1])
            if source is None:
                _log.warning("output_of_nobody", launch_id=launch_id, session_id=work[0][1].session_id)
            else:
                events = [event for _, batch in work for event in batch.events]
                stored_to = await self.absorb(source.session_id, source.owner, events)
                await self._tell_runner(launch_id, stored_to)
        except TombstonedError:
            _log.info("output_of_purged_session", launch_id=launch_id)
        except (StoreError, NatsError) as error:
            _log.warning("output_not_stored", launch_id=launch_id, error=str(error))
            for message, _ in work:
                await _settle(message.nak(_RETRY_SECONDS))
            return
        except Exception as error:  # noqa: BLE001 - a runner may say anything; what cannot be stored must not stay
            _log.exception("output_not_understood", launch_id=launch_id)
            for message, _ in work:
                await self._refuse(message, error)
            return
        for message, _ in work:
            await _settle(message.ack())

    async def _refuse(self, message: Msg, error: Exception) -> None:
        """Try a message again later, a few times; kept for ever it would take a place among those under way."""
        tried = message.metadata.num_delivered
        if tried >= _TRIES:
            self._dead_letters.bury(message, error)
        else:
            await _settle(message.nak(_RETRY_SECONDS * 2**tried))

    async def _source(self, batch: OutputBatch) -> _Source | None:
        """Return whose output this is, checked against the document: the batch's own word is not enough."""
        source = self._sources.get(batch.launch_id)
        if source is None:
            session = await self._store.sessions.get(batch.session_id)
            if session is None or session.launch is None or session.launch.id != batch.launch_id:
                return None
            source = _Source(session.id, session.owner)
            self._sources[batch.launch_id] = source
            if len(self._sources) > _KNOWN_SESSIONS:
                self._sources.popitem(last=False)
        return source

    async def _known_stored_to(self, session_id: str) -> int:
        known = self._stored_to.get(session_id)
        if known is None:
            session = await self._store.sessions.get(session_id)
            known = 0 if session is None else session.stored_to
            self._remember(session_id, known)
        return known

    def _remember(self, session_id: str, stored_to: int) -> None:
        self._stored_to[session_id] = stored_to
        self._stored_to.move_to_end(session_id)
        if len(self._stored_to) > _KNOWN_SESSIONS:
            self._stored_to.popitem(last=False)

    async def _prefix(self, session_id: str, known: int) -> Sequence[StreamEvent]:
        return await self._store.output.contiguous_after(session_id, known, limit=_PREFIX_LIMIT)

    async def _tell_runner(self, launch_id: str, stored_to: int) -> None:
        payload = StoredTo(stored_to=stored_to).model_dump_json().encode()
        await self._bus.publish(subjects.runner_in(launch_id, "stored"), payload)


async def _settle(answer: Awaitable[None]) -> None:
    """Acknowledge or refuse; where that fails the bus sends the message again, which is harmless."""
    try:
        await answer
    except NatsError as error:
        _log.debug("ack_failed", error=str(error))


def _unique(events: Iterable[StreamEvent]) -> tuple[StreamEvent, ...]:
    by_seq = {event.seq: event for event in events}
    return tuple(by_seq[seq] for seq in sorted(by_seq))


def _continues(known: int, events: Sequence[StreamEvent]) -> bool:
    """Tell whether sorted, unique events follow `known` without a gap."""
    return bool(events) and events[0].seq == known + 1 and events[-1].seq == known + len(events)
