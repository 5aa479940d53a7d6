"""Renews launches' work credentials, for as long as a launch is the current one of its session.

That is why nothing on the bus is ever revoked: what a launch holds ends within the hour, and the next one is given only
where the session's document still names this launch. Every replica can answer. One that cannot read the document says
nothing: a refusal ends the runner, so it must be the truth.
"""

from __future__ import annotations

from typing import Protocol

import structlog
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.launch import RenewalAnswer, RenewalRequest
from ccplant_orchestrator.launch_message import read_launch_message
from ccplant_orchestrator.sessions.keyed import KeyedWorker
from ccplant_platform.bus import replies
from ccplant_platform.bus.credentials import Renewed
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.sessions.model import SessionDoc

_log = structlog.get_logger(__name__)


class RenewalIssuer(Protocol):
    """Signs the next work credential of a launch."""

    def renew(self, launch_id: str, public_key: str) -> Renewed: ...


class Renewals:
    """Answers requests for renewal, those of different launches side by side."""

    def __init__(self, *, store: Store, issuer: RenewalIssuer) -> None:
        self._store = store
        self._issuer = issuer
        self._worker = KeyedWorker("renewal", self._renew)
        self._asked: dict[str, Msg] = {}
        """The last request of each launch that waits: of those before nobody hears an answer any more."""

    async def arrived(self, message: Msg) -> None:
        """Take a request aside: one that hangs must not hold up the others."""
        launch_id = subjects.launch_of(message.subject)
        self._asked[launch_id] = message
        self._worker.poke(launch_id)

    async def close(self) -> None:
        """Take no more."""
        await self._worker.close()

    async def _renew(self, launch_id: str) -> None:
        message = self._asked.pop(launch_id, None)
        if message is None:
            return
        try:
            request = read_launch_message(RenewalRequest, message)
            fault_point("renewal.asked")
            session = await self._store.sessions.get(request.session_id)
            answer = self.decide(session, request)
        except ValueError as error:
            # no refusal, which would end the runner: whoever it is can ask in a way that makes sense
            _log.warning("renewal_makes_no_sense", launch_id=launch_id, error=str(error)[:300])
            return
        if not answer.granted:
            _log.info("renewal_refused", session_id=request.session_id, why=answer.refusal)
        fault_point("renewal.signed")
        await replies.answer(message, answer.model_dump_json().encode())

    def decide(self, session: SessionDoc | None, request: RenewalRequest) -> RenewalAnswer:
        """Return what to answer where this is the session's document.

        Raises:
            ValueError: the key is not one.
        """
        refusal = why_not_renewed(session, request.launch_id)
        if refusal is not None:
            return RenewalAnswer(granted=False, refusal=refusal)
        renewed = self._issuer.renew(request.launch_id, request.public_key)
        return RenewalAnswer(granted=True, jwt=renewed.jwt, seconds_to_live=renewed.seconds_to_live)


def why_not_renewed(session: SessionDoc | None, launch_id: str) -> str | None:
    """Return why a launch gets no more credentials, None where it does; pure.

    A session that is asked to end still has output to send, so it is served until it has ended.
    """
    if session is None:
        return "no such session"
    if session.launch is None or session.launch.id != launch_id:
        return "another launch serves this session"
    if session.status.final:
        return f"the session is {session.status.value}"
    return None
