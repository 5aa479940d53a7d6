"""Answering a launch, and nobody else in its place.

The bus does not check the reply subject of a request. A hostile runner could register with another runner's
``s.{launch}.in.stored`` as reply subject, and the control plane, which may speak there, would deliver its answer to that
runner as an order. So an answer goes only into the inbox of the launch that asked.
"""

from __future__ import annotations

import structlog
from nats.aio.msg import Msg

from ccplant_contracts.subjects import inbox_prefix, launch_of

_log = structlog.get_logger(__name__)


def may_answer(subject: str, reply: str) -> bool:
    """Tell whether a request on a launch's subject wants its answer where that launch alone listens."""
    try:
        own = inbox_prefix(launch_of(subject))
    except ValueError:
        return False
    return reply.startswith(f"{own}.")


async def answer(message: Msg, body: bytes) -> bool:
    """Answer a launch's request; False (and logged) when the answer would go elsewhere.

    Raises:
        nats.errors.Error: the connection is closed.
    """
    if not may_answer(message.subject, message.reply):
        _log.warning("foreign_reply_refused", subject=message.subject, reply=message.reply)
        return False
    await message.respond(body)
    return True
