"""After the end: everything that was open about a session gets its own end.

The rest of the output first, because it may hold the end of the turn that was under way; then prompts and
permission requests; then what remains at the runtime. Each step may be repeated, and `settled` is written last, so a
crash anywhere only means that it is done again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from ccplant_contracts.session import Transcript
from ccplant_contracts.status import PromptState
from ccplant_orchestrator.jobs.volumes import VolumeRemoval
from ccplant_orchestrator.output.writer import OutputWriter
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation, Runtime
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)

_TAIL_BATCH = 500
_TAIL_TRIES = 3


class Settling:
    """Brings a session that has ended to rest."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        writer: OutputWriter,
        announcer: Announcer,
        volumes: VolumeRemoval,
        ended: Callable[[SessionDoc], Awaitable[None]],
        requeued: Callable[[PromptDoc], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._ended = ended
        self._requeued = requeued
        self._store = store
        self._runtime = runtime
        self._writer = writer
        self._announcer = announcer
        self._volumes = volumes
        self._clock = clock

    async def settle(self, session: SessionDoc, ref: LaunchRef | None, seen: Observation | None) -> None:
        """Do all that remains to be done; safe to repeat.

        Prompts that no runner was given go first: what a trigger wanted said need not wait for a node that is away.
        """
        await self._ended(session)
        await self._close_prompts(session, queued_only=True)
        stored_to, whole = session.stored_to, True
        if ref is not None:
            # also fences a launch that was never started: nobody who acts late can start it after this
            await self._runtime.destroy(ref, force=True)
            stored_to, whole = await self._tail_or_without(session, ref)
        transcript = session.transcript
        if transcript is None:
            # before the evidence goes: after a crash behind the release nobody could tell any more
            complete = whole and await self._is_complete(session, stored_to, seen)
            transcript = await self._store.sessions.keep_transcript(
                session.id, Transcript(last_seq=stored_to, complete=complete)
            )
        await self._close_prompts(session)
        await self._close_permissions(session)
        fault_point("orch.end.settled")
        if ref is not None:
            await self._runtime.release(ref)
        await self._let_go_of_volume(session)
        settled = await self._store.sessions.mark_settled(
            session.id, transcript, keeps_workspace=keeps_workspace(session), deleted=session.deleted
        )
        if settled is None:
            return  # something came meanwhile, or another replica was faster: the next look tells
        await self._announcer.session(session.id, settled.version)
        await self._announcer.closed(session.id, stored_to)
        _log.info("session_settled", session_id=session.id, last_seq=stored_to, complete=transcript.complete)

    async def _let_go_of_volume(self, session: SessionDoc) -> None:
        """Leave the volume to whoever wants it next, or have it removed; only once nothing of the launch is left.

        A removal that does not work now is made good later: it holds no record back.
        """
        if session.volume_id is None:
            return
        volume = await self._store.volumes.let_go(
            session.volume_id, session.id, keep=keeps_workspace(session), at=self._clock.now()
        )
        fault_point("orch.volume.freed")
        if volume is not None and volume.deleting:
            await self._volumes.remove(volume.id)

    async def _is_complete(self, session: SessionDoc, stored_to: int, seen: Observation | None) -> bool:
        """Tell whether nothing that the runner said is missing; where nobody can know, that is not claimed."""
        if session.running_at is not None and seen is None:
            return False  # what ran is gone with all that it left
        if _left_unsaid(seen):
            return False
        last = max(_last_said(seen), await self._store.output.last_seq(session.id))
        return stored_to >= last

    async def _tail_or_without(self, session: SessionDoc, ref: LaunchRef) -> tuple[int, bool]:
        """Store the rest, and tell whether that worked; a rest that cannot be stored does not keep an end from coming."""
        try:
            return await self._store_tail(session, ref), True
        except StoreUnavailableError:
            raise
        except Exception:
            if session.attempts < _TAIL_TRIES:
                raise
            _log.exception("rest_of_output_given_up", session_id=session.id)
        left = await self._store.sessions.get(session.id)
        return (session.stored_to if left is None else left.stored_to), False

    async def _store_tail(self, session: SessionDoc, ref: LaunchRef) -> int:
        """Store what the runner wrote into its log and could not send any more."""
        stored_to = session.stored_to
        batch = []
        async for event in self._runtime.remaining_output(ref, after_seq=stored_to):
            batch.append(event)
            if len(batch) >= _TAIL_BATCH:
                stored_to = await self._writer.absorb(session.id, session.owner, batch)
                batch = []
        return await self._writer.absorb(session.id, session.owner, batch)

    async def _close_prompts(self, session: SessionDoc, *, queued_only: bool = False) -> None:
        for prompt in await self._store.prompts.settle(
            session.id, at=self._clock.now(), queued_only=queued_only
        ):
            await self._announcer.prompt(session.id, prompt.id, prompt.version)
            if prompt.dispatch_id is not None and prompt.state is PromptState.UNDELIVERED:
                await self._requeued(prompt)

    async def _close_permissions(self, session: SessionDoc) -> None:
        for permission in await self._store.permissions.close_for_session(session.id, at=self._clock.now()):
            await self._announcer.permission(session.id, permission.id, permission.version)


def keeps_workspace(session: SessionDoc) -> bool:
    """Tell whether the session's volume outlives its end: a deletion says so itself, else `pvc_retain` (S10)."""
    if session.volume_id is None:
        return False
    if not session.deleted:
        return True
    asked = session.delete_pvc
    if asked is None and session.stop_requested is not None:
        asked = session.stop_requested.delete_pvc
    return bool(session.config.get("pvc_retain")) if asked is None else not asked


def _left_unsaid(seen: Observation | None) -> bool:
    """Tell whether a runner died without a word, and what it had logged died with it."""
    record = None if seen is None else seen.exit
    return record is not None and not record.output_readable and record.last_word is None


def _last_said(seen: Observation | None) -> int:
    if seen is None or seen.exit is None or seen.exit.last_word is None:
        return 0
    return seen.exit.last_word.last_seq
