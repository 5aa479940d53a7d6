"""Burying messages of the output stream that make no sense, without holding up the ones that do."""

from __future__ import annotations

import asyncio

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from ccplant_platform.bus.dead_letters import bury

_log = structlog.get_logger(__name__)


class DeadLetters:
    """Moves messages to the dead letters; each stays on its stream until that has worked."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js
        self._tasks: set[asyncio.Task[None]] = set()

    def bury(self, message: Msg, error: Exception) -> None:
        """Move one message, in a task of its own."""
        task = asyncio.create_task(self._bury(message, str(error)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bury(self, message: Msg, reason: str) -> None:
        _log.warning("dead_letter", subject=message.subject, reason=reason[:500])
        try:
            await bury(self._js, message, reason)
            await message.term()
        except (NatsError, TimeoutError) as failure:
            _log.warning("dead_letter_not_kept", subject=message.subject, error=str(failure))
