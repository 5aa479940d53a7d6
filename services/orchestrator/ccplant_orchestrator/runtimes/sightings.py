"""What the runtime showed last of each launch, for what is only told and never acted upon.

A heartbeat of each session every ten seconds must not become a request to the runtime each: with two thousand sessions
that alone is two hundred a second. Whoever follows the runtime notes what passes; what has not passed yet is read.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import structlog

from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation, Runtime, RuntimeFailedError

_log = structlog.get_logger(__name__)

_MOST = 10_000
"""Launches that are remembered; of more, those not seen for the longest time are read again."""


class Sightings:
    """The state of Pods as it was seen last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def note(self, observation: Observation) -> None:
        """Remember what was seen, and forget what has ended."""
        launch_id = observation.ref.launch_id
        if observation.phase == "exited":
            self._seen.pop(launch_id, None)
            return
        self._seen[launch_id] = observation.pod_status.model_dump(mode="json")
        self._seen.move_to_end(launch_id)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    async def pod_status(self, ref: LaunchRef) -> dict[str, Any] | None:
        """Return the state of a launch's Pod, None where it cannot be told now."""
        noted = self._seen.get(ref.launch_id)
        if noted is not None:
            return noted
        try:
            observation = await self._runtime.get(ref)
        except RuntimeFailedError as error:
            _log.info("pod_status_unknown", session_id=ref.session_id, error=str(error))
            return None
        if observation is None:
            return None
        self.note(observation)
        return observation.pod_status.model_dump(mode="json")
