"""Asking a runner: one bounded request, and an answer or the plain fact that there was none.

A runner that does not answer is not an error here. The document keeps the intent, and the resync asks again.
"""

from __future__ import annotations

from typing import TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from pydantic import ValidationError

from ccplant_contracts import subjects
from ccplant_contracts.base import Message

_log = structlog.get_logger(__name__)

Answer = TypeVar("Answer", bound=Message)


class Runners:
    """The control plane's side of the conversation with runners."""

    def __init__(self, bus: Client, *, timeout_seconds: float = 5.0) -> None:
        self._bus = bus
        self._timeout = timeout_seconds

    async def ask(
        self,
        launch_id: str,
        kind: subjects.InKind,
        message: Message,
        answer: type[Answer],
        *,
        timeout: float | None = None,
    ) -> Answer | None:
        """Send a request to a launch's runner; None where no answer came in time or it made no sense."""
        subject = subjects.runner_in(launch_id, kind)
        payload = message.model_dump_json(exclude_none=True).encode()
        try:
            reply = await self._bus.request(subject, payload, timeout=timeout or self._timeout)
            return answer.model_validate_json(reply.data)
        except (NatsError, TimeoutError) as error:
            _log.info("runner_did_not_answer", subject=subject, error=type(error).__name__)
        except ValidationError as error:
            _log.warning("runner_answer_refused", subject=subject, error=str(error)[:300])
        return None
