"""A runner says that its agent can answer: the session is running from here on, and not before (S4).

Registering is idempotent. A runner that does not hear the answer asks again, and a runner of another launch than the
current one is refused and ends itself: the launch id is the fencing token.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from nats.aio.msg import Msg

from ccplant_contracts.launch import Registration, RegistrationAnswer
from ccplant_contracts.status import Reason, Status
from ccplant_orchestrator.launch_message import read_launch_message
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_platform.bus import replies
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)

_TRIES = 20


class Registrations:
    """Answers registrations."""

    def __init__(
        self,
        *,
        store: Store,
        announcer: Announcer,
        clock: Clock,
        registered: Callable[[str], None],
        ended: Callable[[str], None],
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._clock = clock
        self._registered = registered
        self._ended = ended

    async def arrived(self, message: Msg) -> None:
        """Handle one request; without an answer the runner asks again."""
        try:
            registration = read_launch_message(Registration, message)
        except ValueError as error:
            _log.warning("registration_refused", subject=message.subject, error=str(error)[:300])
            await _respond(
                message, RegistrationAnswer(accepted=False, refusal="the registration makes no sense")
            )
            return
        try:
            answer = await self.register(registration)
        except StoreUnavailableError as error:
            _log.warning("registration_postponed", session_id=registration.session_id, error=str(error))
            return
        if answer is None:
            _log.warning("registration_contended", session_id=registration.session_id)
            return
        await _respond(message, answer)
        if answer.accepted:
            self._registered(registration.session_id)

    async def register(self, registration: Registration) -> RegistrationAnswer | None:
        """Let the session run, or say why not; None: it changes too fast to tell, and the runner asks again."""
        for _ in range(_TRIES):
            session = await self._store.sessions.get(registration.session_id)
            refusal = why_refused(session, registration.launch_id)
            if session is None or refusal is not None:
                _log.info("runner_refused", session_id=registration.session_id, why=refusal)
                self._ended(registration.session_id)
                return RegistrationAnswer(accepted=False, refusal=refusal)
            if session.status is Status.RUNNING:
                if registration.conversation in (None, session.agent_session):
                    return await self._answer(session)
                await self._store.sessions.change(session, set={"agent_session": registration.conversation})
                continue
            now = self._clock.now()
            running = await self._store.sessions.transition(
                session,
                Reason.REGISTERED,
                now=now,
                set={
                    "deadline_at": deadline(session, now),
                    "agent": registration.agent.model_dump(),
                    "agent_state": "ready",
                    "agent_session": registration.conversation,
                    "step": "ready",
                    "diagnosis": None,
                    "attempts": 0,
                    "next_attempt_at": None,
                },
            )
            if running is not None:
                fault_point("orch.register.committed")
                _log.info("session_running", session_id=session.id, launch_id=registration.launch_id)
                await self._announcer.session(running.id, running.version)
                await self._announcer.deadlines_changed()
                await self._announcer.launch_place_free()
                return await self._answer(running)
        return None

    async def _answer(self, session: SessionDoc) -> RegistrationAnswer:
        last = await self._store.output.last_seq(session.id)
        left = None
        if session.deadline_at is not None:
            left = max(0.0, (session.deadline_at - self._clock.now()).total_seconds())
        return RegistrationAnswer(
            accepted=True, next_seq=last + 1, stored_to=session.stored_to, seconds_left=left
        )


async def _respond(message: Msg, answer: RegistrationAnswer) -> None:
    await replies.answer(message, answer.model_dump_json().encode())


def why_refused(session: SessionDoc | None, launch_id: str) -> str | None:
    """Return why a launch's runner may not serve this session, None where it may; pure."""
    if session is None:
        return "no such session"
    if session.status.final:
        return f"the session is {session.status.value}"
    if session.launch is None or session.launch.id != launch_id:
        return "another launch serves this session"
    if session.stop_requested is not None and session.status is Status.PENDING:
        return "the session is to end"
    return None


def deadline(session: SessionDoc, now: datetime) -> datetime | None:
    """Return when a session that begins to run now reaches its time limit (S7); pure."""
    minutes = int(session.config.get("timeout_minutes", 60))
    return now + timedelta(minutes=minutes) if minutes > 0 else None
