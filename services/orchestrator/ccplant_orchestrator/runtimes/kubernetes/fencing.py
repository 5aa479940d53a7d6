"""The fence: an empty Secret in the place of a launch's own, so that the launch can never start (again).

An orchestrator may be frozen in the middle of a launch and go on after the launch was ended. Nothing that was read
before can stop it; but its Secret meets the fence and it gives up, and a Pod that it makes finds no specification to
mount, so no container of it ever starts. The fence outlives the Pod: it has no owner, and the sweep removes it when
it is old.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from ccplant_orchestrator.runtimes.kubernetes import manifests, names
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef, RuntimeFailedError
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point

_log = structlog.get_logger(__name__)

_TRIES = 5


class Fencing:
    """Builds and removes fences."""

    def __init__(self, api: Api, options: KubernetesOptions, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._clock = clock

    async def fence(self, ref: LaunchRef) -> None:
        """Return when the launch's Secret is empty, and will stay so."""
        for _ in range(_TRIES):
            try:
                if await self._fenced(ref):
                    return
            except ApiError as error:
                # it came, went or changed between two calls: look again
                if not (error.already_exists or error.conflict or error.not_found or error.status == 422):
                    raise
        raise RuntimeFailedError(f"the Secret {ref.pod_name} changes all the time")

    async def _fenced(self, ref: LaunchRef) -> bool:
        found = await self._api.read(Kind.SECRET, ref.pod_name)
        if found is None:
            await self._api.create(Kind.SECRET, manifests.fence(self._options, ref, self._clock.now()))
        elif not names.belongs_to(self._options, found, ref):
            # what has the name keeps this launch from starting just as well, and is not ours to touch
            _log.warning("fence_is_another_object", session_id=ref.session_id, launch_id=ref.launch_id)
            return True
        elif is_fence(found) and not found["metadata"].get("ownerReferences"):
            return True
        else:
            change = manifests.fencing(names.uid_of(found), self._clock.now())
            await self._api.merge(Kind.SECRET, ref.pod_name, change)
        fault_point("kube.secret.fenced")
        return True

    async def remove(self, secret: Json) -> None:
        """Remove a fence that nobody needs any more."""
        try:
            await self._api.delete(Kind.SECRET, str(secret["metadata"]["name"]), uid=names.uid_of(secret))
        except ApiError as error:
            if not error.not_found and not error.conflict:
                raise


def is_fence(secret: Json) -> bool:
    """Tell whether a Secret (or its metadata) is a fence."""
    return names.annotations_of(secret).get(names.FENCED) == "true"


def fenced_at(secret: Json) -> datetime | None:
    """Return since when."""
    text = names.annotations_of(secret).get(names.FENCED_AT)
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
