"""Says on request that an orchestrator is there, and how its runtime is doing.

The gateway's ``/health`` asks here; any replica may answer. Reading a session's log goes the same way, because only
the orchestrator can reach the runtime.
"""

from __future__ import annotations

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.control import CONTROL_LOGS, LogsAnswer, LogsRequest, OrchestratorHealth, RuntimeHealth
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Runtime, RuntimeFailedError
from ccplant_orchestrator.sessions.launching import launch_ref
from ccplant_store import Store
from ccplant_store.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)

_NOBODY = LaunchRef("session-nobody", "l-nobody", 1, "session-nobody")
"""A launch that there never is: a place that can say so works, and thousands of Pods need not be listed for it."""


class Desk:
    """Answers the gateways' questions."""

    def __init__(self, *, store: Store, runtime: Runtime, version: str, launches_held: bool) -> None:
        self._store = store
        self._runtime = runtime
        self._version = version
        self._launches_held = launches_held

    async def open(self, bus: Client, queue: str) -> None:
        """Start to answer, together with the other replicas."""
        await bus.subscribe(subjects.HEALTH_ORCHESTRATOR, queue=queue, cb=self._health)
        await bus.subscribe(CONTROL_LOGS, queue=queue, cb=self._logs)

    async def _health(self, message: Msg) -> None:
        try:
            await self._runtime.get(_NOBODY)
            runtime = RuntimeHealth(kind=self._runtime.kind, status="ok")
        except RuntimeFailedError as error:
            runtime = RuntimeHealth(kind=self._runtime.kind, status="degraded", detail=str(error)[:300])
        answer = OrchestratorHealth(
            status="ok" if runtime.status == "ok" else "degraded",
            version=self._version,
            runtime=runtime,
        )
        await message.respond(answer.model_dump_json().encode())

    async def _logs(self, message: Msg) -> None:
        try:
            answer = await self._read_log(LogsRequest.model_validate_json(message.data))
        except (ValueError, RuntimeFailedError, StoreUnavailableError) as error:
            _log.warning("logs_not_read", error=str(error)[:300])
            answer = LogsAnswer(available=False, detail="the log cannot be read now")
        await message.respond(answer.model_dump_json().encode())

    async def _read_log(self, request: LogsRequest) -> LogsAnswer:
        session = await self._store.sessions.get(request.session_id)
        if session is None or session.launch is None:
            return LogsAnswer(available=False, detail="the session has not been launched")
        lines = await self._runtime.log_tail(launch_ref(session, session.launch), request.tail)
        return LogsAnswer(available=True, lines=lines)
