"""Answers to permission requests: expired by the server alone, sent until the runner says what became of them (C5)."""

from __future__ import annotations

import structlog

from ccplant_contracts.launch import PermissionDecision, Receipt
from ccplant_contracts.status import PermissionDelivery
from ccplant_orchestrator.requests import Runners
from ccplant_orchestrator.sessions.announce import Announcer
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store

_log = structlog.get_logger(__name__)


class PermissionDelivering:
    """Brings answers to runners."""

    def __init__(self, *, store: Store, runners: Runners, announcer: Announcer, clock: Clock) -> None:
        self._store = store
        self._runners = runners
        self._announcer = announcer
        self._clock = clock

    async def deliver(self, session_id: str) -> None:
        """Send every answer of a session that its runner has not acted on."""
        session = await self._store.sessions.get(session_id)
        if session is None or not session.open or session.launch is None:
            return
        for permission in await self._store.permissions.undelivered(session_id):
            answer = permission.answer
            if answer is None:
                continue
            decision = PermissionDecision(
                permission_id=permission.id, option_id=answer.option_id, kind=answer.kind
            )
            receipt = await self._runners.ask(session.launch.id, "permission", decision, Receipt)
            fault_point("orch.permission.sent")
            if receipt is None:
                return  # it does not hear; the others would each wait as long, and others' runners with them
            if not receipt.ok:
                _log.info("permission_not_applied", permission_id=permission.id, detail=receipt.detail)
                changed = await self._store.permissions.mark_delivery(
                    session_id, permission.id, PermissionDelivery.NOT_APPLIED
                )
                if changed is not None:
                    await self._announcer.permission(session_id, changed.id, changed.version)

    async def expire(self) -> frozenset[str]:
        """Reject what nobody answered in time; return the sessions whose runners have to hear it."""
        expired = await self._store.permissions.expire(self._clock.now())
        for permission in expired:
            _log.info("permission_expired", session_id=permission.session_id, permission_id=permission.id)
            await self._announcer.permission(permission.session_id, permission.id, permission.version)
        return frozenset(permission.session_id for permission in expired)
