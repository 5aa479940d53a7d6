"""Reading what a launch's runner sent: the subject says who it is, so the body must say the same.

The bus lets a runner publish on its own launch's subjects alone. A body that names another launch is a runner that
tries to speak for one, and is refused like any message that makes no sense.
"""

from __future__ import annotations

from typing import TypeVar

from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.base import Message

Body = TypeVar("Body", bound=Message)


def read_launch_message(body: type[Body], message: Msg) -> Body:
    """Parse a message and check that it speaks for the launch whose subject it came on.

    Raises:
        ValueError: it makes no sense (pydantic's ValidationError is one).
    """
    parsed = body.model_validate_json(message.data)
    if getattr(parsed, "launch_id", None) != subjects.launch_of(message.subject):
        raise ValueError("the message names another launch than its subject")
    return parsed
