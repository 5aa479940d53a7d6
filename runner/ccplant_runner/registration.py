"""Registers the launch: asked again until it is answered, because the answer says whether this runner may go on at all.

A runner of a launch that is not the current one is refused and ends itself: that is the fence against two at once.
"""

from __future__ import annotations

import asyncio

from pydantic import ValidationError

from ccplant_contracts.launch import Registration, RegistrationAnswer
from ccplant_contracts.subjects import runner_out
from ccplant_runner.bus import BusLink
from ccplant_runner.log import RunnerLog

_ANSWER_SECONDS = 3.0
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)


class RefusedError(Exception):
    """The control plane does not want this runner."""


async def register(registration: Registration, bus: BusLink, log: RunnerLog) -> RegistrationAnswer:
    """Return the answer of an acceptance.

    Raises:
        RefusedError: this launch is not the current one.
    """
    subject = runner_out(registration.launch_id, "register")
    payload = registration.model_dump_json().encode()
    attempt = 0
    while True:
        try:
            answer = RegistrationAnswer.model_validate_json(
                await bus.request(subject, payload, _ANSWER_SECONDS)
            )
        except (TimeoutError, ValidationError) as error:
            if attempt % 10 == 0:
                log.warning("registration_not_answered", attempt=attempt, error=str(error)[:200])
            await asyncio.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
            attempt += 1
            continue
        if not answer.accepted:
            raise RefusedError(answer.refusal or "refused")
        return answer
