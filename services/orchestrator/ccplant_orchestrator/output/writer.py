"""The output writer: from the bus into MongoDB, then to the viewers, then back to the runner.

Order is what keeps the promises: insert (durable) → announce (viewers see only what MongoDB holds) → apply (prompts
and permissions move) → acknowledge → advance `stored_to` by compare-and-set → tell the runner, which drops what is
covered. A crash anywhere between only means that the runner, or the bus, sends again what is already there.

Batches of one session that wait are written together; those of different sessions at the same time. Advancing goes on
behind the writing, over several batches at once where they come fast: nobody but the runner's log waits for it.
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
_ADVANCES = 50
"""Steps of one go; a session that other replicas move all the while is looked at again later."""
_TRIES = 4
"""Of a message that fails for no reason that is known to pass."""


@dataclass(frozen=True)
class _Source:
    """Whose output a launch's is."""

    session_id: str
    owner: str


@dataclass
class _Progress:
    """How far a session's output has come in this replica."""

    stored_to: int
    """As MongoDB has it, as far as known here."""
    passed: int
    """Stored, shown and applied; `stored_to` follows."""
    launch_id: str | None = None
    """Who wants to hear of it."""


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
        self._progress: OrderedDict[str, _Progress] = OrderedDict()
        self._worker = KeyedWorker("output", self._write_launch, concurrency=16)
        self._advancer = KeyedWorker("advance", self._advance_and_tell, concurrency=16)
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
        await self._advancer.close()

    async def absorb(self, session_id: str, owner: str, events: Sequence[StreamEvent]) -> int:
        """Store events of a session with all that follows from them, and return `stored_to` as MongoDB has it then.

        Raises:
            StoreUnavailableError: MongoDB cannot be reached; nothing is lost, the caller tries again.
            TombstonedError: the session was purged; nothing may be written for it.
        """
        await self._take(session_id, owner, events)
        return await self._advance(session_id)

    async def _take(self, session_id: str, owner: str, events: Sequence[StreamEvent]) -> None:
        """Store events, show them, and apply what follows from them, as far as they go without a gap."""
        progress = await self._progress_of(session_id)
        passed = progress.passed
        fresh = _unique(event for event in events if event.seq > passed)
        if fresh:
            await self._store.output.insert(session_id, fresh)
            fault_point("orch.output.inserted")
        while True:
            prefix = fresh if _continues(passed, fresh) else await self._prefix(session_id, passed)
            fresh = ()
            if not prefix:
                return
            passed = prefix[-1].seq
            await self._announce(session_id, prefix)
            for event in prefix:
                await self._applier.apply(session_id, owner, event)
            fault_point("orch.output.applied")
            progress.passed = max(passed, progress.passed)

    async def _announce(self, session_id: str, prefix: Sequence[StreamEvent]) -> None:
        size = (
            sum(len(event.model_dump_json()) for event in prefix) if len(prefix) <= _PREFIX_LIMIT else 1 << 30
        )
        await self._announcer.stored(session_id, prefix[-1].seq, tuple(prefix), size=size)

    async def _advance(self, session_id: str) -> int:
        """Move `stored_to` over what has been applied; where another replica moved it, begin from there."""
        progress = await self._progress_of(session_id)
        for _ in range(_ADVANCES):
            target = progress.passed
            if target <= progress.stored_to:
                return progress.stored_to
            moved = await self._store.sessions.advance(
                session_id, progress.stored_to, target, at=self._clock.now()
            )
            fault_point("orch.output.advanced")
            if moved:
                progress.stored_to = max(progress.stored_to, target)
                continue
            session = await self._store.sessions.get(session_id)
            if session is None:
                return target
            progress.stored_to = session.stored_to
        return progress.stored_to

    async def _advance_and_tell(self, session_id: str) -> None:
        """Advance behind the writing, several batches at once where they come fast, and tell the runner."""
        try:
            stored_to = await self._advance(session_id)
            progress = await self._progress_of(session_id)
            if progress.launch_id is not None:
                await self._tell_runner(progress.launch_id, stored_to)
        except (StoreError, NatsError) as error:
            _log.warning("output_not_advanced", session_id=session_id, error=str(error))
            self._advancer.poke_later(session_id, _RETRY_SECONDS)

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
                await self._take(source.session_id, source.owner, events)
                (await self._progress_of(source.session_id)).launch_id = launch_id
                self._advancer.poke(source.session_id)
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

    async def _progress_of(self, session_id: str) -> _Progress:
        """Return how far this replica has come with a session's output; at first, as far as MongoDB says."""
        progress = self._progress.get(session_id)
        if progress is None:
            session = await self._store.sessions.get(session_id)
            stored_to = 0 if session is None else session.stored_to
            progress = self._progress.setdefault(session_id, _Progress(stored_to, stored_to))
            while len(self._progress) > _KNOWN_SESSIONS:
                # what is forgotten is read again, and what was not advanced is sent and applied again
                self._progress.popitem(last=False)
        return progress

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
